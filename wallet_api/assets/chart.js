// Bars by day, stacked by kind, with axes and values under the pointer. A table has the numbers.
// Kinds are filled or hollow, so that they differ without color.

import { h, s } from "./dom.js";

const HEIGHT = 200;
const MARGIN = { top: 12, right: 8, bottom: 24 };
const DIGIT_WIDTH = 7;
const SHORTEST_AXIS = 48;
const LABEL_WIDTH = 64;
const STEPS = [1, 2, 2.5, 5, 10];

// The smallest round step that needs at most four of it for the maximum, in whole units.
function roundStep(maximum, unit) {
  const rough = maximum / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * STEPS.find((one) => one * power >= rough * (1 - 1e-9));
  return unit * Math.max(1, Math.ceil(step / unit - 1e-9));
}

// Ticks are few multiples of a step of two digits.
const shortNumber = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const dayName = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" });

// Draw `rows` ({ day, kind, value, text }) of `days`. `text` is the exact value, which has at most
// `decimals`. An axis of counts has no fewer than four.
export function chart({ id, title, days, kinds, rows, decimals = 0 }) {
  const cells = new Map(rows.map((row) => [`${row.day} ${row.kind}`, row]));
  const columns = days.map((day) => kinds.map((kind) => cells.get(`${day} ${kind}`) ?? { value: 0, text: "0" }));
  const sums = columns.map((column) => column.reduce((sum, cell) => sum + cell.value, 0));
  const step = roundStep(Math.max(...sums, decimals ? 0 : 4), 10 ** -decimals);
  const steps = Math.max(1, Math.ceil(Math.max(...sums) / step - 1e-9));
  const top = step * steps;
  const ticks = Array.from({ length: steps + 1 }, (_, index) => shortNumber.format(step * index));
  const left = Math.max(SHORTEST_AXIS, DIGIT_WIDTH * Math.max(...ticks.map((tick) => tick.length)) + 12);

  const describe = (index) =>
    `${days[index]}: ${kinds.map((kind, place) => `${kind} ${columns[index][place].text}`).join(", ")}`;
  const most = describe(sums.indexOf(Math.max(...sums)));
  const tip = h("div", { class: "tip", role: "status" });
  const marker = s("rect", { class: "marker", y: MARGIN.top, height: HEIGHT - MARGIN.top - MARGIN.bottom, width: 0 });
  const svg = s("svg", { role: "img", tabindex: "0", height: HEIGHT,
    "aria-label": `${title}. Most: ${most}. The arrow keys move from day to day.` });
  const y = (value) => HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  // The width of a day, and the day under the pointer.
  let each = 0;
  let shown = null;
  const x = (index) => left + index * each;

  function draw(width) {
    each = (width - left - MARGIN.right) / days.length;
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const lines = [];
    for (const [index, tick] of ticks.entries()) {
      const place = y(step * index);
      lines.push(s("line", { class: index ? "grid" : "axis", x1: left, x2: width - MARGIN.right, y1: place, y2: place }),
        s("text", { class: "tick", x: left - 8, y: place + 4, "text-anchor": "end" }, tick));
    }
    const every = Math.ceil(days.length / Math.max(1, Math.floor((width - left) / LABEL_WIDTH)));
    for (let index = 0; index < days.length; index += every) {
      lines.push(s("text", { class: "tick", x: x(index) + each / 2, y: HEIGHT - 6, "text-anchor": "middle" }, dayName.format(new Date(days[index]))));
    }
    const bars = columns.flatMap((column, index) => {
      let below = 0;
      return column.flatMap((cell, kind) => {
        below += cell.value;
        return cell.value ? [s("rect", { class: `kind-${kind}`, x: x(index) + each * 0.15, width: each * 0.7, y: y(below), height: y(below - cell.value) - y(below) })] : [];
      });
    });
    svg.replaceChildren(marker, ...lines, ...bars);
    point(shown);
  }

  function point(index) {
    shown = index === null ? null : Math.min(days.length - 1, Math.max(0, index));
    tip.textContent = shown === null ? "" : describe(shown);
    marker.setAttribute("x", x(shown ?? 0));
    marker.setAttribute("width", shown === null ? 0 : each);
  }

  for (const name of ["pointermove", "pointerdown"]) {
    svg.addEventListener(name, (event) => point(Math.floor((event.offsetX - left) / each)));
  }
  // A finger leaves at the end of a tap, and the value stays.
  svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") point(null); });
  svg.addEventListener("blur", () => point(null));
  svg.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    point(shown === null ? days.length - 1 : shown + move);
  });
  new ResizeObserver(([entry]) => draw(Math.max(200, Math.round(entry.contentRect.width)))).observe(svg);
  return h("figure", { id }, h("figcaption", {}, title), legend(kinds), h("div", { class: "plot" }, svg, tip), numbers(days, kinds, columns, sums));
}

function legend(kinds) {
  if (kinds.length === 1) return null;
  return h("p", { class: "legend" }, kinds.map((kind, index) => h("span", {},
    s("svg", { viewBox: "0 0 16 16", width: 12, height: 12, "aria-hidden": "true" }, s("rect", { x: 1, y: 1, width: 14, height: 14, class: `kind-${index}` })), kind)));
}

function numbers(days, kinds, columns, sums) {
  const rows = days.flatMap((day, index) => (sums[index] ? [h("tr", {},
    h("th", { scope: "row" }, day), columns[index].map((cell) => h("td", {}, cell.text)))] : []));
  return h("details", {}, h("summary", {}, "Show as a table"), h("table", { class: "numbers" },
    h("thead", {}, h("tr", {}, ["Day (UTC)", ...kinds].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
}
