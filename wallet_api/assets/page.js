// The page at /: health, signing in to the demo, a deposit. It asks the same routes as everybody.

const at = (id) => document.getElementById(id);
const WAIT_MS = 25_000;
const FIELD_OF = {
  invalid_amount: "amount",
  amount_not_positive: "amount",
  invalid_address: "from",
  base_address_required: "from",
  base_wallet_mismatch: "from",
};
const KINDS = { trading: "Trading wallet", "base-account": "Base Account" };

// Kept here and nowhere else: it is gone with the page.
let token = null;
// A deposit that may have arrived keeps its key, so that asking again does not make a second one.
let attempt = null;

class Refusal extends Error {
  constructor({ error, detail, code, request_id: id }, wait) {
    super(error);
    Object.assign(this, { detail, code, id, wait });
  }
}

async function ask(path, { method = "GET", headers = {}, body } = {}) {
  if (token) headers = { ...headers, Authorization: `Bearer ${token}` };
  if (body) headers = { ...headers, "Content-Type": "application/json" };
  let answer, text;
  try {
    const signal = AbortSignal.timeout(WAIT_MS);
    answer = await fetch(path, { method, headers, body, signal, cache: "no-store" });
    text = await answer.text();
  } catch {
    const detail = "Nothing was lost. Check your connection, then try again.";
    throw new Refusal({ error: "The service cannot be reached.", detail });
  }
  const kind = answer.headers.get("Content-Type") ?? "";
  const read = kind.includes("json") ? JSON.parse(text) : text;
  if (answer.ok) return read;
  const told = read.error ? read : { error: `Something between you and the service answered (${answer.status}).` };
  throw new Refusal(told, answer.headers.get("Retry-After"));
}

function paragraph(text, style = "") {
  const p = document.createElement("p");
  p.textContent = text;
  p.className = style;
  return p;
}

function duration(seconds) {
  if (seconds > 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? "a second" : `${seconds} seconds`;
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
  if (!(refusal instanceof Refusal)) throw refusal;
  const lines = [paragraph(refusal.message)];
  if (refusal.detail && refusal.detail !== refusal.message) lines.push(paragraph(refusal.detail));
  if (Number(refusal.wait)) lines.push(paragraph(`Try again in ${duration(Number(refusal.wait))}.`));
  if (refusal.id) lines.push(paragraph(`Request ${refusal.id}`, "quiet"));
  if (refusal.code === "unauthenticated") signOut();
  const field = at(FIELD_OF[refusal.code]);
  // Beside what is wrong, where a keyboard on the screen does not hide it.
  (token ? (field ?? at("from")).parentElement : at("signed-out")).after(at("error"));
  at("error").replaceChildren(...lines);
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", "error");
  field.focus();
}

// Do one thing at a time, and say that it is being done. The button keeps the focus.
async function busy(button, work) {
  if (button.ariaDisabled) return;
  const label = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = "One moment …";
  forget();
  try {
    await work();
  } catch (refusal) {
    show(refusal);
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  }
}

async function showHealth() {
  let up = true;
  let text = "Ready";
  try {
    await ask("readyz");
  } catch (refusal) {
    up = false;
    text = refusal.message;
  }
  at("health").className = up ? "up" : "down";
  at("health").textContent = text;
}

async function signIn() {
  const demo = await ask("demo/token", { method: "POST" });
  token = demo.token;
  at("fid").textContent = demo.fid;
  at("signed-out").hidden = true;
  at("deposit").hidden = false;
  at("amount").focus();
  await showWallets();
}

function signOut() {
  token = attempt = null;
  at("signed-out").hidden = false;
  at("steps").hidden = false;
  for (const id of ["deposit", "result", "wallets"]) at(id).hidden = true;
  at("sign-in").focus();
}

async function showWallets() {
  const { wallets } = await ask("api/wallet/user-wallets");
  const rows = wallets.map((wallet) => {
    const row = at("row").content.cloneNode(true);
    const made = new Date(wallet.createdAt);
    row.querySelector("strong").textContent = KINDS[wallet.walletType];
    row.querySelector("time").dateTime = wallet.createdAt;
    row.querySelector("time").textContent = `since ${made.toLocaleDateString(undefined, { dateStyle: "long" })}`;
    row.querySelector(".code").textContent = wallet.address;
    return row;
  });
  at("list").replaceChildren(...rows);
  at("none").hidden = rows.length > 0;
  at("wallets").hidden = false;
}

async function deposit() {
  const form = new FormData(at("deposit"));
  const trimmed = (name) => form.get(name).trim();
  const body = JSON.stringify({ asset: form.get("asset"), amount: trimmed("amount"), baseAddress: trimmed("from") });
  if (attempt?.body !== body) attempt = { body, key: crypto.randomUUID() };
  const prepared = await ask("api/wallet/deposit", { method: "POST", body, headers: { "Idempotency-Key": attempt.key } });
  attempt = null;
  showDeposit(prepared);
  await Promise.all([showQr(prepared), showWallets()]);
}

function showDeposit({ asset, amount, network, depositAddress, transaction, note, paymentUri }) {
  at("result-title").textContent = `Send ${amount} ${asset}`;
  at("note").textContent = note;
  at("address").textContent = depositAddress;
  at("open").href = paymentUri;
  const terms = Object.entries({ network: `${network.name} (chain ${network.chainId})`, ...transaction });
  at("transaction").replaceChildren(...terms.map(([name, value]) => {
    const row = at("term").content.cloneNode(true);
    row.querySelector("dt").textContent = name[0].toUpperCase() + name.slice(1);
    row.querySelector("dd").textContent = value;
    return row;
  }));
  at("steps").hidden = true;
  at("result").hidden = false;
  at("result").scrollIntoView({ block: "nearest" });
  at("said").textContent = `The deposit is prepared. Send ${amount} ${asset} to ${depositAddress}.`;
}

async function showQr({ asset, amount, network }) {
  at("qr").replaceChildren();
  const drawing = await ask(`api/wallet/payment-qr?${new URLSearchParams({ asset, amount })}`);
  const svg = new DOMParser().parseFromString(drawing, "image/svg+xml").documentElement;
  at("qr").ariaLabel = `QR code: pay ${amount} ${asset} on ${network.name}`;
  at("qr").replaceChildren(document.importNode(svg, true));
}

async function copy() {
  await navigator.clipboard.writeText(at("address").textContent);
  at("said").textContent = "The address is copied.";
  at("copy").textContent = "Copied";
  setTimeout(() => { at("copy").textContent = "Copy address"; }, 2000);
}

showHealth();
if (at("try")) {
  at("try").hidden = false;
  at("copy").hidden = !navigator.clipboard;
  at("sign-in").addEventListener("click", () => busy(at("sign-in"), signIn));
  at("sign-out").addEventListener("click", () => { forget(); signOut(); });
  at("copy").addEventListener("click", copy);
  at("deposit").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(event.target.querySelector("[type=submit]"), deposit);
  });
}
