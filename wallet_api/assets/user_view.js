// One user on one screen: wallets, policy, deposits, signatures, refusals and audit entries.

import { auditTable } from "./audit_rows.js";
import { card, h, link, quiet, table } from "./dom.js";
import { depositTable } from "./deposit_view.js";
import { time } from "./format.js";
import { address, copyButton } from "./ids.js";
import { KINDS, SIGNATURES } from "./labels.js";
import { policyCard } from "./policy_card.js";
import { to } from "./router.js";
import { get, knownNetwork } from "./session.js";

const SIZE = 5;

export function user(view, [fid = "", part = ""], query) {
  view.title(`FID ${fid}`, copyButton(fid, "FID"));
  if (part === "deposits") {
    allDeposits(view, fid, query);
    return;
  }
  const entries = (id, title, none, filters) => {
    const all = link(to(["audit"], { fid, ...filters }), "All in the audit log");
    const shown = card(title, { id, more: all, wide: true });
    view.add(shown.element);
    view.load(shown.body, "audit:read", async () => {
      const { data } = await get("audit", { fid, ...filters, limit: SIZE });
      return [data.length ? auditTable(data, await knownNetwork(), { user: false }) : quiet(none)];
    });
  };

  const wallets = card("Wallets", { id: "wallets" });
  const deposits = card("Deposits prepared", { id: "deposits", more: link(to(["users", fid, "deposits"]), "All deposits") });
  view.body.classList.add("main-and-side");
  view.add(h("div", { class: "column" }, wallets.element, deposits.element));
  view.load(wallets.body, "wallets:read", () => walletsOf(fid));
  policyCard(view, fid, query.client ?? "");
  view.load(deposits.body, "wallets:read", async () => {
    const { data } = await get(`users/${encodeURIComponent(fid)}/deposits`, { limit: SIZE });
    return data.length ? [depositTable(data), quiet(data[0].note)] : [quiet("No deposits yet.")];
  });
  entries("signatures", "Signatures", "No signatures yet.", { action: SIGNATURES.join(",") });
  entries("refusals", "Refused signatures", "No signature was refused.", { action: "signing.refused" });
  entries("trail", "Audit log", "No entries yet.", {});
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

function allDeposits(view, fid, { cursor = null }) {
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
