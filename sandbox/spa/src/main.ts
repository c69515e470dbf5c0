import type { MenuItemBody } from "customer-portal-sdk";
import type { Page } from "./page";
import { isSignedIn, me, resume, signOut } from "./portal";
import { drop, keep, takeFromAddress } from "./store";
import { el, panel, show, words } from "./ui";
import { acceptHandover } from "./pages/handover";
import { answerHandover } from "./pages/objection";
import { acceptInvitation } from "./pages/invitation";
import { claimQuote } from "./pages/quote";
import { comeFromGroupware } from "./pages/sso";
import { comeFromSocial } from "./pages/social";
import { faq } from "./pages/faq";
import { home } from "./pages/home";
import { inquiry, inquiryAnswer, inquiryNew } from "./pages/inquiries";
import { login } from "./pages/login";
import { memberships } from "./pages/memberships";
import { order } from "./pages/order";
import { orderChange } from "./pages/order_change";
import { orderNew, orderNewConfirm, orderNewSite } from "./pages/order_new";
import { orders } from "./pages/orders";
import { paid } from "./pages/paying";
import { signUp } from "./pages/sign_up";
import { signUpCorporate } from "./pages/corporate";
import { systemStatus } from "./pages/system_status";
import { unsubscribe } from "./pages/unsubscribe";
import { users } from "./pages/users";
import { verifyEmail } from "./pages/verify_email";

const BASE = "/spa";

// `:id` is one part of a path. `needsSignIn`: whoever is nobody signs in first, and comes back.
const needsSignIn = (page: Page): Page => async (visit) => {
  if (await resume()) return page(visit);
  keep("return-to", visit.path);
  return visit.go("/login");
};
const PAGES: Record<string, Page> = {
  "/": home,
  "/login": login,
  "/sign-up": signUp,
  "/sign-up/corporate": signUpCorporate,
  "/sso": comeFromGroupware,
  "/social/callback": comeFromSocial,
  "/invitations/accept": acceptInvitation,
  "/verify-email": verifyEmail,
  "/handover": acceptHandover,
  "/handover/objection": answerHandover,
  "/quotes/claim": claimQuote,
  "/unsubscribe": unsubscribe,
  "/faq": faq,
  "/inquiries/new": inquiryNew,
  "/inquiries/answer": inquiryAnswer,
  "/inquiries/:id": needsSignIn(inquiry),
  "/company/users": needsSignIn(users),
  "/memberships": needsSignIn(memberships),
  "/orders": needsSignIn(orders),
  "/orders/new": needsSignIn(orderNew),
  "/orders/new/site": needsSignIn(orderNewSite),
  "/orders/new/confirm": needsSignIn(orderNewConfirm),
  "/orders/change": needsSignIn(orderChange),
  "/orders/:id": needsSignIn(order),
  "/orders/:id/paid": needsSignIn(paid),
  "/system-status": needsSignIn(systemStatus),
};

function pageOf(path: string): { page: Page; id: string } | null {
  const exact = PAGES[path];
  if (exact) return { page: exact, id: "" };
  for (const [pattern, page] of Object.entries(PAGES)) {
    if (!pattern.includes(":id")) continue;
    const found = new RegExp(`^${pattern.replace(":id", "([0-9a-f-]{36})")}$`).exec(path);
    if (found) return { page, id: found[1]! };
  }
  return null;
}

let turn = 0;

async function route(): Promise<void> {
  turn += 1;
  const mine = turn;
  const main = document.querySelector<HTMLElement>("#page")!;
  const path = location.pathname.slice(BASE.length).replace(/(.)\/$/, "$1") || "/";
  const whole = path + location.search;
  const address = takeFromAddress();
  const found = pageOf(path);
  if (!found) {
    show("페이지를 찾을 수 없습니다", [el("a", { class: "button", href: `${BASE}/` }, "처음으로")]);
    return;
  }
  for (const box of document.querySelectorAll("dialog")) box.remove();
  main.setAttribute("aria-busy", "true");
  try {
    await found.page({ address, go, path, id: found.id });
    showMenu();
  } catch (problem) {
    if (mine !== turn) return;
    const { code, text } = words(problem);
    if (code === "session_ended") return;
    const again = (): Promise<void> => { history.replaceState(null, "", BASE + whole); return route(); };
    show("잠시 후 다시 시도해 주세요", [panel(null, el("p", { role: "alert", "data-code": code }, text), el("button", { class: "primary", onclick: again }, "다시 시도"))]);
  } finally {
    if (mine === turn) main.removeAttribute("aria-busy");
  }
}

function go(path: string): Promise<void> {
  history.pushState(null, "", BASE + path);
  return route();
}

function showWho(): void {
  const who = document.querySelector<HTMLElement>("#who")!;
  if (!isSignedIn()) {
    who.replaceChildren(el("a", { href: `${BASE}/login` }, "로그인"), el("a", { href: `${BASE}/sign-up` }, "회원가입"));
    return;
  }
  const out = async (): Promise<void> => {
    await signOut();
    await go("/login");
  };
  who.replaceChildren(el("button", { class: "small", onclick: out }, "로그아웃"));
}

// The portal says what is in the menu of this role; this page only draws it.
function showMenu(): void {
  const menu = document.querySelector<HTMLElement>("#menu")!;
  menu.hidden = !isSignedIn();
  if (!isSignedIn()) return menu.replaceChildren();
  void me().then(({ menu: items }) => {
    const open = window.matchMedia("(min-width: 60rem)").matches;
    menu.replaceChildren(el("details", { open }, el("summary", {}, "메뉴"), el("ul", {}, items.map(entry))));
  }, () => undefined);
}

function entry(item: MenuItemBody): HTMLElement {
  const here = item.path !== null && `${BASE}${item.path}`.replace(/\/$/, "") === location.pathname.replace(/\/$/, "");
  const href = item.target === "EXTERNAL" ? item.path : item.path && pageOf(item.path) ? `${BASE}${item.path}` : null;
  return el("li", { "data-key": item.key },
    href ? el("a", { href, "aria-current": here ? "page" : null }, item.label) : el("span", {}, item.label),
    item.children.length > 0 && el("ul", {}, item.children.map(entry)));
}

addEventListener("session", () => { showWho(); showMenu(); });
addEventListener("session-ended", () => {
  keep("return-to", location.pathname.slice(BASE.length) || "/");
  void go("/login");
});
addEventListener("popstate", () => void route());
addEventListener("pageshow", (event) => { if (event.persisted) void route(); }); // back from the payment window
document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>(`a[href^="${BASE}/"]`);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.pathname === `${BASE}/login`) drop("return-to");
  void go(link.getAttribute("href")!.slice(BASE.length));
});
showWho();
void route();
