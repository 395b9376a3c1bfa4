// What the console shows is in the fragment of its URL, so that it can be linked, reloaded and left
// with Back: `#/audit?actor=client:engine`. The token never is.

export function here() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const query = Object.fromEntries(new URLSearchParams(search));
  try {
    return { parts: path.split("/").filter(Boolean).map(decodeURIComponent), query };
  } catch {
    // A percent sign without digits.
    return { parts: [path], query };
  }
}

// The members of a query that have a value.
export const present = (query) => Object.fromEntries(
  Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== ""));

// The URL of a view: to(["users", 5], { client: "engine" }).
export function to(parts, query = {}) {
  const search = new URLSearchParams(present(query)).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${search && `?${search}`}`;
}

// Go to a view. One that is shown already is shown again.
export function go(parts, query = {}) {
  if (location.hash === to(parts, query)) dispatchEvent(new Event("hashchange"));
  else location.hash = to(parts, query);
}

// Show a view again at a click on a link to it. The browser does nothing then, and what was typed or
// created would stay.
export function followLinksToHere() {
  document.addEventListener("click", (event) => {
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (plain && event.target.closest("a[href^='#']")?.href === location.href) dispatchEvent(new Event("hashchange"));
  });
}

// Go to a view without leaving the current one in the history.
export function replace(parts, query = {}) {
  location.replace(to(parts, query));
}
