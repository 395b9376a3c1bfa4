// One prepared deposit, and the rows of many.

import { card, facts, h, link, note, table } from "./dom.js";
import { decimal, fidLink, time } from "./format.js";
import { address, copyButton, copyable, outside, short } from "./ids.js";
import { get } from "./session.js";

export function deposit(view, [id = ""]) {
  view.title(`Deposit ${short(id)}`, copyButton(id, "deposit id"));
  const { element, body } = card("Deposit", { id: "deposit", wide: true });
  view.add(element);
  view.load(body, "wallets:read", async () => {
    const found = await get(`deposits/${encodeURIComponent(id)}`);
    const explorer = new URL(found.explorer.sender).origin;
    return [
      facts([
        ["User", fidLink(found.fid)],
        ["Amount", `${decimal(found.amount)} ${found.asset}`],
        ["Status", found.status],
        ["Prepared", time(found.createdAt)],
        ["Network", `${found.network.name} (chain ${found.network.chainId})`],
        ["From", address(found.fromAddress, explorer)],
        ["To the trading wallet", address(found.depositAddress, explorer)],
        ["Deposit id", copyable(found.id, "deposit id")],
      ]),
      note(found.note, " ", h("a", { href: found.explorer.wallet, target: "_blank", rel: "noreferrer" }, "Transfers of the wallet")),
    ];
  });
}

export function depositTable(deposits) {
  return table("Deposits", ["Prepared", "Amount", "Status", "Id"], deposits.map((one) => [
    time(one.createdAt),
    h("span", { class: "amount", title: `${one.amountUnits} in the smallest unit` }, `${decimal(one.amount)} ${one.asset}`),
    h("span", { class: "copyable" }, one.status,
      outside(one.explorer.wallet, "Show the transfers of the trading wallet in the block explorer")),
    copyable(one.id, "deposit id", link(`#/deposits/${one.id}`, short(one.id))),
  ]));
}
