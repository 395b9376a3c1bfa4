// Shared by the pages: requests to the service, and the display of its errors.

const WAIT_MS = 25_000;

export const at = (id) => document.getElementById(id);

// The time of the last response, by the clock of the service, and how far that clock is ahead. The
// header has whole seconds: it is rounded up, so that now() is after everything that has happened.
export let answeredAt = null;
let ahead = 0;
export const now = () => new Date(Date.now() + ahead);

export class Refusal extends Error {
  // `status` is 0 if there was no response.
  constructor({ error, detail, code, request_id: id }, { status = 0, wait = null } = {}) {
    super(error);
    Object.assign(this, { detail, code, id, status, wait });
  }
}

export async function ask(path, { token, method = "GET", headers = {}, body } = {}) {
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
  const date = Date.parse(answer.headers.get("Date")) || Date.now();
  answeredAt = new Date(date);
  ahead = date + 999 - Date.now();
  const kind = answer.headers.get("Content-Type") ?? "";
  const read = kind.includes("json") ? parsed(text) : text;
  // The service returns neither HTML nor an empty body nor malformed JSON here; a proxy may.
  if (answer.ok && read && !kind.includes("html")) return read;
  const problem = read?.error ? read : { error: `A server between you and the service answered (${answer.status}).` };
  throw new Refusal(problem, { status: answer.status, wait: answer.headers.get("Retry-After") });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Show an error in a live region: the sentence, the detail, the delay before a retry, the request id.
export function explain(refusal, place) {
  if (!(refusal instanceof Refusal)) throw refusal;
  const lines = [paragraph(refusal.message)];
  if (refusal.detail && refusal.detail !== refusal.message) lines.push(paragraph(refusal.detail));
  if (Number(refusal.wait)) lines.push(paragraph(`Try again in ${duration(Number(refusal.wait))}.`));
  if (refusal.id) lines.push(paragraph(`Request ${refusal.id}`, "quiet"));
  place.replaceChildren(...lines);
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

// Return a copy of a template, with the texts of its parts, which `data-is` names.
export function filled(template, texts) {
  const copy = at(template).content.cloneNode(true);
  for (const part of copy.querySelectorAll("[data-is]")) part.textContent = texts[part.dataset.is] ?? "";
  return copy;
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
