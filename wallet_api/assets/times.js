// Times that people write: as in a log, of today, or relative to now. All are in UTC.

import { Refusal } from "./ask.js";

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY = /^\d{4}-\d\d-\d\d$/;
const CLOCK = /^\d\d:\d\d(:\d\d)?$/;
const RELATIVE = /^-(\d{1,4})([mhd])$/;
// In a link, the + of an offset becomes a space. Between a day and a time, a space is no T.
const FULL = /^(?!\S+ +\S+ +\d)(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|UTC|[+ -]\d\d:\d\d)?$/;

// Whether a time such as 2026-11-30T02:00 exists. A browser takes February 30 and 24:00 for the next day.
function isTime(minute) {
  const date = new Date(`${minute}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(minute);
}

// Return a time as the API takes it. `now` is what relative times refer to.
export function moment(text, now) {
  const relative = RELATIVE.exec(text);
  if (relative) return new Date(now - relative[1] * UNITS[relative[2]]).toISOString();
  const full = DAY.test(text) ? `${text}T00:00Z`
    : CLOCK.test(text) ? `${now.toISOString().slice(0, 10)}T${text}Z`
      : text.replace(FULL, (_, day, clock, zone) => `${day}T${clock}${!zone || zone === "UTC" ? "Z" : zone.replace(" ", "+")}`);
  const exists = isTime(full.slice(0, 16)) && !Number.isNaN(new Date(full).getTime());
  if (!exists || !/T.*(Z|[+-]\d\d:\d\d)$/.test(full)) {
    throw new Refusal({
      error: `“${text}” is not a time.`,
      detail: "Write 2026-11-30 02:00 (UTC), 02:00 for today, or -1h, -30m, -7d before now.",
    });
  }
  return full;
}
