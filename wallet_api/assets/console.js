// The operator's console: figures, a search, and the wallets and audit entries of one user.

import { Refusal, ask, at, busy, explain, filled, paragraph } from "./ask.js";
import { depositRow } from "./deposits.js";
import { counts, places } from "./figures.js";
import { ACTS, KINDS, moment, rows } from "./words.js";

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const FID = /^[1-9][0-9]{0,18}$/;
const FIDS_END = 2n ** 63n;
const AUDIT_SIZE = 20;
const DEPOSITS_SIZE = 10;
// Errors that only a caller with a valid token receives.
const RECOGNIZED = ["insufficient_scope", "wallets_in_files"];

// Kept in memory only, so that it is lost when the page is closed.
let token = null;
// WALLET_STORAGE, or null if the token lacks the scope to read it.
let mode = null;

const get = (path, query = {}) => ask(`v1/${path}?${new URLSearchParams(query)}`, { token });

function fail(refusal) {
  if (refusal.code === "unauthenticated") signOut();
  (token ? at("search") : at("sign-in")).append(at("error"));
  explain(refusal, at("error"));
}

// Fill one part of the page, or show the error there. The other parts are not affected.
async function fill(place, scope, work) {
  place.replaceChildren(paragraph("Loading …", "quiet"));
  try {
    place.replaceChildren(...(await work()));
    return null;
  } catch (refusal) {
    place.replaceChildren(why(refusal, scope));
    if (refusal.code === "unauthenticated" && place.isConnected) fail(refusal);
    return refusal;
  }
}

function why(refusal, scope) {
  if (refusal.code === "insufficient_scope") return paragraph(`Not shown: this token lacks the scope ${scope}.`, "note");
  if (refusal.code === "wallets_in_files") return paragraph(`${refusal.message} To find one, search for its FID.`, "note");
  const alert = filled("alert", {}).firstElementChild;
  explain(refusal, alert);
  return alert;
}

// Load the figures, and return the error of each part, or null.
async function showFigures() {
  const refusals = await Promise.all([
    fill(at("counts"), "stats:read", async () => [counts(await get("stats"))]),
    fill(at("storage"), "stats:read", async () => {
      const found = await get("storage");
      mode = found.storage;
      return [places(found)];
    }),
  ]);
  // This element exists only if the figures were loaded.
  if (at("only-rows")) at("only-rows").hidden = mode === "postgres";
  return refusals;
}

async function signIn() {
  token = at("token").value.trim();
  const refusals = await showFigures();
  if (refusals.every((refusal) => refusal && !RECOGNIZED.includes(refusal.code))) {
    token = null;
    throw refusals[0];
  }
  at("token").value = "";
  at("sign-in").hidden = true;
  at("console").hidden = false;
  at("asked").focus();
}

function signOut() {
  token = mode = null;
  at("asked").value = "";
  for (const id of ["error", "shown", "counts", "storage"]) at(id).replaceChildren();
  at("console").hidden = true;
  at("sign-in").hidden = false;
  at("token").focus();
}

function search() {
  const asked = at("asked").value.trim();
  const isAddress = ADDRESS.test(asked);
  const isFid = FID.test(asked) && BigInt(asked) < FIDS_END;
  at("error").replaceChildren();
  at("asked").ariaInvalid = isAddress || isFid ? null : "true";
  if (isAddress) find(asked);
  else if (isFid) showUser(asked);
  else {
    at("shown").replaceChildren();
    at("asked").focus();
    const detail = "An FID is a whole number, such as 1464243. An address is 0x and 40 hex digits.";
    fail(new Refusal({ error: "This is not an FID or an address.", detail }));
  }
}

// Show a new page. Late responses to an earlier page are written to removed elements.
function open(template, title) {
  const page = filled(template, { title }).firstElementChild;
  at("shown").replaceChildren(page);
  page.querySelector("h2").focus();
  return page;
}

