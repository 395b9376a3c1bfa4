// Rows of prepared deposits on the page of users.

import { filled } from "./ask.js";
import { time } from "./format.js";
import { copyable } from "./ids.js";

export function depositRow({ asset, amount, amountUnits, network, status, explorer, createdAt, id }) {
  const row = filled("deposit-row", { amount: `${amount} ${asset}`, status, made: time(createdAt), network: network.name, id: copyable(id, "deposit id") });
  row.querySelector("strong").title = `${amountUnits} in the smallest unit`;
  for (const link of row.querySelectorAll("[data-explorer]")) link.href = explorer[link.dataset.explorer];
  return row;
}
