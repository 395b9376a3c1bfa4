// Audit entries as rows.

import { subject } from "./audit_subjects.js";
import { h, link, pill, table } from "./dom.js";
import { entryJson } from "./export.js";
import { amount, decimal, fidLink, time, unixTime } from "./format.js";
import { address, copyButton, copyable, hasTime, marked, short } from "./ids.js";
import { ACTIONS, labelOf, severity } from "./labels.js";
import { to } from "./router.js";

// Members of effects that are seconds since 1970.
const TIMES = ["deadline", "expires_at"];
// Members of details that are texts.
const TEXTS = ["reason", "layer", "rule", "digest"];

// `network` is that of the service, whose assets are known, or null.
export function auditTable(entries, network) {
  const columns = ["Time", "Action", "User", "By", "From", "Details", "Request"];
  return table("Audit entries", columns, entries.map((entry) =>
    [made(entry), action(entry), fidLink(entry.fid), actor(entry), origin(entry), safely(entry, network), request(entry)]));
}

// Entries of one user, each in about two lines.
export function compactAuditTable(entries, network) {
  const rows = table("Audit entries", ["Time and request", "Action", "Details", "By, from"], entries.map((entry) => {
    const shown = safely(entry, network);
    // The digest is among all members.
    shown.querySelector(".digest")?.remove();
    const lines = (...parts) => h("div", {}, parts.map((part) => h("div", {}, part)));
    return [lines(made(entry), request(entry)), lines(action(entry), shown.querySelector("details")), shown, lines(actor(entry), origin(entry))];
  }));
  rows.classList.add("long", "compact");
  return rows;
}

const made = ({ createdAt }) => time(createdAt);
const action = (entry) => pill(severity(entry.action), labelOf(ACTIONS, entry.action));
const actor = (entry) => link(to(["audit"], { actor: entry.actor }), entry.actor);
const origin = ({ ip }) => (ip ? copyable(ip, "IP address") : "");
const request = ({ requestId: id, fid }) => copyable(id, "request id",
  link(to(["audit"], { request_id: id, fid: hasTime(id) ? null : fid }), begin(id)));

const begin = (id) => (id.length > 12 ? `${id.slice(0, 8)}…` : id);

// An entry that the service did not write may have any details. The others are shown all the same.
function safely(entry, network) {
  const { unreadable, ...rest } = entry.details ?? {};
  try {
    if (unreadable === undefined && TEXTS.every((name) => typeof (rest[name] ?? "") === "string")) return details(entry, network);
  } catch {
    // Shown as below.
  }
  return h("div", { class: "details" }, h("p", {}, "The service did not write these details."), members(entry, null));
}

// The reason, the effects and the digest, and a disclosure with all members of the entry.
function details(entry, network) {
  const { digest, effects, chain_id: chainId } = entry.details ?? {};
  // What is signed for another chain has other assets, and no explorer that is known here.
  const known = network?.chainId === chainId ? network : null;
  const explorer = chainId && !known ? null : network?.explorer;
  const recipient = entry.recipientPublicKey;
  return h("div", { class: "details" },
    refusal(entry.details),
    subject(entry),
    entry.reason && h("p", {}, marked(entry.reason, explorer)),
    entry.address && h("p", {}, address(entry.address, explorer, short(entry.address))),
    effects?.length ? h("ul", { class: "effects" }, effects.map((effect) => h("li", {}, describe(effect, known, explorer)))) : null,
    chainId && network && !known && h("p", {}, `on chain ${chainId}`),
    digest && h("p", { class: "quiet digest" }, "digest ", copyable(digest, "digest", short(digest))),
    recipient && h("p", { class: "quiet" }, "encrypted to ", copyable(recipient, "public key", short(recipient))),
    members(entry, explorer));
}

// The entry as JSON, in a row of its own below that of the entry, which is as wide as the table.
function members(entry, explorer) {
  let below = null;
  const toggle = ({ target }) => {
    below?.remove();
    if (!target.open) return;
    const text = entryJson(entry);
    const row = target.closest("tr");
    below = h("tr", { role: "row" }, h("td", { role: "cell", class: "entry", colspan: row.cells.length }, h("div", {},
      copyButton(text, "entry"), h("pre", { tabindex: "0", "aria-label": "The entry" }, marked(text, explorer, (found) => found)))));
    row.after(below);
  };
  return h("details", { ontoggle: toggle }, h("summary", {}, "All members"));
}

// Why policies refused a signature: "Refused by the policy of the wallet, rule payments: window".
function refusal(details) {
  if (!details?.reason) return null;
  const layer = details.layer && ` by the policy of the ${details.layer}`;
  const rule = details.rule && `, rule ${details.rule}`;
  return h("p", {}, h("strong", {}, "Refused", layer, rule, `: ${details.reason.replaceAll("_", " ")}`));
}

// An effect of a signature: "token transfer: 5 USDC to 0x333333…333333".
function describe({ kind, amount: units, token, ...rest }, network, explorer) {
  const shown = Object.entries(rest).filter(([, value]) => value !== null && value !== false);
  return [words(kind), units || token ? ": " : "", units ? sum(units, kind, token, network, explorer) : "",
    shown.map(([name, value]) => [` ${words(name)} `, member(name, typeof value === "object" ? JSON.stringify(value) : String(value), explorer)])];
}

const words = (name) => (name === "sender" ? "from" : name.replaceAll("_", " "));

function member(name, value, explorer) {
  if (TIMES.includes(name)) return unixTime(value);
  const parts = marked(value, explorer);
  return parts.length > 1 ? parts : h("code", {}, value);
}

function sum(units, kind, token, network, explorer) {
  if (network && token && token.toLowerCase() === network.usdc.toLowerCase()) return `${amount(units, 6)} USDC`;
  if (network && ["native_transfer", "network_fee"].includes(kind)) return `${amount(units, 18)} ETH`;
  return [`${decimal(units)} units`, token ? [" of ", marked(token, explorer)] : ""];
}
