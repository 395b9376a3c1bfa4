// Figures and charts of a range of days.

import { now } from "./ask.js";
import { chart } from "./chart.js";
import { facts, h, note } from "./dom.js";
import { amount, number } from "./format.js";
import { KINDS } from "./labels.js";
import { go, to } from "./router.js";
import { get, settings } from "./session.js";

const DAY_MS = 86_400_000;
const RANGES = { "7 days": 7, "30 days": 30, "90 days": 90, "1 year": 365 };
const DECIMALS = { USDC: 6, ETH: 18 };

const isoDay = (time) => new Date(time).toISOString().slice(0, 10);

export function overview(view, _, { from = "", to: until = "" }) {
  view.title("Overview");
  // What does not depend on the range is above it.
  const totals = h("div", { id: "totals", class: "wide figures" });
  const sums = h("div", { id: "sums", class: "wide figures" });
  const charts = h("div", { id: "charts", class: "wide charts" });
  const form = range(from, until);
  view.add(totals, form, sums, charts);
  view.load(totals, "stats:read", async () => {
    const [stats, { storage }] = await Promise.all([get("stats", { from, to: until }), settings()]);
    // The service completes the range. What somebody entered meanwhile stays.
    form.elements.from.value ||= stats.from;
    form.elements.to.value ||= stats.to;
    sums.replaceChildren(ofRange(stats));
    charts.replaceChildren(...chartsOf(stats));
    return [...filesNote(storage), ofNow(stats)];
  });
}

function range(from, until) {
  const today = now().getTime();
  const ranges = Object.entries(RANGES).map(([label, days]) => {
    const first = isoDay(today - (days - 1) * DAY_MS);
    const chosen = (from || isoDay(today - 29 * DAY_MS)) === first && (until === "" || until === isoDay(today));
    return h("a", { href: to([], { from: first }), "aria-current": chosen ? "true" : null }, label);
  });
  const day = (name, label, value) => h("label", {}, label, " ", h("input", { type: "date", name, value, "aria-label": `${label} (UTC)` }));
  const submit = (event) => {
    event.preventDefault();
    go([], Object.fromEntries(new FormData(event.target)));
  };
  return h("form", { id: "range", class: "wide inline", onsubmit: submit, "aria-label": "Range of days" },
    h("span", { class: "segments" }, ranges), day("from", "From", from), day("to", "To", until), h("button", {}, "Show"),
    h("span", { class: "quiet" }, "Days are in UTC."));
}

// A note about the wallets that /v1/stats does not count.
function filesNote(storage) {
  return storage === "postgres" ? [] : [note("Only wallets in PostgreSQL are counted, not those that are only in files.")];
}

const total = (rows) => rows.reduce((sum, row) => sum + row.count, 0);

function sum(deposits, asset) {
  const units = deposits.filter((row) => row.asset === asset).reduce((all, row) => all + BigInt(row.totalUnits), 0n);
  return `${amount(String(units), DECIMALS[asset])} ${asset}`;
}

function ofNow({ users, wallets }) {
  const of = (type) => number(total(wallets.filter((row) => row.type === type)));
  return facts([
    ["Users", number(users), "users"],
    ["Trading wallets", of("trading"), "trading"],
    ["Base Accounts", of("base-account"), "base-accounts"],
  ]);
}

function ofRange({ newWallets, deposits }) {
  return facts([
    ["New wallets", number(total(newWallets)), "new"],
    ["Deposits prepared", number(total(deposits)), "deposits"],
    ["USDC prepared", sum(deposits, "USDC"), "usdc"],
    ["ETH prepared", sum(deposits, "ETH"), "eth"],
  ]);
}

function chartsOf(stats) {
  const days = [];
  for (let day = Date.parse(stats.from); day <= Date.parse(stats.to); day += DAY_MS) days.push(isoDay(day));
  const wallets = stats.newWallets.map((row) => ({ day: row.day, kind: KINDS[row.type], value: row.count, text: number(row.count) }));
  const counts = merged(stats.deposits, (row) => BigInt(row.count), (count) => String(count), 0);
  const amounts = (asset) => merged(stats.deposits.filter((row) => row.asset === asset), (row) => BigInt(row.totalUnits),
    (units) => amount(String(units), DECIMALS[asset]), DECIMALS[asset]);
  const plots = [
    { id: "new-wallets", title: "New wallets", kinds: Object.values(KINDS), rows: wallets },
    { id: "new-deposits", title: "Deposits prepared", kinds: ["USDC", "ETH"], rows: counts },
    { id: "usdc-amounts", title: "USDC prepared", kinds: ["USDC"], rows: amounts("USDC"), decimals: DECIMALS.USDC },
    { id: "eth-amounts", title: "ETH prepared", kinds: ["ETH"], rows: amounts("ETH"), decimals: DECIMALS.ETH },
  ];
  return plots.map((plot) => h("section", { class: "card", "aria-label": plot.title }, chart({ days, ...plot })));
}

// One row for each day and asset: deposits of several networks are added up.
function merged(deposits, unitsOf, textOf, decimals) {
  const sums = new Map();
  for (const row of deposits) {
    const key = `${row.day} ${row.asset}`;
    sums.set(key, { day: row.day, kind: row.asset, units: (sums.get(key)?.units ?? 0n) + unitsOf(row) });
  }
  return [...sums.values()].map(({ day, kind, units }) => ({ day, kind, value: Number(units) / 10 ** decimals, text: textOf(units) }));
}
