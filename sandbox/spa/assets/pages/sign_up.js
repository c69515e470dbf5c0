import { BROWSER, get, keepSession, post } from "../api.js";
import { drop, peek } from "../store.js";
import { busy, el, field, panel, show, valueOf } from "../ui.js";
import { home } from "./home.js";
import { identitySection } from "./identity.js";
import { afterSignIn, linkNotice, linked } from "./login.js";
import { socialButtons } from "./social.js";
import { consentsOf, termsList } from "./terms.js";

export async function signUp({ go }) {
  const sso = peek("sso");
  const social = peek("social-sign-up");
  const terms = (await get("/v1/terms?use=SIGN_UP")).items;
  let person = null;
  const identity = await identitySection((token) => { person = token; submit.disabled = false; });
  const submit = el("button", { class: "primary", disabled: true }, "가입하기");
  const way = el("div", {});
  const rest = el("form", {}, way, panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)")),
    el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go("/login") }, "취소"), submit));
  const chooseWay = (name) => way.replaceChildren(...(name === "social" ? socialWay(social) : idWay()));
  rest.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(rest, () => send(rest, { person, sso, social, terms, go }));
  });
  const kind = (value) => value === "corporate" && go("/sign-up/corporate");
  const ways = choices("가입 형태 선택", "way", [["id", "일반가입", !social], ["social", "소셜 회원 가입", Boolean(social)]], (value) => {
    chooseWay(value);
    const waits = value === "social" && !social;
    for (const part of [identity, rest.querySelector(".terms").parentElement, rest.lastElementChild]) part.hidden = waits;
  });
  chooseWay(social ? "social" : "id");
  show("회원가입", [
    sso && linkNotice(sso),
    choices("회원 구분", "kind", [["corporate", sso ? "기업회원 (선택불가)" : "기업회원", false, Boolean(sso)], ["individual", "개인회원", true]], kind),
    el("p", { class: "hint" }, "신규 주문과 서비스 개설은 기업회원만 가능하오니 참고해 주시기 바랍니다."),
    ways, identity, rest,
  ].filter(Boolean));
}

function choices(title, name, options, chosen) {
  return el("fieldset", { class: "choices" }, el("legend", {}, title),
    options.map(([value, label, checked, disabled]) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value, checked, disabled, onchange: () => chosen(value) }), label)));
}

function idWay() {
  return [panel("로그인 정보",
    field("아이디 (ID)", { name: "login_id", required: true, minlength: 5, maxlength: 30, autocomplete: "username" }, "영문 소문자로 시작하는 5~30자"),
    field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상"),
    field("이메일", { name: "email", type: "email", required: true, autocomplete: "email" }))];
}

function socialWay(social) {
  if (!social) return [panel("소셜 회원 가입", socialButtons("가입"))];
  return [panel("소셜 회원 가입",
    el("p", { class: "done" }, `✓ ${social.label} 계정을 확인했습니다.`),
    field("이메일", { name: "email", type: "email", required: true, value: social.email ?? "", autocomplete: "email" }))];
}

async function send(form, { person, sso, social, terms, go }) {
  const body = {
    identity_verification_token: person, contact: { email: valueOf(form, "email") },
    consents: consentsOf(form, terms), client_type: BROWSER,
  };
  if (form.elements.login_id) Object.assign(body, { login_id: valueOf(form, "login_id"), password: form.elements.password.value });
  else body.social_ticket = social.ticket;
  if (sso) body.sso_ticket = sso.ticket;
  const done = await post("/v1/accounts/individual", body, { signedIn: false });
  keepSession(done.session);
  drop("social-sign-up");
  if (!done.link_id) return afterSignIn({ go });
  drop("sso");
  history.replaceState(null, "", "/spa/");
  return home({ go, notice: linked(sso.company.name) });
}
