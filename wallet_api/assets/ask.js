// Shared by the pages: requests to the service, and the display of its errors.

import { h } from "./dom.js";
import { copyable, marked } from "./ids.js";

const WAIT_MS = 25_000;
const READ = "Nothing was lost. Check your connection, then try again.";

export const at = (id) => document.getElementById(id);

// The time of the last response, by the clock of the service, and how far that clock is ahead. The
// header has whole seconds: it is rounded up, so that now() is after everything that has happened.
export let answeredAt = null;
// Until then, the time at which the service made the page.
const madeAt = Date.parse(document.querySelector("meta[name=date]")?.content);
let ahead = madeAt ? madeAt + 999 - Date.now() : 0;
export const now = () => new Date(Date.now() + ahead);

export class Refusal extends Error {
  // `status` is 0 if there was no response.
  constructor({ error, detail, code, request_id: id }, { status = 0, wait = null } = {}) {
    super(error);
    Object.assign(this, { detail, code, id, status, wait });
  }
}

// Return an error of the API with the labels of a form instead of the names of the API.
export function named(refusal, labels) {
  const rename = (text) => text?.replace(/"(\w+)"(?::(?= must))?/g, (whole, name) => Object.hasOwn(labels, name) ? labels[name] : whole);
  if (refusal instanceof Refusal) Object.assign(refusal, { message: rename(refusal.message), detail: rename(refusal.detail) });
  return refusal;
}

// Return the response, or throw a Refusal. A request that writes has `ifUnknown`: what to do if it is
// not known whether something was written, because the response was lost or reports a fault.
export async function ask(path, { token, method = "GET", headers = {}, body, ifUnknown } = {}) {
  if (token) headers = { ...headers, Authorization: `Bearer ${token}` };
  if (body) headers = { ...headers, "Content-Type": "application/json" };
  let answer, text;
  try {
    const signal = AbortSignal.timeout(WAIT_MS);
    answer = await fetch(path, { method, headers, body, signal, cache: "no-store" });
    text = await answer.text();
  } catch {
    throw new Refusal({ error: "The service cannot be reached.", detail: ifUnknown ?? READ });
  }
  const date = Date.parse(answer.headers.get("Date")) || Date.now();
  answeredAt = new Date(date);
  ahead = date + 999 - Date.now();
  const kind = answer.headers.get("Content-Type") ?? "";
  const read = kind.includes("json") ? parsed(text) : text;
  // The service returns neither HTML nor an empty body nor malformed JSON here; a proxy may.
  if (answer.ok && read && !kind.includes("html")) return read;
  const problem = read?.error ? read : { error: `A server between you and the service answered (${answer.status}).` };
  const detail = (problem !== read || answer.status >= 500) && ifUnknown ? ifUnknown : problem.detail;
  throw new Refusal({ ...problem, detail }, { status: answer.status, wait: answer.headers.get("Retry-After") });
}

function parsed(text) {
  try {
    const read = JSON.parse(text, exact);
    // A large FID is shown and sent as its digits. Other members of this name are not FIDs.
    for (const one of [read?.data ?? read].flat()) if (one?.fid?.rawJSON) one.fid = one.fid.rawJSON;
    return read;
  } catch {
    return null;
  }
}

// An integer that JavaScript would round keeps its digits, which JSON.stringify writes again. Browsers
// of before 2025 do not provide them.
function exact(_, value, context) {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value) && Number.isFinite(value)) return value;
  return context?.source ? JSON.rawJSON(context.source) : "too large for this browser";
}

// Show an error in a live region: the sentence, the detail, the delay before a retry, the request id.
// A mistake of the page is shown, and thrown again for the browser's log.
export function explain(error, place) {
  const refused = error instanceof Refusal;
  const { message, detail, wait, id } = refused ? error : { message: "This page failed.", detail: String(error) };
  const lines = [message, detail !== message && detail, Number(wait) && `Try again in ${duration(Number(wait))}.`];
  place.replaceChildren(...lines.filter(Boolean).map((line) => h("p", {}, marked(line, null))),
    ...(id ? [h("p", { class: "quiet" }, "Request ", copyable(id, "request id"))] : []));
  if (!refused) throw error;
}

// Run one action at a time, and show that it is running. The button keeps the focus.
export async function busy(button, work, fail) {
  if (button.ariaDisabled) return;
  const label = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = "Loading …";
  try {
    await work();
  } catch (refusal) {
    fail(refusal);
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  }
}

// Return a copy of a template, with its parts, which `data-is` names: texts or elements.
export function filled(template, parts) {
  const copy = at(template).content.cloneNode(true);
  for (const place of copy.querySelectorAll("[data-is]")) place.append(...[parts[place.dataset.is] ?? ""].flat());
  return copy;
}

function duration(seconds) {
  if (seconds > 90) return `${Math.ceil(seconds / 60)} minutes`;
  return seconds === 1 ? "a second" : `${seconds} seconds`;
}
