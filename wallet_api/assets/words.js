// Labels of the console, and its format of lists, times and numbers.

import { filled } from "./ask.js";

export const KINDS = { trading: "Trading wallet", "base-account": "Base Account" };
export const ACTS = {
  "wallet.created": "Wallet created",
  "wallet.imported": "Wallet imported from a file",
  "base_account.set": "Base Account stored",
  "key.read": "Private key read",
  "key.refused": "Private key refused",
  "key.exported": "Private key exported to a file",
  "key.resealed": "Private key re-encrypted",
  "message.signed": "Message signed",
  "typed_data.signed": "Typed data signed",
  "transaction.signed": "Transaction signed",
  "authorization.signed": "Delegation authorized",
  "signing.refused": "Signature refused",
  "entries.archived": "Key uses archived",
  "policy.changed": "Policy changed",
  "client.created": "API client created",
  "client.revoked": "API client revoked",
};
export const STORAGES = { postgres: "PostgreSQL", filesystem: "Files", migrating: "Files and PostgreSQL: migrating" };
export const SECRETS = {
  current: "Current secret",
  previous: "Previous secret",
  missing: "Missing secret: keys encrypted under it cannot be decrypted here",
  retired: "Retired secret",
};

export const moment = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
export const number = (count) => count.toLocaleString();

export function rows(items) {
  const list = filled("rows", {}).firstElementChild;
  list.append(...items);
  return list;
}
