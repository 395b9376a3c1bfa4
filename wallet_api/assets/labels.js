// The console's labels for values of the API.

export const KINDS = { trading: "Trading wallet", "base-account": "Base Account" };

export const ACTIONS = {
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

// The label of a value, which is its own label if it has none.
export const labelOf = (labels, value) => (Object.hasOwn(labels, value) ? labels[value] : value);

// Entries that an operator looks for first.
export const SIGNATURES = ["message.signed", "typed_data.signed", "transaction.signed", "authorization.signed"];
// The other entries of a user, which the page of the user lists apart from signatures.
export const OTHER_ACTIONS = Object.keys(ACTIONS).filter((action) => ![...SIGNATURES, "signing.refused"].includes(action));
export const KEY_USES = ["key.read", "key.exported", ...SIGNATURES];

const ALARMING = /^key\.(read|exported)$/;
const REFUSED = /\.refused$/;

export const severity = (action) => (REFUSED.test(action) ? "warn" : ALARMING.test(action) ? "bad" : "plain");

export const STORAGES = { postgres: "PostgreSQL", filesystem: "Files", migrating: "Files and PostgreSQL: migrating" };

export const SECRETS = {
  current: ["good", "Current"],
  previous: ["plain", "Previous"],
  missing: ["bad", "Missing: its keys cannot be decrypted here"],
  retired: ["plain", "Retired"],
};

export const LAYERS = { service: "Service", client: "API client", wallet: "Wallet", user: "User" };

export const SCOPES = {
  "wallets:read": "wallets and deposits of every user",
  "wallets:write": "create wallets",
  "wallets:sign": "sign what policies allow",
  "keys:read": "read private keys",
  "stats:read": "statistics and status",
  "audit:read": "the audit log",
  "policies:read": "policies, and what wallets have spent",
  "policies:write": "change policies",
  "clients:read": "list API clients",
  "clients:write": "create and revoke API clients",
};
