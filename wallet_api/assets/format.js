// How the console writes times, numbers, amounts, addresses and ids.

import { h, link, s } from "./dom.js";

const LOCALE = "en-US";
const COPIED_MS = 2000;

export const number = (count) => count.toLocaleString(LOCALE);

// A decimal string with separators: "1234.5" is "1,234.5".
export function decimal(text) {
  const [whole, fraction] = text.split(".");
  return BigInt(whole).toLocaleString(LOCALE) + (fraction ? `.${fraction}` : "");
}

// An amount of the smallest unit in whole assets, exactly. Without decimals, it stays as it is.
export function amount(units, decimals) {
  if (decimals === null) return `${decimal(units)} units`;
  const digits = units.padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  return decimal(`${digits.slice(0, cut)}.${digits.slice(cut)}`.replace(/\.?0+$/, ""));
}

export const utc = (date) => date.toISOString().slice(0, 19).replace("T", " ");

// A time in UTC, as in the log. The title has the local time.
export function time(text) {
  const date = new Date(text);
  const local = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
  return h("time", { datetime: text, title: `${text}\nLocal time: ${local}` }, utc(date), h("span", { class: "zone" }, " UTC"));
}

// A duration in its largest exact unit. 24 hours are not a calendar day.
export function duration(seconds) {
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds % length === 0 && (unit !== "day" || seconds > length)) return plural(seconds / length, unit);
  }
  return plural(seconds, "second");
}

export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

export const short = (text) => (text.length > 16 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text);

const icon = (...paths) => s("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
  paths.map((d) => s("path", { d })));

const COPY = ["M5.5 5.5h8v8h-8z", "M10.5 3v-.5h-8v8H3"];
const OPEN = ["M6 3H3v10h10v-3", "M9 3h4v4", "M13 3 7.5 8.5"];

// A text with a button that copies it. `shown` may be shorter, or a link.
export function copyable(text, what, shown = text) {
  const code = h("code", { title: shown === text ? null : text }, shown);
  if (!navigator.clipboard) return code;
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
  return h("span", { class: "copyable" }, code, button);
}

export const outside = (href, label) =>
  h("a", { class: "icon", href, target: "_blank", rel: "noreferrer", "aria-label": label }, icon(...OPEN));

// An address with its page of the block explorer, which is null if the network is not known.
export function address(text, explorer, shown = text) {
  return h("span", { class: "copyable" }, copyable(text, "address", shown),
    explorer && outside(`${explorer}/address/${text}`, "Show the address in the block explorer"));
}

export const fidLink = (fid) => (fid === 0 ? "all users" : link(`#/users/${fid}`, `FID ${fid}`));
