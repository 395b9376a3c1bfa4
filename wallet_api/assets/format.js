// How the console writes times, numbers, amounts and users.

import { h, link } from "./dom.js";
import { copyable } from "./ids.js";

const LOCALE = "en-US";

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

// A time in UTC, as in the log. The title has the local time, and so has a part that the console's
// button "Local time" shows.
export function time(text) {
  const date = new Date(text);
  const local = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
  return h("time", { datetime: text, title: `${text}\nLocal time: ${local}` },
    utc(date), h("span", { class: "zone" }, " UTC"), h("span", { class: "local" }, ` ${local}`));
}

// A number of seconds since 1970 as a time, or the number if it is beyond every calendar.
export function unixTime(text) {
  const date = new Date(Number(text) * 1000);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? decimal(text) : time(date.toISOString());
}

// A duration in its largest exact unit. 24 hours are not a calendar day.
export function duration(seconds) {
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds % length === 0 && (unit !== "day" || seconds > length)) return plural(seconds / length, unit);
  }
  return plural(seconds, "second");
}

export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

const FIDS_END = 2n ** 63n;
export const isFid = (text) => /^[1-9][0-9]{0,18}$/.test(text) && BigInt(text) < FIDS_END;

export const fidLink = (fid) => (fid === 0 ? "all users" : copyable(String(fid), "FID", link(`#/users/${fid}`, `FID ${fid}`)));
