// The portal over HTTP. The access token lives in memory, the refresh token in a cookie that no
// script sees; after a reload the cookie gets the next access token.

export const PORTAL = document.querySelector('meta[name="portal-url"]').content;
export const BROWSER = "BROWSER";
const SIGNED_IN = "portal.signed-in";
let accessToken = null;

export const isSignedIn = () => accessToken !== null;

export class Problem extends Error {
  constructor(document, status) {
    super(document.title);
    Object.assign(this, document, { status });
  }
}

export async function call(method, path, body, { signedIn = true } = {}) {
  const headers = { "Accept-Language": "ko" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (signedIn && accessToken) headers.Authorization = `Bearer ${accessToken}`;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(PORTAL + path, { method, headers, body: sent, credentials: "include" });
  } catch {
    throw new Problem({ code: "unreachable", title: "고객포털에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요." }, 0);
  }
  const content = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Problem(content, answer.status);
  return content;
}

export const post = (path, body, options) => call("POST", path, body, options);
export const get = (path) => call("GET", path);

export function keepSession(session) {
  accessToken = session.access_token;
  localStorage.setItem(SIGNED_IN, "1");
  dispatchEvent(new Event("session"));
}

export function forgetSession() {
  accessToken = null;
  localStorage.removeItem(SIGNED_IN);
  dispatchEvent(new Event("session"));
}

// Whether somebody is signed in, by this page or by an earlier one.
export async function resume() {
  if (accessToken) return true;
  if (!localStorage.getItem(SIGNED_IN)) return false;
  try {
    keepSession(await post("/v1/auth/refresh", { client_type: BROWSER }, { signedIn: false }));
    return true;
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    forgetSession();
    return false;
  }
}
