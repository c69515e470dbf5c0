// What outlives a reload, a way to a provider and back, and a sign-in in between; in this tab only.

const KEY = "portal.pending.";
const INTENT = "portal.intent.";
const MINUTES = 60;

export function keep(name: string, value: unknown): void {
  const until = Date.now() + MINUTES * 60_000;
  sessionStorage.setItem(KEY + name, JSON.stringify({ value, until }));
}

export function peek<T>(name: string): T | undefined {
  const { value, until } = JSON.parse(sessionStorage.getItem(KEY + name) ?? "{}");
  return until > Date.now() ? value : undefined;
}

export function drop(name: string): void {
  sessionStorage.removeItem(KEY + name);
}

export function dropEverything(): void {
  sessionStorage.clear();
}

// One key for one intent: the same wish has the same key however often it is sent, by a double
// click, after a lost answer or after a reload. Another wish has another.
export function intent(name: string, wish: unknown): { "Idempotency-Key": string } {
  const wanted = JSON.stringify(wish);
  const kept = JSON.parse(sessionStorage.getItem(INTENT + name) ?? "null");
  if (kept?.wanted === wanted) return { "Idempotency-Key": kept.key };
  const key = crypto.randomUUID();
  sessionStorage.setItem(INTENT + name, JSON.stringify({ wanted, key }));
  return { "Idempotency-Key": key };
}

// The wish came true, or will not: the next one like it is a new one.
export function intentDone(name: string): void {
  sessionStorage.removeItem(INTENT + name);
}

export type Address = (name: string) => string | null;

// A secret of the address (?code=, #token=) is read once and leaves the address bar and history.
export function takeFromAddress(): Address {
  const query = new URLSearchParams(location.search);
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (location.search || location.hash) history.replaceState(null, "", location.pathname);
  return (name) => query.get(name) ?? fragment.get(name);
}
