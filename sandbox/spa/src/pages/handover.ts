// 대표 계정 인계: the successor verifies a phone, agrees and sets a password of their own.
import { Handovers, Terms } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask } from "../portal";
import { drop, keep, peek } from "../store";
import { el, field, form, input, panel, show } from "../ui";
import { identitySection } from "./identity";
import { consentsOf, termsList } from "./terms";

export const acceptHandover: Page = async ({ address }) => {
  if (address("token")) keep("handover", address("token"));
  const token = peek<string>("handover");
  if (!token) return show("대표 계정 인계", [panel(null, el("p", { role: "alert" }, "인계 메일의 링크를 다시 눌러 주세요."))]);
  const offered = await ask(Handovers.preview({ body: { token } }));
  const terms = (await ask(Terms.list({ query: { use: "SIGN_UP" } }))).items;
  let person = "";
  const submit = el("button", { class: "primary", disabled: true }, "인계받기");
  const identity = await identitySection((verified) => { person = verified; submit.disabled = false; }, "HANDOVER");
  const accept = async (rest: HTMLFormElement): Promise<void> => {
    await ask(Handovers.accept({ body: { token, identity_verification_token: person, password: input(rest, "password").value, consents: consentsOf(rest, terms) } }));
    drop("handover");
    show("대표 계정을 인계받았습니다", [panel(null, el("p", { class: "done" }, `✓ ${offered.company_name}의 담당자가 바뀌었습니다.`)), el("a", { class: "button", href: "/spa/login" }, "로그인")]);
  };
  show("대표 계정 인계", [
    el("section", { class: "panel notice" }, el("p", {}, `${offered.company_name}의 회사 대표 계정을 ${offered.name_masked}님이 인계받습니다.`)),
    identity,
    form(accept,
      panel("새 비밀번호", field("비밀번호", { name: "password", type: "password", required: true, minlength: 10, autocomplete: "new-password" }, "10자 이상. 아이디는 그대로입니다.")),
      panel("가입 약관 동의", termsList(terms, "서비스 약관 동의(전체)")),
      el("div", { class: "actions" }, submit)),
  ]);
};
