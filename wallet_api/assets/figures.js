// The console's figures, from the responses of /v1/stats and /v1/storage.

import { filled, paragraph } from "./ask.js";
import { bars } from "./bars.js";
import { KINDS, SECRETS, STORAGES, moment, number, rows } from "./words.js";

const total = (list) => list.reduce((sum, row) => sum + row.count, 0);

export function counts(stats) {
  const days = [];
  for (let day = new Date(stats.from); day <= new Date(stats.to); day.setUTCDate(day.getUTCDate() + 1)) {
    days.push(day.toISOString().slice(0, 10));
  }
  const of = (type) => number(total(stats.wallets.filter((row) => row.type === type)));
  const shown = filled("counts-part", {
    users: number(stats.users),
    trading: of("trading"),
    accounts: of("base-account"),
    deposits: number(total(stats.deposits)),
  });
  const wallets = stats.newWallets.map((row) => ({ ...row, kind: KINDS[row.type] }));
  bars(shown.getElementById("new-wallets"), days, Object.values(KINDS), wallets);
  const deposits = stats.deposits.map((row) => ({ ...row, kind: row.asset }));
  bars(shown.getElementById("new-deposits"), days, ["USDC", "ETH"], deposits);
  return shown;
}

export function places({ storage, files, imported, secrets }) {
  const shown = filled("storage-part", { place: STORAGES[storage], imported: number(imported) });
  if (files) {
    const { present, missing, misnamed } = files;
    const texts = { present: number(present), missing: number(missing), misnamed: number(misnamed) };
    shown.querySelector("dl > div").after(filled("file-facts", texts));
  }
  const found = secrets.map(({ keyId, state, wallets, since }) => {
    const keys = `${number(wallets)} ${wallets === 1 ? "key" : "keys"}`;
    return filled("secret-row", { state: SECRETS[state], since: moment(since), key: keyId, keys });
  });
  shown.append(found.length ? rows(found) : paragraph("None yet.", "quiet"));
  return shown;
}
