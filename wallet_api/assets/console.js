// The operator's console: signs in, and shows the view that the URL names.

import { at, busy, explain } from "./ask.js";
import { audit } from "./audit_view.js";
import { newClient } from "./client_form.js";
import { clients } from "./clients_view.js";
import { deposit } from "./deposit_view.js";
import { overview } from "./overview_view.js";
import { followLinksToHere, go, here } from "./router.js";
import { search } from "./search_view.js";
import { forget, signIn, token } from "./session.js";
import { status } from "./status_view.js";
import { user, userDeposits } from "./user_view.js";
import { View } from "./view.js";

// A colon stands for an id.
const VIEWS = {
  "": overview, search, audit, status, clients, "clients/new": newClient,
  "users/:": user, "users/:/deposits": userDeposits, "deposits/:": deposit,
};
// A user, a deposit and a search belong to no entry of the navigation.
const ENTRY_OF = { "": "overview", audit: "audit", clients: "clients", status: "status" };

function show({ focus = true } = {}) {
  const signedIn = token() !== null;
  at("sign-in").hidden = signedIn;
  at("console").hidden = at("sign-out").hidden = at("search").hidden = !signedIn;
  if (!signedIn) {
    document.title = "Console · wallet-api";
    at("outlet").replaceChildren();
    at("token").focus();
    return;
  }
  const { parts, query } = here();
  for (const entry of document.querySelectorAll("[data-entry]")) {
    if (entry.dataset.entry === ENTRY_OF[parts[0] ?? ""]) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
  const view = new View(at("outlet"), { leave: signOut, refresh });
  viewOf(parts)(view, parts.slice(1), query);
  if (focus) view.heading.focus();
}

function viewOf(parts) {
  const matches = (pattern) => pattern.length === parts.length && pattern.every((part, place) => [":", parts[place]].includes(part));
  const [, open] = Object.entries(VIEWS).find(([path]) => matches(path.split("/").filter(Boolean))) ?? [];
  return open ?? ((view) => view.notFound("This view does not exist. Choose one in the navigation, or search."));
}

function refresh() {
  show({ focus: false });
  View.current.refreshButton.focus();
}

// Forget the token. With a refusal, say why.
function signOut(refusal = null) {
  forget();
  at("asked").value = "";
  at("error").replaceChildren();
  show();
  if (refusal) explain(refusal, at("error"));
}

function submits(form, work) {
  at(form).addEventListener("submit", (event) => {
    event.preventDefault();
    work();
  });
}

submits("sign-in", () => {
  at("error").replaceChildren();
  busy(at("sign-in").querySelector("button"), async () => {
    await signIn(at("token").value.trim());
    at("token").value = "";
    show({ focus: false });
    at("asked").focus();
  }, (refusal) => explain(refusal, at("error")));
});
submits("search", () => {
  const asked = at("asked").value.trim();
  if (asked) go(["search"], { q: asked });
});
at("sign-out").addEventListener("click", () => signOut());
followLinksToHere();
addEventListener("hashchange", () => {
  scrollTo(0, 0);
  show();
});
show({ focus: false });
