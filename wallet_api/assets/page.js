// The page at /: health, the demo sign-in, and a deposit. It calls the public routes.

import { Refusal, ask, at, busy, explain, filled } from "./ask.js";
import { depositRow } from "./deposits.js";
import { time } from "./format.js";
import { address as addressOf, marked, outside } from "./ids.js";
import { KINDS } from "./labels.js";

const FIELD_OF = {
  invalid_amount: "amount",
  amount_not_positive: "amount",
  invalid_address: "from",
  base_address_required: "from",
  base_wallet_mismatch: "from",
};
const HEALTH_MS = 30_000;

// Kept in memory only, so that it is lost when the page is closed.
let token = null;
// The Idempotency-Key of the current deposit. A retry sends the same key, so that it does not
// create a second deposit.
let attempt = null;

const explorer = () => `https://${at("try").dataset.explorer}`;

// A response to a request of before the sign-out. It is not shown.
class Late extends Error {}

function call(path, options) {
  const sender = token;
  return ask(path, { ...options, token }).finally(() => { if (token !== sender) throw new Late(); });
}

function forget() {
  at("error").replaceChildren();
  at("said").textContent = "";
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
  }
}

function show(refusal) {
  if (refusal instanceof Late) return;
  if (refusal.code === "unauthenticated") signOut();
  const field = at(FIELD_OF[refusal.code]);
  // Next to the wrong field, where an on-screen keyboard does not hide it.
  (token ? (field ?? at("from")).parentElement : at("signed-out")).after(at("error"));
  explain(refusal, at("error"));
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", "error");
  field.focus();
}

function run(button, work) {
  forget();
  busy(button, work, show);
}

async function showHealth() {
  // Not while the page is hidden. The text is set only if it differs, because screen readers read a
  // status aloud each time it is set.
  if (document.hidden) return;
  let up = true;
  let text = "Ready";
  try {
    await ask("readyz");
  } catch (refusal) {
    up = false;
    text = refusal.message;
  }
  at("health").className = up ? "up" : "down";
  if (at("health").textContent !== text) at("health").textContent = text;
}

async function signIn() {
  const demo = await call("demo/token", { method: "POST" });
  token = demo.token;
  at("fid").textContent = demo.fid;
  at("signed-out").hidden = true;
  at("deposit").hidden = false;
  at("amount").focus();
  await showWallets();
  await optionally(showDeposits(), () => { at("deposits").hidden = true; });
}

function signOut() {
  token = attempt = null;
  at("signed-out").hidden = false;
  forgetDeposit();
  for (const id of ["deposit", "wallets", "deposits"]) at(id).hidden = true;
  at("sign-in").focus();
}

function forgetDeposit() {
  at("result").hidden = true;
  at("steps").hidden = false;
}

async function showWallets() {
  const { wallets } = await call("api/wallet/user-wallets");
  const rows = wallets.map(({ walletType, createdAt, address }) =>
    filled("row", { kind: KINDS[walletType], made: ["since ", time(createdAt)], address: addressOf(address, explorer()) }));
  at("list").replaceChildren(...rows);
  at("none").hidden = rows.length > 0;
  at("wallets").hidden = false;
}

async function showDeposits() {
  const { data } = await call(`api/wallet/deposits?${new URLSearchParams({ limit: 10 })}`);
  at("deposit-list").replaceChildren(...data.map(depositRow));
  at("deposits").hidden = data.length === 0;
}

async function deposit() {
  const form = new FormData(at("deposit"));
  const trimmed = (name) => form.get(name).trim();
  const body = JSON.stringify({ asset: form.get("asset"), amount: trimmed("amount"), baseAddress: trimmed("from") });
  if (attempt?.body !== body) attempt = { body, key: crypto.randomUUID() };
  const headers = { "Idempotency-Key": attempt.key };
  const prepared = await call("api/wallet/deposit", { method: "POST", body, headers }).catch((refusal) => {
    forgetDeposit();
    throw refusal;
  });
  attempt = null;
  showDeposit(prepared);
  await Promise.all([
    optionally(showQr(prepared), () => {
      at("qr").textContent = "The QR code cannot be shown. The deposit is prepared: use the address.";
    }),
    optionally(showWallets(), () => { at("wallets").hidden = true; }),
    optionally(showDeposits(), () => { at("deposits").hidden = true; }),
  ]);
}

// Wait for an optional part of the page. The action is complete even if this part fails.
async function optionally(work, onFailure) {
  try {
    await work;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    onFailure();
  }
}

function showDeposit({ asset, amount, network, depositAddress, transaction, note, paymentUri }) {
  at("result-title").textContent = `Send ${amount} ${asset}`;
  at("note").textContent = note;
  at("address").replaceChildren(depositAddress, " ", outside(`${explorer()}/address/${depositAddress}`, "Show the address in the block explorer"));
  at("open").href = paymentUri;
  const terms = Object.entries({ network: `${network.name} (chain ${network.chainId})`, ...transaction });
  at("transaction").replaceChildren(...terms.map(([name, value]) =>
    filled("term", { name: name[0].toUpperCase() + name.slice(1), value: marked(value, explorer(), (found) => found) })));
  at("steps").hidden = true;
  at("result").hidden = false;
  at("result").scrollIntoView({ block: "nearest" });
  at("said").textContent = `The deposit is prepared. Send ${amount} ${asset} to ${depositAddress}.`;
}

async function showQr({ asset, amount, network }) {
  at("qr").replaceChildren();
  at("qr").role = at("qr").ariaLabel = null;
  const drawing = await call(`api/wallet/payment-qr?${new URLSearchParams({ asset, amount })}`);
  const svg = new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement;
  at("qr").role = "img";
  at("qr").ariaLabel = `QR code: pay ${amount} ${asset} on ${network.name}`;
  at("qr").replaceChildren(document.importNode(svg, true));
}

async function copy() {
  try {
    await navigator.clipboard.writeText(at("address").firstChild.data);
  } catch {
    at("said").textContent = "The browser refused to copy. Select the address instead.";
    return;
  }
  at("said").textContent = "The address is copied.";
  at("copy").textContent = "Copied";
  setTimeout(() => { at("copy").textContent = "Copy address"; }, 2000);
}

showHealth();
setInterval(showHealth, HEALTH_MS);
document.addEventListener("visibilitychange", showHealth);
if (at("try")) {
  at("try").hidden = false;
  at("copy").hidden = !navigator.clipboard;
  at("sign-in").addEventListener("click", () => run(at("sign-in"), signIn));
  at("sign-out").addEventListener("click", () => { forget(); signOut(); });
  at("copy").addEventListener("click", copy);
  at("deposit").addEventListener("submit", (event) => {
    event.preventDefault();
    run(event.target.querySelector("[type=submit]"), deposit);
  });
}
