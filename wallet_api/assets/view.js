// The frame of a view: its title, the time of its data, and the errors of its parts.

import { Refusal, answeredAt, explain } from "./ask.js";
import { h, note, quiet } from "./dom.js";
import { time } from "./format.js";
import { localTimeButton } from "./local_times.js";

// What the search takes.
export const SEARCHED = "Search for an FID (1464243), a wallet (fid_1464243_ethereum), an address or its beginning "
  + "(0x24e0), a deposit id, a request id, or an actor (client:engine).";

export class View {
  // The view on the screen.
  static current = null;
  #faults = new Set();

  // `leave` is called with the refusal if the token is not valid any more.
  constructor(outlet, { leave, refresh }) {
    this.heading = h("h1", { tabindex: "-1" });
    this.tools = h("span");
    this.asOf = h("p", { class: "quiet as-of" });
    this.refreshButton = h("button", { type: "button", onclick: refresh }, "Refresh");
    this.buttons = h("div", { class: "actions", hidden: true }, localTimeButton(), this.refreshButton);
    this.faults = h("div", { class: "faults" });
    this.body = h("div", { class: "view" });
    this.root = h("div", {},
      h("div", { class: "view-head" }, h("div", { class: "title" }, this.heading, this.tools), h("div", { class: "actions" }, this.asOf, this.buttons)),
      this.faults, this.body);
    this.leave = leave;
    outlet.replaceChildren(this.root);
    View.current = this;
  }

  // `tools` are next to the heading, so that they are not part of its name.
  title(text, ...tools) {
    this.heading.textContent = text;
    this.tools.replaceChildren(...tools.filter(Boolean));
    document.title = `${text} · Console · wallet-api`;
  }

  add(...elements) {
    this.body.append(...elements);
  }

  // Say why there is nothing at this URL, and what can be searched for.
  notFound(...sentences) {
    this.title("Not found");
    this.add(h("div", { class: "wide card-body" }, note(...sentences), quiet(SEARCHED)));
  }

  // Fill one part with the elements that `work` returns, or with the reason why it has none.
  async load(place, scope, work) {
    place.replaceChildren(quiet("Loading …"));
    place.setAttribute("aria-busy", "true");
    this.buttons.hidden = false;
    try {
      place.replaceChildren(...await work());
    } catch (error) {
      place.replaceChildren(this.refused(error, scope));
      if (!(error instanceof Refusal)) throw error;
    } finally {
      place.removeAttribute("aria-busy");
    }
    if (this.root.isConnected && answeredAt) this.asOf.replaceChildren("As of ", time(answeredAt.toISOString()));
  }

  // Return the replacement of a part that cannot be shown.
  refused(refusal, scope) {
    if (!(refusal instanceof Refusal)) return h("div", { class: "error", role: "alert" }, h("p", {}, "This part could not be shown."));
    if (refusal.code === "insufficient_scope") return note(`Not shown: this token lacks the scope ${scope}.`);
    if (refusal.code === "unauthenticated" || concernsAll(refusal)) {
      this.fail(refusal);
      return quiet("Not loaded.");
    }
    const alert = h("div", { class: "error", role: "alert" });
    explain(refusal, alert);
    return alert;
  }

  // Show an error above all parts, once for all of them.
  fail(refusal) {
    if (!this.root.isConnected) return;
    if (refusal.code === "unauthenticated") this.leave(refusal);
    else if (!this.#faults.has(refusal.message)) {
      this.#faults.add(refusal.message);
      const alert = h("div", { class: "error", role: "alert" });
      this.faults.append(alert);
      explain(refusal, alert);
    }
  }
}

// Whether other requests fail for the same reason. One damaged key fails only those of its user.
function concernsAll({ status, code }) {
  return (status === 0 || status === 429 || status >= 500) && code !== "key_unreadable";
}
