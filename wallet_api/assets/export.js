// Files with all audit entries that a filter finds.

import { answeredAt } from "./ask.js";
import { find } from "./audit_filters.js";

export const LARGEST_EXPORT = 10_000;
const PAGE = 100;
const KEPT_MS = 60_000;

const COLUMNS = ["createdAt", "action", "actor", "fid", "chain", "address", "ip", "reason", "recipientPublicKey", "requestId", "id", "details"];

// Read the newest entries, page by page, as of the first one. `report` is called with their number so
// far.
export async function collect(filters, report) {
  const entries = [];
  let cursor = null;
  let asOf = null;
  do {
    const page = await find(filters, { limit: PAGE, cursor });
    asOf ??= answeredAt;
    entries.push(...page.data);
    report(entries.length);
    cursor = page.next_cursor;
  } while (cursor && entries.length < LARGEST_EXPORT);
  return { entries, complete: cursor === null, asOf };
}

const write = (value) => `${JSON.stringify(value, null, 2)}\n`;

// A large FID was read as digits, and is a number again. `details` are as they were read.
const exact = (entry) => (typeof entry.fid === "string" && JSON.rawJSON ? { ...entry, fid: JSON.rawJSON(entry.fid) } : entry);

export const json = (entries) => write(entries.map(exact));
export const entryJson = (entry) => write(exact(entry));

// RFC 4180. A spreadsheet would run a cell that begins like a formula, so that it gets an apostrophe.
// Where a spreadsheet separates cells by semicolons, a cell also begins after one, and after a line.
export function csv(entries) {
  const rows = entries.map((entry) => COLUMNS.map((name) => cell(entry[name])).join(","));
  return [COLUMNS.join(","), ...rows, ""].join("\r\n");
}

function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const inert = text.replace(/(^|[;\n\r])(?=["\s]*[=+\-@]|[\t\r])/g, "$1'");
  return `"${inert.replaceAll('"', '""')}"`;
}

// Let the browser store a file.
export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  // Not at once: a browser may read the file later.
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
