// The audit log: filters, pages and exports.

import { busy, explain, now } from "./ask.js";
import { auditTable } from "./audit_rows.js";
import { card, h, link, note, quiet } from "./dom.js";
import { LARGEST_EXPORT, collect, csv, json, save } from "./export.js";
import { number, utc } from "./format.js";
import { ACTIONS, KEY_USES } from "./labels.js";
import { revokeButton } from "./revoke.js";
import { go, present, replace, to } from "./router.js";
import { get, knownNetwork } from "./session.js";
import { moment } from "./times.js";

const SIZE = 50;
const NAMES = ["action", "actor", "from", "to", "fid", "request_id"];
const NOW = "-0m";
const PRESETS = { "Last hour": "-1h", "Last 24 hours": "-24h", "Last 7 days": "-7d" };

export function audit(view, _, query) {
  view.title("Audit log");
  const asked = Object.fromEntries(NAMES.map((name) => [name, query[name] ?? ""]));
  const error = h("div", { class: "error", role: "alert" });
  const form = filters(asked, error);
  view.add(form);
  const exact = attempt(() => withExactTimes(asked), error);
  if (!exact) return;
  if (exact.from !== asked.from || exact.to !== asked.to) {
    // A cursor is valid only for the same times, and so is a link.
    replace(["audit"], exact);
    return;
  }
  const client = /^client:(.+)/.exec(asked.actor)?.[1];
  const tools = h("div", { class: "actions" }, exports(asked, view), client && revokeButton(view, client, () => notice.replaceChildren(note(`${client} is revoked.`))));
  const notice = h("div", { class: "wide" });
  const { element, body } = card("Entries", { id: "entries", more: tools, wide: true });
  view.add(notice, element);
  view.load(body, "audit:read", async () => {
    const page = await get("audit", { ...parameters(asked), limit: SIZE, cursor: query.cursor });
    const network = await knownNetwork();
    const pages = h("p", { class: "actions pages" },
      query.cursor && link(to(["audit"], asked), "Newest entries"),
      page.next_cursor && link(to(["audit"], { ...asked, cursor: page.next_cursor }), "Older entries"));
    return [page.data.length ? auditTable(page.data, network) : quiet("No entry matches the filters."), pages];
  });
}

function withExactTimes({ from, to: until, ...rest }) {
  const instant = now();
  return { ...rest, from: from && moment(from, instant), to: until && moment(until, instant) };
}

// The parameters of /v1/audit.
const parameters = ({ from, to: until, ...rest }) => ({ ...rest, after: from, before: until });

// Return what `work` returns; undefined after showing its error.
function attempt(work, error) {
  try {
    return work();
  } catch (refusal) {
    return explain(refusal, error);
  }
}

const field = (name, label, input) =>
  h("p", { class: "field" }, h("label", { for: `filter-${name}` }, label), input);

function filters(asked, error) {
  const text = (name, label, more = {}) => field(name, label, h("input", {
    id: `filter-${name}`, name, value: asked[name], autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...more,
  }));
  const choices = { "": "Any", [KEY_USES.join(",")]: "Keys: read or used to sign", ...ACTIONS };
  const options = Object.entries(choices).map(([value, label]) =>
    h("option", { value, selected: value === asked.action }, label));
  const times = { placeholder: "2026-11-30 02:00", "aria-describedby": "times-hint" };
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, value.trim()]));
    const exact = attempt(() => withExactTimes(given), error);
    if (exact) go(["audit"], exact);
  };
  return h("form", { id: "filters", class: "card wide filters", onsubmit: submit, "aria-label": "Filters" },
    field("action", "Action", h("select", { id: "filter-action", name: "action" }, options)),
    text("actor", "By", { placeholder: "client:engine" }),
    text("from", "From (UTC)", times), text("to", "To (UTC)", times),
    text("fid", "FID", { inputmode: "numeric" }), text("request_id", "Request id"),
    h("p", { class: "actions" }, h("button", { class: "primary" }, "Apply"), link("#/audit", "Clear")),
    h("p", { class: "presets quiet", id: "times-hint" },
      Object.entries(PRESETS).map(([label, from]) => link(to(["audit"], { ...asked, from, to: asked.request_id && NOW }), label)),
      h("span", {}, "Times are in UTC: 2026-11-30 02:00, 02:00 (today), -90m, -1h or -7d. The end is exclusive.")),
    error);
}

function exports(asked, view) {
  const said = h("span", { class: "quiet", role: "status" });
  const button = (kind, type, text) => {
    const run = async () => {
      const { entries, complete } = await collect(parameters(asked), (count) => { said.textContent = number(count); });
      save(`${fileName(asked)}.${kind}`, type, text(entries));
      said.textContent = complete ? `${number(entries.length)} entries exported.`
        : `The newest ${number(LARGEST_EXPORT)} entries are exported, and there are more. Choose a shorter time range.`;
    };
    const failed = (refusal) => {
      said.textContent = "Nothing was exported.";
      view.fail(refusal);
    };
    return h("button", { type: "button", onclick: (event) => busy(event.currentTarget, run, failed) }, `Export ${kind.toUpperCase()}`);
  };
  return h("div", { class: "actions" }, button("csv", "text/csv", csv), button("json", "application/json", json), said);
}

function fileName(asked) {
  const parts = Object.values(present(asked)).join("-").replace(/[^\w.-]+/g, "_").slice(0, 80);
  return `audit${parts && `-${parts}`}-as-of-${utc(new Date()).replace(/\D/g, "")}`;
}
