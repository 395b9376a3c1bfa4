// Addresses, ids and hashes: each with a button that copies it, and addresses with a link to the
// block explorer. Every view uses this module to show one.

import { h, s } from "./dom.js";

const COPIED_MS = 2000;
// In a text: an address, a hash or longer data, a UUID, and an id of a request.
const IDENTIFIER = /\b(?:0x[0-9a-f]{40,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})\b/gi;
const ADDRESS = /^0x[0-9a-f]{40}$/i;
const HASH = /^0x[0-9a-f]{64}$/i;

// Whether the service made a request id, which then contains its time (UUID version 7, of the years
// 2026 to 2125). Another id is searched for only with a user or a range.
export const hasTime = (id) => /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/.test(id)
  && id >= "019b76daa8" && id < "047a33a878";

export const short = (text) => (text.length > 16 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text);

const icon = (...paths) => s("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
  paths.map((d) => s("path", { d })));

const COPY = ["M5.5 5.5h8v8h-8z", "M10.5 3v-.5h-8v8H3"];
const OPEN = ["M6 3H3v10h10v-3", "M9 3h4v4", "M13 3 7.5 8.5"];

// A button that copies a text. Only a page of this machine or over HTTPS may copy.
export function copyButton(text, what) {
  if (!navigator.clipboard) return null;
  const copy = async () => {
    const said = document.getElementById("said");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      said.textContent = `The browser refused to copy the ${what}.`;
      return;
    }
    said.textContent = `The ${what} is copied.`;
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), COPIED_MS);
  };
  const button = h("button", { type: "button", class: "icon", "aria-label": `Copy the ${what}`, onclick: copy }, icon(...COPY));
  return button;
}

// A text with a button that copies it, and perhaps more buttons. `shown` may be shorter, or a link.
export const copyable = (text, what, shown = text, ...more) => h("span", { class: "copyable" },
  h("code", { title: shown === text ? null : text }, shown), h("span", { class: "icons" }, copyButton(text, what), more));

export const outside = (href, label) =>
  h("a", { class: "icon", href, target: "_blank", rel: "noreferrer", "aria-label": label }, icon(...OPEN));

// An address with its page of the block explorer, which is null if the network is not known.
export const address = (text, explorer, shown = text) => copyable(text, "address", shown,
  explorer && outside(`${explorer}/address/${text}`, "Show the address in the block explorer"));

// The parts of a text, whose addresses, ids and hashes can be copied. `shown` may shorten them.
export function marked(text, explorer, shown = short) {
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(IDENTIFIER)) {
    const what = HASH.test(found) ? "hash" : found.startsWith("0x") ? "data" : "id";
    parts.push(text.slice(end, index),
      ADDRESS.test(found) ? address(found, explorer, shown(found)) : copyable(found, what, shown(found)));
    end = index + found.length;
  }
  return [...parts, text.slice(end)];
}
