// The operator's console: signs in, and shows the view that the URL names.

import { at, busy, explain } from "./ask.js";
import { audit } from "./audit_view.js";
import { clients } from "./clients_view.js";
import { deposit } from "./deposit_view.js";
import { note } from "./dom.js";
import { overview } from "./overview_view.js";
import { go, here } from "./router.js";
import { search } from "./search_view.js";
import { forget, signIn, token } from "./session.js";
import { status } from "./status_view.js";
import { user } from "./user_view.js";
import { View } from "./view.js";

const VIEWS = { "": overview, search, users: user, deposits: deposit, audit, clients, status };
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
  const { parts: [name = "", ...rest], query } = here();
  for (const entry of document.querySelectorAll("[data-entry]")) {
    if (entry.dataset.entry === ENTRY_OF[name]) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
  const view = new View(at("outlet"), { leave: signOut, refresh });
  const open = Object.hasOwn(VIEWS, name) ? VIEWS[name] : notFound;
  open(view, rest, query);
  if (focus) view.heading.focus();
}

function notFound(view) {
  view.title("Not found");
  view.add(note("This view does not exist. Choose one in the navigation, or search."));
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
addEventListener("hashchange", () => {
  scrollTo(0, 0);
  show();
});
show({ focus: false });
