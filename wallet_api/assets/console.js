// The operator's console: figures, a search, one user's wallets and what happened to them.

import { ask, at, busy, explain, filled } from "./ask.js";
import { bars } from "./bars.js";

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const KINDS = { trading: "Trading wallet", "base-account": "Base Account" };
const ACTS = {
  "wallet.created": "Wallet made",
  "wallet.imported": "Wallet imported from a file",
  "base_account.set": "Base Account remembered",
  "key.read": "Private key handed out",
  "key.refused": "Private key refused",
  "key.exported": "Private key exported to a file",
  "key.resealed": "Private key sealed again",
};
const STORAGES = { postgres: "PostgreSQL", filesystem: "Files", migrating: "Files and PostgreSQL: migrating" };
const AUDIT_SIZE = 20;

// Kept here and nowhere else: it is gone with the page.
let token = null;
// Whose page is open, and how far its audit trail is shown.
let shown = null;

const get = (path, query = {}) => ask(`v1/${path}?${new URLSearchParams(query)}`, { token });
const moment = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
const number = (count) => count.toLocaleString();
const total = (rows) => rows.reduce((sum, row) => sum + row.count, 0);

function fail(refusal) {
  if (refusal.code === "unauthenticated") signOut();
  (token ? at("search") : at("sign-in")).after(at("error"));
  explain(refusal, at("error"));
}

function submits(form, work) {
  at(form).addEventListener("submit", (event) => {
    event.preventDefault();
    at("error").replaceChildren();
    busy(at(form).querySelector("button"), work, fail);
  });
}

async function signIn() {
  token = at("token").value.trim();
  try {
    await Promise.all([showFigures(), showStorage()]);
  } catch (refusal) {
    token = null;
    throw refusal;
  }
  at("token").value = "";
  at("sign-in").hidden = true;
  at("console").hidden = false;
  at("asked").focus();
}

function signOut() {
  token = shown = null;
  for (const id of ["console", "found", "user"]) at(id).hidden = true;
  at("sign-in").hidden = false;
  at("token").focus();
}

async function showFigures() {
  const stats = await get("stats");
  const days = [];
  for (let day = new Date(stats.from); day <= new Date(stats.to); day.setUTCDate(day.getUTCDate() + 1)) {
    days.push(day.toISOString().slice(0, 10));
  }
  const of = (type) => total(stats.wallets.filter((row) => row.type === type));
  at("users").textContent = number(stats.users);
  at("trading").textContent = number(of("trading"));
  at("base-accounts").textContent = number(of("base-account"));
  at("deposits").textContent = number(total(stats.deposits));
  const wallets = stats.newWallets.map((row) => ({ ...row, kind: KINDS[row.type] }));
  bars(at("new-wallets"), days, Object.values(KINDS), wallets);
  bars(at("new-deposits"), days, ["USDC", "ETH"], stats.deposits.map((row) => ({ ...row, kind: row.asset })));
}

async function showStorage() {
  const { storage, imported, secrets } = await get("storage");
  at("storage").textContent = STORAGES[storage];
  at("imported").textContent = number(imported);
  at("secrets").replaceChildren(...secrets.map((secret) =>
    filled("secret-row", { key: secret.keyId, state: secret.state, wallets: number(secret.wallets), since: moment(secret.since) })));
}

async function search() {
  const asked = at("asked").value.trim();
  const { data, has_more: more } = await get("wallets", ADDRESS.test(asked) ? { address: asked } : { fid: asked });
  at("user").hidden = true;
  at("found").hidden = false;
  at("found-title").textContent = data.length ? `Wallets of ${asked}` : `Nobody has ${asked}`;
  at("found-more").hidden = !more;
  at("found-rows").replaceChildren(...data.map((wallet) => {
    const address = wallet.opened ? wallet.address : "DOES NOT OPEN: an alarm. See the log.";
    const row = filled("found-row", { kind: KINDS[wallet.type], address, made: moment(wallet.createdAt), fid: `Show FID ${wallet.fid}` });
    row.querySelector("button").addEventListener("click", (event) => {
      at("error").replaceChildren();
      busy(event.target, () => showUser(wallet.fid), fail);
    });
    return row;
  }));
  at("found-title").focus();
}

async function showUser(fid) {
  shown = { fid };
  const [{ data }, entries] = await Promise.all([get(`users/${fid}/wallets`), nextEntries()]);
  at("user-title").textContent = `FID ${fid}`;
  at("user-wallets").replaceChildren(...data.map((wallet) =>
    filled("wallet-row", { kind: KINDS[wallet.type], address: wallet.address, made: moment(wallet.createdAt) })));
  at("entries").replaceChildren(...entries);
  at("user").hidden = false;
  at("user-title").focus();
}

async function nextEntries() {
  const query = { fid: shown.fid, limit: AUDIT_SIZE };
  if (shown.cursor) query.cursor = shown.cursor;
  const { data, next_cursor: cursor } = await get("audit", query);
  shown.cursor = cursor;
  at("more").hidden = !cursor;
  return data.map((entry) => filled("entry", {
    when: moment(entry.createdAt),
    what: ACTS[entry.action] ?? entry.action,
    who: entry.actor,
    from: entry.ip ?? "",
    why: entry.reason ?? "",
    request: entry.requestId,
  }));
}

submits("sign-in", signIn);
submits("search", search);
at("sign-in").hidden = false;
at("sign-out").addEventListener("click", signOut);
at("more").addEventListener("click", () =>
  busy(at("more"), async () => at("entries").append(...(await nextEntries())), fail));