function find(address) {
  const page = open("found-page", `Wallets of ${address}`);
  fill(page.querySelector("#found-rows"), "wallets:read", async () => {
    const { data, has_more: more } = await get("wallets", { address });
    if (!data.length) return [filled(mode === "postgres" ? "nobody" : "nobody-in-rows", {})];
    const found = data.map((wallet) => {
      const row = filled("found-row", { ...texts(wallet), fid: `Show FID ${wallet.fid}` });
      row.querySelector("button").addEventListener("click", () => showUser(wallet.fid));
      return row;
    });
    return [rows(found), ...(more ? [paragraph("Only the newest 50 are shown.", "quiet")] : [])];
  });
}

function texts({ type, address, createdAt }) {
  return { kind: KINDS[type], address: address ?? "Cannot be decrypted (alarm)", made: moment(createdAt) };
}

function showUser(fid) {
  const page = open("user-page", `FID ${fid}`);
  fill(page.querySelector("#user-wallets"), "wallets:read", () => walletsOf(fid));
  fill(page.querySelector("#user-deposits"), "wallets:read", () => depositsOf(fid));
  fill(page.querySelector("#trail"), "audit:read", () => trailOf(fid));
}

async function walletsOf(fid) {
  const shown = ({ data }) => [rows(data.map((wallet) => filled("wallet-row", texts(wallet))))];
  try {
    const found = await get(`users/${fid}/wallets`);
    return found.data.length ? shown(found) : [paragraph("This user has no wallet.", "quiet")];
  } catch (refusal) {
    if (refusal.code !== "key_unreadable") throw refusal;
  }
  // If a key does not decrypt, the list fails. A search returns each row, but no files.
  return [filled("closed", {}), ...(await get("wallets", { fid }).then(shown, () => []))];
}

async function depositsOf(fid) {
  const { data, has_more: more } = await get(`users/${fid}/deposits`, { limit: DEPOSITS_SIZE });
  if (!data.length) return [paragraph("None yet.", "quiet")];
  const shown = [rows(data.map(depositRow)), paragraph(data[0].note, "quiet")];
  return more ? [...shown, paragraph(`Only the newest ${DEPOSITS_SIZE} are shown.`, "quiet")] : shown;
}

async function trailOf(fid) {
  const [entries, more, alert] = filled("trail-part", {}).children;
  let cursor = null;
  const next = async () => {
    const page = await get("audit", { fid, limit: AUDIT_SIZE, ...(cursor && { cursor }) });
    alert.replaceChildren();
    entries.append(...page.data.map(entry));
    cursor = page.next_cursor;
    more.hidden = !cursor;
  };
  const refuse = (refusal) => (refusal.code === "unauthenticated" ? fail(refusal) : explain(refusal, alert));
  more.addEventListener("click", () => busy(more, next, refuse));
  await next();
  return entries.children.length ? [entries, more, alert] : [paragraph("No entries yet.", "quiet")];
}

function entry({ createdAt, action, actor, ip, reason, details, requestId }) {
  const from = ip ? `from ${ip}` : "";
  const effects = (details?.effects ?? []).map(effect).join("; ");
  return filled("entry", { when: moment(createdAt), what: ACTS[action] ?? action, who: actor, from, effects, why: reason, request: requestId });
}

// An effect of a signature, with the names in /v1/audit: "token_transfer: token 0x…, amount 5".
function effect({ kind, ...members }) {
  const present = Object.entries(members).filter(([, value]) => value !== null);
  return `${kind}: ${present.map(([name, value]) => `${name} ${value}`).join(", ")}`;
}

function submits(form, work) {
  at(form).addEventListener("submit", (event) => {
    event.preventDefault();
    work();
  });
}

submits("sign-in", () => {
  at("error").replaceChildren();
  busy(at("sign-in").querySelector("button"), signIn, fail);
});
submits("search", search);
at("sign-in").hidden = false;
at("sign-out").addEventListener("click", signOut);
at("again").addEventListener("click", () => busy(at("again"), showFigures, fail));
