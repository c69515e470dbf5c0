import { forgetSession, isSignedIn, post } from "./api.js";
import { el, show, panel } from "./ui.js";
import { home } from "./pages/home.js";
import { login } from "./pages/login.js";
import { signUp } from "./pages/sign_up.js";
import { signUpCorporate } from "./pages/corporate.js";
import { comeFromGroupware } from "./pages/sso.js";
import { comeFromSocial } from "./pages/social.js";
import { acceptInvitation } from "./pages/invitation.js";
import { verifyEmail } from "./pages/verify_email.js";
import { users } from "./pages/users.js";
import { acceptHandover } from "./pages/handover.js";
import { answerHandover } from "./pages/objection.js";
import { claimQuote } from "./pages/quote.js";
import { unsubscribe } from "./pages/unsubscribe.js";
import { takeFromAddress } from "./store.js";

const PAGES = {
  "/": home,
  "/login": login,
  "/sign-up": signUp,
  "/sign-up/corporate": signUpCorporate,
  "/sso": comeFromGroupware,
  "/social/callback": comeFromSocial,
  "/invitations/accept": acceptInvitation,
  "/verify-email": verifyEmail,
  "/company/users": users,
  "/handover": acceptHandover,
  "/handover/objection": answerHandover,
  "/quotes/claim": claimQuote,
  "/unsubscribe": unsubscribe,
};
const BASE = "/spa";

async function route() {
  const path = location.pathname.slice(BASE.length).replace(/(.)\/$/, "$1") || "/";
  const address = takeFromAddress();
  const page = PAGES[path];
  if (!page) {
    show("페이지를 찾을 수 없습니다", [el("a", { class: "button", href: `${BASE}/` }, "처음으로")]);
    return;
  }
  try {
    await page({ address, go });
  } catch (problem) {
    if (!problem.code) console.error(problem);
    show("잠시 후 다시 시도해 주세요", [panel(null, el("p", { role: "alert" }, problem.detail ?? problem.title ?? ""))]);
  }
}

function go(path) {
  history.pushState(null, "", BASE + path);
  return route();
}

function showWho() {
  const who = document.querySelector("#who");
  if (!isSignedIn()) {
    who.replaceChildren(el("a", { href: `${BASE}/login` }, "로그인"), el("a", { href: `${BASE}/sign-up` }, "회원가입"));
    return;
  }
  const out = async () => {
    await post("/v1/auth/logout").catch(() => {});
    forgetSession();
    go("/login");
  };
  who.replaceChildren(el("button", { class: "small", onclick: out }, "로그아웃"));
}

addEventListener("session", showWho);
addEventListener("popstate", route);
document.addEventListener("click", (event) => {
  const link = event.target.closest(`a[href^="${BASE}/"]`);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href").slice(BASE.length));
});
showWho();
route();
