// The portal by its generated SDK. The access token lives in memory, the refresh token in a cookie
// that no script sees; after a reload, or when the access token has ended, the cookie gets the next.
import { Auth, Me, client } from "customer-portal-sdk";
import type { MeBody, SessionBody } from "customer-portal-sdk";
import { dropEverything, peek } from "./store";

export const PORTAL = document.querySelector<HTMLMetaElement>('meta[name="portal-url"]')!.content;
export const BROWSER = "BROWSER";
const SIGNED_IN = "portal.signed-in";
const SECONDS = 30;

let accessToken: string | null = null;
let known: Promise<MeBody> | null = null;

export const isSignedIn = (): boolean => accessToken !== null;

// What every refusal is: `code` is a code of the contract, or one of the three of this page.
export class Problem extends Error {
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly fields: { field: string; message: string }[];

  constructor(readonly status: number, said: Record<string, unknown>) {
    super(String(said["title"] ?? ""));
    this.code = String(said["code"] ?? "unknown");
    this.detail = String(said["detail"] ?? said["title"] ?? "");
    this.requestId = typeof said["request_id"] === "string" ? said["request_id"] : null;
    this.fields = Array.isArray(said["errors"]) ? said["errors"] : [];
  }
}

const UNREACHABLE = {
  code: "unreachable",
  title: "고객포털에 연결할 수 없습니다.",
  detail: "고객포털에 연결할 수 없습니다. 입력한 내용은 그대로 있습니다. 잠시 후 다시 시도해 주세요.",
};
const NOT_JSON = {
  code: "unavailable",
  title: "고객포털이 잠시 응답하지 않습니다.",
  detail: "고객포털이 잠시 응답하지 않습니다. 잠시 후 다시 시도해 주세요.",
};
const SESSION_ENDED = {
  code: "session_ended",
  title: "로그인이 만료되었습니다.",
  detail: "로그인이 만료되었습니다. 다시 로그인해 주세요.",
};

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(SECONDS * 1000) });
  } catch {
    throw new Problem(0, UNREACHABLE);
  }
}

// A request whose token has ended is sent once more, with the same body and the same key.
async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const chosen = peek<string>("company");
  if (chosen && request.headers.has("Authorization")) request.headers.set("X-Company-Id", chosen);
  const again = request.clone();
  const answer = await reach(request);
  if (answer.status !== 401 || !request.headers.has("Authorization")) return answer;
  const said: { code?: string } = await answer.clone().json().catch(() => ({}));
  if (said.code !== "not_authenticated") return answer;
  accessToken = null;
  if (!(await resume())) {
    dispatchEvent(new Event("session-ended"));
    throw new Problem(401, SESSION_ENDED);
  }
  again.headers.set("Authorization", `Bearer ${accessToken}`);
  return reach(again);
}

client.setConfig({
  baseUrl: PORTAL,
  credentials: "include",
  headers: { "Accept-Language": "ko" },
  auth: () => accessToken ?? undefined,
  fetch: send as typeof fetch,
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

// What the portal answered, or its refusal as a `Problem`.
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (error === undefined) return data as T;
  if (error instanceof Problem) throw error;
  const isProblem = typeof error === "object" && error !== null && "code" in error;
  throw new Problem(response?.status ?? 0, isProblem ? { ...error } : NOT_JSON);
}

export function keepSession(session: SessionBody): void {
  accessToken = session.access_token;
  localStorage.setItem(SIGNED_IN, "1");
  known = null;
  dispatchEvent(new Event("session"));
}

export function forgetSession(): void {
  accessToken = null;
  known = null;
  localStorage.removeItem(SIGNED_IN);
  dispatchEvent(new Event("session"));
}

export async function signOut(): Promise<void> {
  await ask(Auth.logOut()).catch(() => undefined);
  dropEverything();
  forgetSession();
}

let renewing: Promise<boolean> | null = null;

// Whether somebody is signed in, by this page or by an earlier one. Two tabs take turns: each
// refresh token is good for once.
export function resume(): Promise<boolean> {
  if (accessToken) return Promise.resolve(true);
  if (!localStorage.getItem(SIGNED_IN)) return Promise.resolve(false);
  renewing ??= inTurn();
  return renewing;
}

async function inTurn(): Promise<boolean> {
  try {
    return await navigator.locks.request("portal.refresh", renew);
  } finally {
    renewing = null;
  }
}

async function renew(): Promise<boolean> {
  try {
    keepSession(await ask(Auth.refresh({ body: { client_type: BROWSER } })));
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
    forgetSession();
    return false;
  }
}

// Who this is: asked once, and again after `changed`.
export function me({ changed = false } = {}): Promise<MeBody> {
  if (changed || known === null) {
    known = ask(Me.get());
    known.catch(() => { known = null; });
  }
  return known;
}

// Whose draft it is: what somebody else began in this tab is not gone on with.
export async function owner(): Promise<string> {
  const { account, company } = await me();
  return `${account.kind}:${account.login_id ?? account.email ?? ""}:${company?.id ?? ""}`;
}
