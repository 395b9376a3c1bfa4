// The audit log: filters, pages and exports.

import { busy, explain } from "./ask.js";
import { exact, filterForm, filtersOf, find } from "./audit_filters.js";
import { auditTable } from "./audit_rows.js";
import { card, h, link, note, quiet } from "./dom.js";
import { LARGEST_EXPORT, collect, csv, json, save } from "./export.js";
import { number, utc } from "./format.js";
import { hasTime } from "./ids.js";
import { revokeButton } from "./revoke.js";
import { present, replace, to } from "./router.js";
import { knownNetwork } from "./session.js";

const SIZE = 50;

export function audit(view, _, { cursor, ...query }) {
  view.title("Audit log");
  const asked = filtersOf(query);
  const exporting = exports(asked, view);
  const error = h("div", { class: "error", role: "alert" });
  view.add(filterForm(asked, error, exporting.hold));
  const filters = attempt(() => exact(query), error);
  if (!filters) return;
  if (Object.entries(filters).some(([name, value]) => value !== (query[name] ?? ""))) {
    replace(["audit"], filters);
    return;
  }
  const client = /^client:(.+)/.exec(asked.actor)?.[1];
  const tools = h("div", { class: "actions" }, exporting.element, client && revokeButton(view, client, () => notice.replaceChildren(note(`${client} is revoked.`))));
  const notice = h("div", { class: "wide" });
  const { element, body } = card("Entries", { id: "entries", more: tools, wide: true });
  view.add(notice, element);
  view.load(body, "audit:read", async () => {
    const page = await find(asked, { limit: SIZE, cursor });
    const network = await knownNetwork();
    const pages = h("p", { class: "actions pages" },
      cursor && link(to(["audit"], asked), "Newest entries"),
      page.next_cursor && link(to(["audit"], { ...asked, cursor: page.next_cursor }), "Older entries"));
    return [page.data.length ? auditTable(page.data, network) : quiet(none(asked)), pages];
  });
}

const none = ({ request_id: id, from, fid }) => `No entry matches the filters.${
  id && from && !fid && !hasTime(id) ? " This request id does not contain its time. Choose the days of the request, at most 7." : ""}`;

// Return what `work` returns; undefined after showing its error.
function attempt(work, error) {
  try {
    return work();
  } catch (refusal) {
    return explain(refusal, error);
  }
}

// The buttons of an export of the filters that apply. `hold` is called with whether others are in the
// form: then there is nothing to export before they are applied.
function exports(asked, view) {
  const said = h("span", { class: "quiet", role: "status" });
  const button = (kind, type, text) => {
    const run = async () => {
      const { entries, complete, asOf } = await collect(asked, (count) => { said.textContent = number(count); });
      save(`${fileName(asked, asOf)}.${kind}`, type, text(entries));
      said.textContent = complete ? `${number(entries.length)} entries exported.`
        : `The newest ${number(LARGEST_EXPORT)} entries are exported, and there are more. Choose a shorter time range.`;
    };
    const failed = (refusal) => {
      said.textContent = "Nothing was exported.";
      view.fail(refusal);
    };
    return h("button", { type: "button", onclick: (event) => busy(event.currentTarget, run, failed) }, `Export ${kind.toUpperCase()}`);
  };
  const buttons = [button("csv", "text/csv", csv), button("json", "application/json", json)];
  const hold = (edited) => {
    for (const one of buttons) one.disabled = edited;
    said.textContent = edited ? "Apply the filters first." : "";
  };
  return { element: h("div", { class: "actions" }, buttons, said), hold };
}

function fileName(asked, asOf) {
  const parts = Object.values(present(asked)).join("-").replace(/[^\w.-]+/g, "_").slice(0, 80);
  return `audit${parts && `-${parts}`}-as-of-${utc(asOf).replace(/\D/g, "")}`;
}
