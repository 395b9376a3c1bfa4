// Creation of an API client. Its token is shown once, and not stored.

import { Refusal, at, busy, explain, named, now } from "./ask.js";
import { card, h, link, note } from "./dom.js";
import { copyable } from "./ids.js";
import { SCOPES } from "./labels.js";
import { to } from "./router.js";
import { get, post } from "./session.js";
import { View } from "./view.js";

// The largest page of policies.
const LISTED = 100;
// No request grants it (wallet_api/auth/client_grants.py).
const NOT_GRANTED = "clients:write";
const DAY_MS = 86_400_000;
const FIELDS = { name: "Name", scopes: "Scopes", expiresAt: "Expires", allowedNetworks: "Allowed networks", policyId: "Policy", unrestricted: "Unrestricted" };
const EXPIRIES = { "1 day": 1, "7 days": 7, "30 days": 30, "90 days": 90, "1 year": 365, "as your token does": 0 };

export function newClient(view) {
  view.title("Create an API client");
  const policy = h("select", { id: "client-policy", name: "policyId" }, h("option", { value: "" }, "The policy of your token, if any"));
  const error = h("div", { class: "error", role: "alert" });
  const { element, body } = card("New client", { id: "new-client", more: link("#/clients", "All clients") });
  const submit = (event) => {
    event.preventDefault();
    error.replaceChildren();
    const button = event.target.querySelector("button.primary");
    const asked = read(event.target);
    const ifUnknown = `It is not known whether ${asked.name} was created. If it was, nobody has its token: `
      + "look for it in the list of all clients, revoke it, and create one with another name.";
    const create = async () => {
      const made = await post("clients", { body: asked, ifUnknown });
      if (!body.isConnected) {
        throw new Refusal({
          error: `${asked.name} was created after its view was left, so that its token was not shown.`,
          detail: "Revoke it in the list of clients, and create one with another name.",
        });
      }
      body.replaceChildren(...created(made));
      view.heading.focus();
      at("said").textContent = `${made.name} is created. Its token is shown only once: copy it now.`;
    };
    const failed = (refusal) => {
      if (body.isConnected && refusal.code !== "unauthenticated") explain(named(refusal, FIELDS), error);
      else View.current.fail(refusal);
    };
    busy(button, create, failed);
  };
  body.append(h("form", { onsubmit: submit, "aria-label": "New client" },
    field("client-name", "Name", h("input", { id: "client-name", name: "name", required: true, autocomplete: "off", spellcheck: "false", placeholder: "engine" })),
    h("fieldset", {}, h("legend", {}, "Scopes"), Object.entries(SCOPES).filter(([scope]) => scope !== NOT_GRANTED).map(([scope, meaning]) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "scopes", value: scope }),
        h("span", {}, h("code", {}, scope), h("span", { class: "quiet" }, ` ${meaning}`)))),
      h("p", { class: "quiet" }, "Only ", h("code", {}, "wallet-api clients create"), " grants ", h("code", {}, NOT_GRANTED), ".")),
    field("client-expiry", "Expires", h("select", { id: "client-expiry", name: "expiry" },
      Object.entries(EXPIRIES).map(([label, days]) => h("option", { value: days, selected: days === 0 }, label)))),
    field("client-networks", "Allowed networks (separated by commas; empty: the same networks as your token)",
      h("input", { id: "client-networks", name: "networks", autocomplete: "off", spellcheck: "false", placeholder: "203.0.113.0/24" })),
    field("client-policy", "Policy", policy),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "unrestricted" }),
      h("span", {}, h("strong", {}, "Unrestricted"), h("span", { class: "quiet" }, " signs anything with every wallet to which no policy applies"))),
    error,
    h("button", { class: "primary" }, "Create")));
  view.add(element);
  // Without policies:read, the client can get its policy by the command.
  get("policies", { limit: LISTED }).then(({ data, has_more: more }) => policy.append(
    ...data.map(({ id, name }) => h("option", { value: id }, `${name} (${id})`)),
    more ? h("option", { disabled: true }, `Only ${LISTED} policies are listed. Assign another with wallet-api policies set.`) : ""), () => null);
}

const field = (id, label, input) => h("p", { class: "field" }, h("label", { for: id }, label), input);

function read(form) {
  const given = new FormData(form);
  const days = Number(given.get("expiry"));
  const networks = given.get("networks").split(",").map((text) => text.trim()).filter(Boolean);
  return {
    name: given.get("name").trim(),
    scopes: given.getAll("scopes"),
    ...(given.has("unrestricted") && { unrestricted: true }),
    ...(given.get("policyId") && { policyId: given.get("policyId") }),
    ...(days && { expiresAt: new Date(now().getTime() + days * DAY_MS).toISOString() }),
    ...(networks.length && { allowedNetworks: networks }),
  };
}

function created({ name, token }) {
  return [
    note(h("strong", {}, `The token of ${name}`), " is shown only once. Copy it to where the client reads it."),
    h("p", { id: "new-token", class: "secret" }, copyable(token, "token")),
    h("p", { class: "actions" }, link("#/clients", "All clients"), link(to(["clients", "new"]), "Create another one")),
  ];
}
