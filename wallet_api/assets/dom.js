// Elements of the console. They are built from texts, never from markup.

const SVG = "http://www.w3.org/2000/svg";

// Values that render as nothing.
const ABSENT = [null, undefined, false, ""];

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (!ABSENT.includes(value) || value === "") element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => !ABSENT.includes(child)));
  return element;
}

// Create an HTML element: h("a", { href: "#/", onclick: leave }, "Overview").
export const h = (name, properties = {}, ...children) => fill(document.createElement(name), properties, children);

// Create an SVG element.
export const s = (name, properties = {}, ...children) => fill(document.createElementNS(SVG, name), properties, children);

export const quiet = (...children) => h("p", { class: "quiet" }, ...children);
export const note = (...children) => h("p", { class: "note" }, ...children);

// A part of a view. Its content goes into `body`.
export function card(title, { id, more, wide = false } = {}) {
  const body = h("div", { class: "card-body" });
  const element = h("section", { class: wide ? "card wide" : "card", id, "aria-labelledby": `${id}-title` },
    h("div", { class: "card-head" }, h("h2", { id: `${id}-title` }, title), more), body);
  return { element, body };
}

// A table whose rows become blocks where it does not fit. Then `data-label` names each cell.
export function table(label, columns, rows) {
  const head = h("tr", { role: "row" }, columns.map((name) => h("th", { role: "columnheader", scope: "col" }, name)));
  const body = rows.map((cells) => h("tr", { role: "row" }, cells.map((cell, index) =>
    h("td", { role: "cell", "data-label": columns[index] }, cell))));
  return h("table", { role: "table", "aria-label": label, class: columns.length > 4 ? "rows long" : "rows" },
    h("thead", { role: "rowgroup" }, head), h("tbody", { role: "rowgroup" }, body));
}

// Facts as a list of names and values.
export const facts = (pairs) => h("dl", { class: "facts" }, pairs.map(([name, value, id]) =>
  h("div", {}, h("dt", {}, name), h("dd", { id }, value))));

export const pill = (kind, text) => h("span", { class: `pill ${kind}` }, text);

export const link = (href, ...children) => h("a", { href }, ...children);
