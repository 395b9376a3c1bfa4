// One user on one screen: wallets, policy, deposits, signatures and other audit entries.

import { compactAuditTable } from "./audit_rows.js";
import { card, h, link, quiet, table } from "./dom.js";
import { depositTable } from "./deposit_view.js";
import { isFid, time } from "./format.js";
import { address, copyButton } from "./ids.js";
import { KINDS, OTHER_ACTIONS, SIGNATURES } from "./labels.js";
import { policyCard } from "./policy_card.js";
import { to } from "./router.js";
import { get, knownNetwork } from "./session.js";

const REFUSED = "signing.refused";
const SIZE = 3;

export function user(view, [fid], query) {
  if (!isFid(fid)) {
    notAUser(view, fid);
    return;
  }
  view.title(`FID ${fid}`, copyButton(fid, "FID"));
  const entries = (id, title, none, actions, links) => {
    const more = Object.entries(links).map(([label, filters]) => link(to(["audit"], { fid, ...filters }), label));
    const shown = card(title, { id, more: h("span", { class: "actions" }, more), wide: true });
    view.add(shown.element);
    view.load(shown.body, "audit:read", async () => {
      const { data } = await get("audit", { fid, action: actions.join(","), limit: SIZE });
      return [data.length ? compactAuditTable(data, await knownNetwork()) : quiet(none)];
    });
  };

  const wallets = card("Wallets", { id: "wallets" });
  const deposits = card("Deposits prepared", { id: "deposits", more: link(to(["users", fid, "deposits"]), "All deposits") });
  view.body.classList.add("user");
  view.add(h("div", { class: "column" }, wallets.element, deposits.element));
  view.load(wallets.body, "wallets:read", () => walletsOf(fid));
  policyCard(view, fid, query.client ?? "");
  view.load(deposits.body, "wallets:read", async () => {
    const { data } = await get(`users/${encodeURIComponent(fid)}/deposits`, { limit: SIZE });
    return data.length ? [depositTable(data), quiet(data[0].note)] : [quiet("No deposits yet.")];
  });
  entries("signatures", "Signatures", "No signatures yet.", [...SIGNATURES, REFUSED],
    { "Refused signatures": { action: REFUSED }, "All signatures": { action: SIGNATURES.join(",") } });
  entries("trail", "Other audit entries", "No other entries yet.", OTHER_ACTIONS, { "All in the audit log": {} });
}

function notAUser(view, fid) {
  if (fid === "0") view.notFound("FID 0 is the service itself. ", link("#/audit?fid=0", "Its audit entries"), " are changes of policies and API clients.");
  else view.notFound(`“${fid}” is not an FID. An FID is a whole number from 1 to 9223372036854775807.`);
}

async function walletsOf(fid) {
  try {
    const { data } = await get(`users/${encodeURIComponent(fid)}/wallets`);
    return data.length ? [await walletTable(data)] : [quiet("This user has no wallet.")];
  } catch (refusal) {
    if (refusal.code !== "key_unreadable") throw refusal;
  }
  // If a key does not decrypt, the list fails. A search returns each row, but no files.
  const found = await get("wallets", { fid }).then(({ data }) => walletTable(data), () => null);
  const alarm = h("div", { class: "error", role: "alert" },
    h("p", {}, "A key of this user cannot be decrypted (alarm)."),
    h("p", {}, "Nothing was written. The service’s log names the key and the reason. Do not deposit to this user’s wallet."));
  return [alarm, ...(found ? [found] : [])];
}

async function walletTable(wallets) {
  const explorer = (await knownNetwork())?.explorer;
  return table("Wallets", ["Wallet", "Address"], wallets.map((wallet) => [
    h("strong", {}, KINDS[wallet.type]),
    h("div", {}, wallet.address ? address(wallet.address, explorer) : "Cannot be decrypted (alarm)",
      h("div", { class: "quiet" }, "since ", time(wallet.createdAt))),
  ]));
}

export function userDeposits(view, [fid], { cursor = null }) {
  if (!isFid(fid)) {
    notAUser(view, fid);
    return;
  }
  view.title(`Deposits of FID ${fid}`, copyButton(fid, "FID"));
  const { element, body } = card("Deposits prepared", { id: "deposits", wide: true, more: link(to(["users", fid]), `FID ${fid}`) });
  view.add(element);
  view.load(body, "wallets:read", async () => {
    const page = await get(`users/${encodeURIComponent(fid)}/deposits`, { limit: 50, cursor });
    const pages = h("p", { class: "actions pages" },
      cursor && link(to(["users", fid, "deposits"]), "Newest deposits"),
      page.next_cursor && link(to(["users", fid, "deposits"], { cursor: page.next_cursor }), "Older deposits"));
    return [page.data.length ? depositTable(page.data) : quiet("No deposits yet."), pages];
  });
}
