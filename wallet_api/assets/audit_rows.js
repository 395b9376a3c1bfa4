// Audit entries as rows.

import { h, link, pill, table } from "./dom.js";
import { amount, copyable, decimal, fidLink, short, time } from "./format.js";
import { ACTIONS, severity } from "./labels.js";
import { to } from "./router.js";

// An id that the service made contains its time (UUID version 7). Another one is searched for only
// with a user or a range.
const OUR_ID = /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/;

// `network` is that of the service, whose assets are known, or null.
export function auditTable(entries, network, { user = true } = {}) {
  const columns = ["Time", "Action", ...(user ? ["User"] : []), "By", "From", "Details", "Request"];
  return table("Audit entries", columns, entries.map((entry) => [
    time(entry.createdAt),
    pill(severity(entry.action), ACTIONS[entry.action] ?? entry.action),
    ...(user ? [fidLink(entry.fid)] : []),
    link(to(["audit"], { actor: entry.actor }), entry.actor),
    entry.ip ? h("code", {}, entry.ip) : "",
    details(entry, network),
    copyable(entry.requestId, "request id",
      link(to(["audit"], { request_id: entry.requestId, fid: OUR_ID.test(entry.requestId) ? null : entry.fid }), begin(entry.requestId))),
  ]));
}

const begin = (id) => (id.length > 12 ? `${id.slice(0, 8)}…` : id);

// The reason and the effects, and a disclosure with all members of the entry.
function details(entry, network) {
  const known = network?.chainId === entry.details?.chain_id ? network : null;
  const effects = (entry.details?.effects ?? []).map((effect) => h("li", {}, describe(effect, known)));
  return h("div", { class: "details" },
    refusal(entry.details),
    entry.reason && h("p", {}, entry.reason),
    effects.length ? h("ul", { class: "effects" }, effects) : null,
    h("details", {}, h("summary", {}, "All members"), h("pre", { tabindex: "0", "aria-label": "The entry" }, JSON.stringify(entry, null, 2))));
}

// Why policies refused a signature: "Refused by the policy of the wallet, rule payments: window".
function refusal(details) {
  if (!details?.reason) return null;
  const layer = details.layer && ` by the policy of the ${details.layer}`;
  const rule = details.rule && `, rule ${details.rule}`;
  return h("p", {}, h("strong", {}, "Refused", layer, rule, `: ${details.reason.replaceAll("_", " ")}`));
}

// An effect of a signature: "token transfer: 5 USDC to 0x333333…333333".
function describe({ kind, amount: units, token, sender, ...members }, network) {
  const rest = Object.entries(members).filter(([, value]) => value !== null)
    .map(([name, value]) => [` ${name.replaceAll("_", " ")} `, h("code", { title: String(value) }, short(String(value)))]);
  return [kind.replaceAll("_", " "), units || token ? ": " : "", units ? sum(units, kind, token, network) : "", rest];
}

function sum(units, kind, token, network) {
  if (network && token && token.toLowerCase() === network.usdc.toLowerCase()) return `${amount(units, 6)} USDC`;
  if (network && ["native_transfer", "network_fee"].includes(kind)) return `${amount(units, 18)} ETH`;
  return [`${decimal(units)} units`, token ? [" of ", h("code", { title: token }, short(token))] : ""];
}
