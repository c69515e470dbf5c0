// Kakao, Naver, Google: out by the portal's authorization URL, back to /social/callback.
import { BROWSER, get, keepSession, post } from "../api.js";
import { drop, keep, peek } from "../store.js";
import { busy, el, panel, show } from "../ui.js";
import { afterSignIn } from "./login.js";

const LABELS = { kakao: "카카오", naver: "네이버", google: "Google" };

export function socialButtons(verb) {
  const box = el("div", { class: "social" });
  const start = (provider) => busy(box, async () => {
    const started = await get(`/v1/auth/social/${provider}?client_type=${BROWSER}`);
    keep("social", { provider, secret: started.client_secret });
    location.assign(started.authorization_url);
  });
  box.append(...Object.entries(LABELS).map(([provider, label]) =>
    el("button", { type: "button", class: provider, onclick: () => start(provider) }, `${label}로 ${verb}`)));
  return box;
}

export async function comeFromSocial({ go, address }) {
  const attempt = peek("social");
  drop("social");
  const [code, state] = [address("code"), address("state")];
  if (!attempt || !code || !state) return failed(address("error"));
  let done;
  try {
    done = await post(`/v1/auth/social/${attempt.provider}/callback`, { code, state, client_secret: attempt.secret, client_type: BROWSER }, { signedIn: false });
  } catch (problem) {
    if (!problem.code) throw problem;
    return failed(problem.code, problem.detail);
  }
  if (done.state === "SIGNED_IN") {
    keepSession(done.session);
    return afterSignIn({ go });
  }
  keep("social-sign-up", { ticket: done.social_ticket, email: done.email, label: LABELS[attempt.provider] });
  return go("/sign-up");
}

function failed(code, detail) {
  const text = code === "access_denied" ? "동의하지 않아 로그인하지 않았습니다." : (detail ?? "처음부터 다시 시도해 주세요.");
  show("소셜 로그인을 마치지 못했습니다", [panel(null, el("p", { role: "alert" }, text)), el("a", { class: "button", href: "/spa/login" }, "로그인 화면으로")]);
}
