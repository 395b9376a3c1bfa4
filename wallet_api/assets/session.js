// The token of the operator, and the requests that send it.

import { Refusal, ask } from "./ask.js";
import { present } from "./router.js";

const KEY = "wallet-api.token";

// sessionStorage belongs to one tab and survives a reload. SECURITY.md describes the risk.
export const token = () => sessionStorage.getItem(KEY);
export const forget = () => sessionStorage.removeItem(KEY);

const path = (route, query) => {
  const search = new URLSearchParams(present(query)).toString();
  return `v1/${route}${search && `?${search}`}`;
};

export const get = (route, query = {}) => ask(path(route, query), { token: token() });

// `ifUnknown` says what to do if it is not known whether something was written.
export const post = (route, { body, ifUnknown }) =>
  ask(path(route, {}), { token: token(), method: "POST", body: body && JSON.stringify(body), ifUnknown });

// Keep a token that the service recognizes. It may lack the scope of this request.
export async function signIn(given) {
  await ask(path("status", {}), { token: given }).catch((refusal) => {
    if (!(refusal instanceof Refusal) || refusal.code !== "insufficient_scope") throw refusal;
  });
  sessionStorage.setItem(KEY, given);
}

let known = null;

// The network of the service; null for a token without stats:read.
export const knownNetwork = () => settings().then(({ network }) => network, () => null);

// Whether the token is that of this client of a list.
export const isOwn = ({ tokenPrefix }) => token().startsWith(tokenPrefix);

// Return the name of the client whose token this is; null if the clients cannot be listed.
export async function ownName() {
  let cursor = null;
  do {
    const page = await get("clients", { limit: 100, cursor }).catch(() => null);
    const own = page?.data.find(isOwn);
    if (own) return own.name;
    cursor = page?.next_cursor;
  } while (cursor);
  return null;
}

// What does not change while the service runs: its network and its wallet storage.
export function settings() {
  known ??= get("status").then(({ network, storage }) => ({ network, storage }), (refusal) => {
    known = null;
    throw refusal;
  });
  return known;
}
