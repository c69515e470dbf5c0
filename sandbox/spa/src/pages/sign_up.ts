import { Accounts, Terms } from "customer-portal-sdk";
import type { SignUpIndividualRequest, TermsBody } from "customer-portal-sdk";
import type { Page, Visit } from "../page";
import { BROWSER, ask, keepSession } from "../portal";
import { drop, peek } from "../store";
import { busy, el, field, input, panel, show, valueOf } from "../ui";
import { home } from "./home";
import { identitySection } from "./identity";
import { type SsoPending, afterSignIn, linkNotice, linked } from "./login";
import { type SocialSignUp, socialButtons } from "./social";
import { consentsOf, termsList } from "./terms";

interface Known {
  person: string;
  sso: SsoPending | undefined;
  social: SocialSignUp | undefined;
  terms: TermsBody[];
  go: Visit["go"];
}

export const signUp: Page = async ({ go }) => {
  const sso = peek<SsoPending>("sso");
  const social = peek<SocialSignUp>("social-sign-up");
  const terms = (await ask(Terms.list({ query: { use: "SIGN_UP" } }))).items;
  let person = "";
  const submit = el("button", { class: "primary", disabled: true }, "가입하기");
  const identity = await identitySection((token) => { person = token; submit.disabled = false; });
  const way = el("div", {});
  const agreed = panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)"));
  const actions = el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go("/login") }, "취소"), submit);
  const rest = el("form", {}, way, agreed, actions);
  const chooseWay = (name: string): void => way.replaceChildren(...(name === "social" ? socialWay(social) : idWay()));
  rest.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(rest, () => send(rest, { person, sso, social, terms, go }));
  });
  const kind = (value: string): unknown => value === "corporate" && go("/sign-up/corporate");
  const ways = choices("가입 형태 선택", "way", [["id", "일반가입", !social], ["social", "소셜 회원 가입", Boolean(social)]], (value) => {
    chooseWay(value);
    for (const part of [identity, agreed, actions]) part.hidden = value === "social" && !social;
  });
  chooseWay(social ? "social" : "id");
  show("회원가입", [
    sso && linkNotice(sso),
    choices("회원 구분", "kind", [["corporate", sso ? "기업회원 (선택불가)" : "기업회원", false, Boolean(sso)], ["individual", "개인회원", true]], kind),
    el("p", { class: "hint" }, "신규 주문과 서비스 개설은 기업회원만 가능하오니 참고해 주시기 바랍니다."),
    ways, identity, rest,
  ]);
};

type Option = [value: string, label: string, checked: boolean, disabled?: boolean];

function choices(title: string, name: string, options: Option[], chosen: (value: string) => unknown): HTMLElement {
  return el("fieldset", { class: "choices" }, el("legend", {}, title),
    options.map(([value, label, checked, disabled]) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value, checked, disabled, onchange: () => chosen(value) }), label)));
}

function idWay(): HTMLElement[] {
  return [panel("로그인 정보",
    field("아이디 (ID)", { name: "login_id", required: true, minlength: 5, maxlength: 30, autocomplete: "username" }, "영문 소문자로 시작하는 5~30자"),
    field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상"),
    field("이메일", { name: "email", type: "email", required: true, autocomplete: "email" }))];
}

function socialWay(social: SocialSignUp | undefined): HTMLElement[] {
  if (!social) return [panel("소셜 회원 가입", socialButtons("가입"))];
  return [panel("소셜 회원 가입",
    el("p", { class: "done" }, `✓ ${social.label} 계정을 확인했습니다.`),
    field("이메일", { name: "email", type: "email", required: true, value: social.email ?? "", autocomplete: "email" }))];
}

async function send(form: HTMLFormElement, { person, sso, social, terms, go }: Known): Promise<void> {
  const body: SignUpIndividualRequest = {
    identity_verification_token: person, contact: { email: valueOf(form, "email") },
    consents: consentsOf(form, terms), client_type: BROWSER,
  };
  if (form.elements.namedItem("login_id")) Object.assign(body, { login_id: valueOf(form, "login_id"), password: input(form, "password").value });
  else body.social_ticket = social!.ticket;
  if (sso) body.sso_ticket = sso.ticket;
  const done = await ask(Accounts.signUpIndividual({ body }));
  keepSession(done.session);
  drop("social-sign-up");
  if (!done.link_id) return afterSignIn({ go });
  drop("sso");
  history.replaceState(null, "", "/spa/");
  return home({ go, notice: linked(sso!.company.name) });
}
