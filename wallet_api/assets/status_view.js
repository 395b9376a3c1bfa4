// The state of the service: readiness, migrations, secrets, pools, limits and alarms.

import { Refusal, ask } from "./ask.js";
import { card, facts, h, note, pill, quiet, table } from "./dom.js";
import { duration, number, plural, time } from "./format.js";
import { copyable } from "./ids.js";
import { SECRETS, STORAGES } from "./labels.js";
import { get } from "./session.js";

export function status(view) {
  view.title("Status");
  const parts = ["Service", "Migrations", "Connections", "Rate limits", "Alarms", "Wallet files", "Encryption secrets"];
  const [service, migrations, pools, limits, alarms, files, secrets] = parts.map((title) =>
    card(title, { id: title.toLowerCase().replaceAll(" ", "-"), wide: title === "Encryption secrets" }));
  view.add(...[service, migrations, pools, limits, alarms, files, secrets].map(({ element }) => element));
  const state = get("status");
  const storage = get("storage");
  const load = ({ body }, work) => view.load(body, "stats:read", work);
  // Readiness needs no token, and says why /v1/status fails.
  load(service, async () => servicePart(await readiness(), await state.catch(() => null)));
  load(migrations, async () => migrationsPart((await state).migrations));
  load(pools, async () => [poolTable((await state).pools)]);
  load(limits, async () => limitsPart((await state).limits));
  load(alarms, async () => alarmsPart((await state).alarms));
  load(files, async () => filesPart(await storage));
  load(secrets, async () => secretsPart((await storage).secrets));
}

// Return the reason why the service is not ready, or null.
async function readiness() {
  try {
    await ask("readyz");
    return null;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    return refusal.message;
  }
}

function servicePart(reason, state) {
  const rest = state && [
    ["Version", state.version, "version"],
    ["Wallet storage", STORAGES[state.storage], "place"],
    ["Network", `${state.network.name} (chain ${state.network.chainId})`],
  ];
  return [facts([["State", reason === null ? pill("good", "Ready") : pill("bad", reason), "ready"], ...(rest ?? [])])];
}

function migrationsPart({ applied, newest, missing }) {
  return [facts([
    ["State", missing.length ? pill("bad", `${plural(missing.length, "migration")} missing`) : pill("good", "Up to date"), "migrated"],
    ["Applied", number(applied), "applied"],
    ["Newest", newest ? h("code", {}, newest) : "none"],
  ]), ...(missing.length ? [h("ul", {}, missing.map((name) => h("li", {}, h("code", {}, name))))] : [])];
}

function poolTable(pools) {
  return table("Connection pools", ["Pool", "In use", "At most"], pools.map(({ name, inUse, max }) => [
    name,
    h("span", { class: "window" }, h("meter", { min: 0, max, high: max * 0.8, optimum: 0, value: inUse, "aria-label": `${inUse} of ${max} connections in use` }), h("span", {}, number(inUse))),
    number(max),
  ]));
}

function limitsPart(limits) {
  if (!limits.length) return [quiet("Requests are not limited.")];
  const names = { ip: "IP address", user: "User", client: "API client", writes: "User (writes)" };
  return [table("Rate limits", ["For each", "Requests", "In"], limits.map(({ per, amount, seconds }) =>
    [names[per], number(amount), duration(seconds)]))];
}

function alarmsPart(alarms) {
  if (!alarms.length) return [h("p", {}, pill("good", "No alarm")), quiet("Since the processes of this machine started.")];
  return [table("Alarms", ["Code", "Times"], alarms.map(({ code, count }) => [pill("bad", code), number(count)])),
    note("Counted since the processes of this machine started. The log has the reason of each, at the level critical.")];
}

function filesPart({ files, imported }) {
  const counted = files ? [
    ["Files with a row in PostgreSQL", number(files.present), "present"],
    ["Files without a row", number(files.missing), "missing"],
    ["Files that are not wallet files", number(files.misnamed), "misnamed"],
  ] : [];
  return [facts([...counted, ["Imported from files", number(imported), "imported"]])];
}

function secretsPart(secrets) {
  if (!secrets.length) return [quiet("None yet.")];
  return [table("Encryption secrets", ["Secret", "State", "Keys", "Since"], secrets.map(({ keyId, state, wallets, since }) =>
    [copyable(keyId, "key id"), pill(...SECRETS[state]), plural(wallets, "key"), time(since)]))];
}
