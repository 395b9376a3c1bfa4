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

export function go(parts, query = {}) {
  location.hash = to(parts, query);
}

// Go to a view without leaving the current one in the history.
export function replace(parts, query = {}) {
  location.replace(to(parts, query));
}
