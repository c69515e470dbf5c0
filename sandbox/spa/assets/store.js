// What has to outlive a way to a social provider and back, in this tab only.

const KEY = "portal.pending.";
const MINUTES = 10;

export function keep(name, value) {
  const until = Date.now() + MINUTES * 60_000;
  sessionStorage.setItem(KEY + name, JSON.stringify({ value, until }));
}

export function peek(name) {
  const { value, until } = JSON.parse(sessionStorage.getItem(KEY + name) ?? "{}");
  return until > Date.now() ? value : undefined;
}

export function drop(name) {
  sessionStorage.removeItem(KEY + name);
}

// A secret of the address (?code=, #token=) is read once and leaves the address bar and history.
export function takeFromAddress() {
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (location.search || location.hash) history.replaceState(null, "", location.pathname);
  return (name) => query.get(name) ?? fragment.get(name);
}
