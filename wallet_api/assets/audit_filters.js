// The filters of the audit log: in the URL, in the form, and as the API takes them.

import { Refusal, explain, named, now } from "./ask.js";
import { h, link } from "./dom.js";
import { hasTime } from "./ids.js";
import { ACTIONS, KEY_USES, SIGNATURES, labelOf } from "./labels.js";
import { go, to } from "./router.js";
import { get } from "./session.js";
import { moment } from "./times.js";

const NAMES = ["action", "actor", "from", "to", "fid", "request_id"];
const FIELDS = { action: "Action", actor: "By", after: "From", before: "To", fid: "FID", request_id: "Request id" };
const PRESETS = { "Last hour": "-1h", "Last 24 hours": "-24h", "Last 7 days": "-7d" };
// The longest range in which the service searches all entries for a request id.
const LONGEST = "-7d";
const GROUPS = { [KEY_USES.join(",")]: "Keys: read or used to sign", [SIGNATURES.join(",")]: "Signatures" };

// The filters of a URL, without spaces around them. Those that it does not have are empty.
export const filtersOf = (query) => Object.fromEntries(NAMES.map((name) => [name, (query[name] ?? "").trim()]));

// Return a page of the entries that the filters find.
export const find = ({ from, to: until, ...rest }, page) =>
  get("audit", { ...rest, after: from, before: until, ...page }).catch((refusal) => { throw named(refusal, FIELDS); });

// Return the filters of a URL or of the form with exact times, because a cursor is valid only for the
// same times, and so is a link. Throws a Refusal.
export function exact(query) {
  const unknown = Object.keys(query).find((name) => !NAMES.includes(name));
  if (unknown) throw new Refusal({ error: `The link has an unknown filter: ${unknown}.`, detail: `The filters are ${NAMES.join(", ")}.` });
  const filters = filtersOf(query);
  const instant = now();
  const [from, until] = [filters.from, filters.to].map((text) => text && moment(text, instant));
  // A Date has milliseconds only: the service compares the microseconds.
  if (from && until && (from === until || new Date(from) > new Date(until))) throw new Refusal({ error: "From must be earlier than To." });
  if (!filters.request_id || filters.fid || hasTime(filters.request_id)) return { ...filters, from, to: until };
  const end = until || instant.toISOString();
  return { ...filters, from: from || moment(LONGEST, new Date(end)), to: end };
}

const field = (name, label, input) =>
  h("p", { class: "field" }, h("label", { for: `filter-${name}` }, label), input);

// `edited` is called with whether the form differs from the filters that apply.
export function filterForm(applied, error, edited) {
  const text = (name, label, more = {}) => field(name, label, h("input", {
    id: `filter-${name}`, name, value: applied[name], autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...more,
  }));
  const options = Object.entries(actions(applied.action)).map(([value, label]) =>
    h("option", { value, selected: value === applied.action }, label));
  const presets = Object.entries(PRESETS).map(([label, from]) => ({ from, element: link("", label) }));
  // What was entered and not applied yet is part of the link of a range, too.
  const point = (filters) => presets.forEach(({ from, element }) => { element.href = to(["audit"], { ...filters, from, to: "" }); });
  const given = (form) => filtersOf(Object.fromEntries(new FormData(form)));
  const submit = (event) => {
    event.preventDefault();
    try {
      go(["audit"], exact(given(event.target)));
    } catch (refusal) {
      explain(refusal, error);
    }
  };
  const edit = ({ currentTarget }) => {
    const filters = given(currentTarget);
    point(filters);
    edited(NAMES.some((name) => filters[name] !== applied[name]));
  };
  point(applied);
  const times = { placeholder: "2026-11-30 02:00", "aria-describedby": "times-hint" };
  return h("form", { id: "filters", class: "card wide filters", onsubmit: submit, oninput: edit, "aria-label": "Filters" },
    field("action", "Action", h("select", { id: "filter-action", name: "action" }, options)),
    text("actor", "By", { placeholder: "client:engine" }),
    text("from", "From (UTC)", times), text("to", "To (UTC)", times),
    text("fid", "FID", { inputmode: "numeric" }), text("request_id", "Request id"),
    h("p", { class: "actions" }, h("button", { class: "primary" }, "Apply"), link("#/audit", "Clear")),
    h("p", { class: "presets quiet", id: "times-hint" }, presets.map(({ element }) => element),
      h("span", {}, "Times are in UTC: 2026-11-30 02:00, 02:00 (today), -90m, -1h or -7d. The end is exclusive.")),
    error);
}

// The choices of the form, with the actions that apply if they are not among them.
function actions(applied) {
  const choices = { "": "Any", ...GROUPS, ...ACTIONS };
  if (Object.hasOwn(choices, applied)) return choices;
  const names = applied.split(",");
  const labels = names.map((name) => labelOf(ACTIONS, name)).join(", ");
  return { ...choices, [applied]: names.length > 1 ? `${names.length} actions: ${labels}` : labels };
}
