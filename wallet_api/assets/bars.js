// Bars by day, stacked by kind. Kinds differ by pattern, not by color. A table shows the numbers.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 140;

function draw(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

function element(name, text, parent) {
  const child = document.createElement(name);
  child.textContent = text;
  parent.append(child);
  return child;
}

function short(day) {
  return new Date(day).toLocaleDateString(undefined, { month: "short", day: "numeric", timeZone: "UTC" });
}

export function bars(figure, days, kinds, rows) {
  const counts = days.map((day) => kinds.map((kind) =>
    rows.filter((row) => row.day === day && row.kind === kind).reduce((sum, row) => sum + row.count, 0)));
  const sums = counts.map((ofDay) => ofDay.reduce((one, other) => one + other));
  const most = Math.max(1, ...sums);
  const step = WIDTH / days.length;

  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("role", "img");
  const together = sums.reduce((one, other) => one + other);
  svg.setAttribute("aria-label", `${together} in ${days.length} days, ${Math.max(...sums)} on the busiest. The numbers are below.`);
  counts.forEach((ofDay, index) => {
    let y = HEIGHT;
    ofDay.forEach((count, kind) => {
      const height = (count / most) * (HEIGHT - 2);
      y -= height;
      const box = { x: index * step + step * 0.15, y, width: step * 0.7, height };
      if (count) draw("rect", { ...box, class: `kind-${kind}` }, svg);
    });
  });
  draw("line", { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: "axis" }, svg);

  const axis = document.createElement("p");
  axis.className = "days quiet";
  for (const text of [short(days[0]), `busiest day: ${Math.max(...sums)}`, short(days.at(-1))]) element("span", text, axis);

  const legend = document.createElement("p");
  legend.className = "legend";
  kinds.forEach((kind, index) => {
    const key = element("span", "", legend);
    const swatch = draw("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, key);
    draw("rect", { x: 1, y: 1, width: 14, height: 14, class: `kind-${index}` }, swatch);
    key.append(kind);
  });

  const numbers = document.createElement("details");
  element("summary", "The numbers", numbers);
  const table = element("table", "", numbers);
  const head = element("tr", "", element("thead", "", table));
  for (const name of ["Day", ...kinds]) element("th", name, head).scope = "col";
  const body = element("tbody", "", table);
  days.forEach((day, index) => {
    if (!sums[index]) return;
    const row = element("tr", "", body);
    element("th", day, row).scope = "row";
    for (const count of counts[index]) element("td", count.toLocaleString(), row);
  });
  figure.replaceChildren(figure.firstElementChild, legend, svg, axis, numbers);
}
