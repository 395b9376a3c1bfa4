// Revocation of an API client.

import { busy, explain } from "./ask.js";
import { h } from "./dom.js";
import { post } from "./session.js";

// A button that asks before it revokes, because a revocation cannot be undone. Then it calls `done`.
export function revokeButton(name, done) {
  return h("button", { type: "button", class: "danger", "aria-label": `Revoke ${name}`, onclick: (event) => confirm(event.currentTarget, name, done) }, "Revoke");
}

function confirm(button, name, done) {
  const error = h("div", { class: "error", role: "alert" });
  const close = () => dialog.close();
  const revoke = async () => {
    await post(`clients/${encodeURIComponent(name)}/revoke`);
    close();
    done();
  };
  const dialog = h("dialog", { "aria-labelledby": "revoke-title", onclose: () => { dialog.remove(); button.focus(); } },
    h("h2", { id: "revoke-title" }, `Revoke ${name}?`),
    h("p", {}, "Every process refuses its token immediately. This cannot be undone: create a new client instead."),
    error,
    h("div", { class: "actions" },
      h("button", { type: "button", class: "danger primary", onclick: (event) => busy(event.currentTarget, revoke, (refusal) => explain(refusal, error)) }, "Revoke"),
      h("button", { type: "button", onclick: close }, "Cancel")));
  document.body.append(dialog);
  dialog.showModal();
}
