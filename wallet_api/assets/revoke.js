// Revocation of an API client.

import { Refusal, at, busy, explain } from "./ask.js";
import { h, note } from "./dom.js";
import { ownName, post } from "./session.js";
import { View } from "./view.js";

// A button that asks before it revokes, because a revocation cannot be undone. Then it calls `done`.
export function revokeButton(view, name, done) {
  return h("button", { type: "button", class: "danger", "aria-label": `Revoke ${name}`,
    onclick: (event) => confirm(view, event.currentTarget, name, done) }, "Revoke");
}

async function confirm(view, button, name, done) {
  const own = await ownName();
  if (!view.root.isConnected || view.root.querySelector("dialog")) return;
  const error = h("div", { class: "error", role: "alert" });
  const close = () => dialog.close();
  const revoke = async () => {
    const ifUnknown = `It is not known whether ${name} is revoked. Revoke it again: a second revocation changes nothing.`;
    await post(`clients/${encodeURIComponent(name)}/revoke`, { ifUnknown });
    close();
    if (own === name) {
      view.leave(new Refusal({ error: `${name} is revoked. Its token was yours, and you are signed out.` }));
      return;
    }
    button.remove();
    view.heading.focus();
    at("said").textContent = `${name} is revoked.`;
    done();
  };
  // The dialog may be closed meanwhile, or its view left: a failure is shown all the same.
  const failed = (refusal) => {
    if (dialog.isConnected && dialog.open && refusal.code !== "unauthenticated") {
      explain(refusal, error);
      return;
    }
    close();
    View.current.fail(refusal);
  };
  const dialog = h("dialog", { "aria-labelledby": "revoke-title", onclose: () => { dialog.remove(); button.focus(); } },
    h("h2", { id: "revoke-title" }, `Revoke ${name}?`),
    h("p", {}, "Every process refuses its token immediately. This cannot be undone: create a new client instead."),
    own === name && note(h("strong", {}, "You are signed in with this client."), " The console signs you out."),
    own === null && note("If you are signed in with this client, your next request signs you out."),
    error,
    h("div", { class: "actions" },
      h("button", { type: "button", class: "danger primary", onclick: (event) => busy(event.currentTarget, revoke, failed) }, "Revoke"),
      h("button", { type: "button", onclick: close }, "Cancel")));
  // In the view, so that it disappears with it: by Back, or at the end of the session.
  view.root.append(dialog);
  dialog.showModal();
}
