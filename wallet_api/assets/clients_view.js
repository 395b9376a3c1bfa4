// API clients: a list, creation and revocation.

import { card, h, link, pill, quiet, table } from "./dom.js";
import { time } from "./format.js";
import { copyable, short } from "./ids.js";
import { revokeButton } from "./revoke.js";
import { to } from "./router.js";
import { get, isOwn } from "./session.js";

export function clients(view, _, { cursor }) {
  view.title("API clients");
  const { element, body } = card("Clients", { id: "clients", wide: true, more: link(to(["clients", "new"]), "Create a client") });
  view.add(element);
  const load = () => view.load(body, "clients:read", async () => {
    const { data, next_cursor: next } = await get("clients", { limit: 100, cursor });
    const columns = ["Client", "Scopes", "Limits", "Use", "Actions"];
    return [data.length ? table("API clients", columns, data.map((one) => row(view, one, load))) : quiet("None yet."),
      h("p", { class: "actions pages" }, cursor && link("#/clients", "First clients"), next && link(to(["clients"], { cursor: next }), "More clients"))];
  });
  load();
}

function row(view, client, load) {
  const { name, scopes, unrestricted, policyId, allowedNetworks, createdAt, expiresAt, lastUsedAt } = client;
  const active = !client.revokedAt && !client.expired;
  return [
    h("div", {}, h("strong", {}, name), " ", state(client), isOwn(client) && [" ", pill("plain", "You")],
      h("div", { class: "quiet" }, client.revokedAt ? ["revoked ", time(client.revokedAt)] : ["since ", time(createdAt)])),
    h("div", { class: "scopes" }, scopes.map((scope) => h("code", {}, scope)),
      unrestricted && pill("bad", "unrestricted")),
    h("div", {},
      policyId && h("div", {}, "policy ", copyable(policyId, "policy id", short(policyId))),
      h("div", {}, allowedNetworks ? h("code", {}, allowedNetworks.join(", ")) : "any network")),
    h("div", {},
      h("div", {}, lastUsedAt ? ["last ", time(lastUsedAt)] : "never used"),
      h("div", { class: "quiet" }, expiresAt ? ["expires ", time(expiresAt)] : "does not expire")),
    h("div", { class: "actions" }, link(to(["audit"], { actor: `client:${name}` }), "Audit log"),
      active && revokeButton(view, name, load)),
  ];
}

function state({ revokedAt, expired }) {
  if (revokedAt) return pill("plain", "Revoked");
  return expired ? pill("warn", "Expired") : pill("good", "Active");
}
