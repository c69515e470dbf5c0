import { Accounts, BusinessVerifications, CorporateInvitations, Terms } from "customer-portal-sdk";
import type { InvitedCompanyBody, SignUpCorporateRequest } from "customer-portal-sdk";
import type { Page } from "../page";
import { BROWSER, ask, keepSession } from "../portal";
import { drop, keep, peek } from "../store";
import { busy, el, field, input, panel, show, valueOf } from "../ui";
import { home } from "./home";
import { identitySection } from "./identity";
import { consentsOf, termsList } from "./terms";

export const signUpCorporate: Page = async ({ go, address }) => {
  if (address("token")) keep("corporate-invitation", address("token"));
  if (address("business_token")) keep("business-document", address("business_token"));
  const invitation = peek<string>("corporate-invitation");
  const company = invitation ? await ask(CorporateInvitations.preview({ body: { token: invitation } })) : null;
  const terms = (await ask(Terms.list({ query: { use: "SIGN_UP" } }))).items;
  const proofs = { business: "", person: "" };
  const submit = el("button", { class: "primary", disabled: true }, "가입하기");
  const proved = (name: keyof typeof proofs, token: string): void => {
    proofs[name] = token;
    submit.disabled = !(proofs.business && proofs.person);
  };
  const accepted = peek<string>("business-document");
  const business = accepted ? acceptedSection() : businessSection(company, (token) => proved("business", token));
  if (accepted) proved("business", accepted);
  const identity = await identitySection((token) => proved("person", token));
  const rest = el("form", {},
    panel("로그인 정보",
      field("아이디 (ID)", { name: "login_id", required: true, minlength: 5, maxlength: 30, autocomplete: "username" }, "영문 소문자로 시작하는 5~30자"),
      field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상"),
      field("이메일", { name: "email", type: "email", required: true, autocomplete: "email" })),
    panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)")),
    el("div", { class: "actions" }, el("button", { type: "button", onclick: () => go("/login") }, "취소"), submit));
  rest.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(rest, async () => {
      const body: SignUpCorporateRequest = {
        business_verification_token: proofs.business, identity_verification_token: proofs.person,
        login_id: valueOf(rest, "login_id"), password: input(rest, "password").value,
        company_name: business.querySelector<HTMLInputElement>("[name=company_name]")!.value.trim(),
        contact: { email: valueOf(rest, "email") }, consents: consentsOf(rest, terms), client_type: BROWSER,
      };
      if (invitation) body.invitation_token = invitation;
      keepSession((await ask(Accounts.signUpCorporate({ body }))).session);
      for (const name of ["corporate-invitation", "business-document", "return-to"]) drop(name);
      history.replaceState(null, "", "/spa/");
      await home({ go, notice: { title: "기업회원 가입이 완료되었습니다.", text: "본인의 다우오피스와 고객포털 연동을 위해 개인회원 계정 생성이 필요합니다." } });
    });
  });
  show("기업회원 가입", [
    company && el("section", { class: "panel notice" }, el("p", {}, `${company.company_name}의 기업회원 초대장으로 가입합니다. 기존 계약과 사이트가 연결됩니다.`)),
    business, identity, rest,
  ]);
};

// The operator accepted the 사업자등록증: its mail's link is the verification.
function acceptedSection(): HTMLElement {
  return panel("기업정보",
    field("상호(법인명)", { name: "company_name", required: true }, "사업자등록증을 보낼 때 입력한 상호와 같아야 합니다."),
    el("p", { class: "done" }, "✓ 사업자등록증 확인이 완료되었습니다."));
}

function businessSection(company: InvitedCompanyBody | null, verified: (token: string) => void): HTMLElement {
  const locked = Boolean(company);
  const check = el("form", {},
    field("상호(법인명)", { name: "company_name", required: true, readonly: locked, value: company?.company_name }),
    el("div", { class: "row" },
      field("사업자등록번호 (숫자만 입력해 주세요.)", { name: "business_number", required: true, inputmode: "numeric", readonly: locked, value: company?.business_number }),
      el("button", {}, "사업자 진위 확인")));
  const box = panel("기업정보", check);
  check.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(box, async () => {
      const body = { business_number: valueOf(check, "business_number"), company_name: valueOf(check, "company_name") };
      const done = await ask(BusinessVerifications.create({ body }));
      for (const one of check.querySelectorAll("input")) one.readOnly = true;
      check.querySelector("button")!.remove();
      check.append(el("p", { class: "done" }, "✓ 사업자 진위 확인을 완료했습니다."));
      verified(done.verification_token);
    });
  });
  return box;
}
