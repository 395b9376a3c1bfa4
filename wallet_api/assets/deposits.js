// Rows of prepared deposits, on the user's page and in the console.

import { filled } from "./ask.js";

export function depositRow({ asset, amount, amountUnits, network, status, fromAddress, explorer, createdAt, id }) {
  const row = filled("deposit-row", { amount: `${amount} ${asset}`, status, made: createdAt, network: network.name, sender: fromAddress, id });
  row.querySelector("strong").title = `${amountUnits} in the smallest unit`;
  row.querySelector("time").dateTime = createdAt;
  for (const link of row.querySelectorAll("[data-explorer]")) link.href = explorer[link.dataset.explorer];
  return row;
}
