// 휴대폰 본인인증: agreed to first, then a code by text message.
import { IdentityVerifications, Terms } from "customer-portal-sdk";
import type { StartIdentityRequest, StartedIdentityBody } from "customer-portal-sdk";
import { ask } from "../portal";
import { busy, choose, el, field, input, panel, valueOf } from "../ui";
import { consentsOf, termsList } from "./terms";

type Carrier = StartIdentityRequest["carrier"];
const CARRIERS: [Carrier & string, string][] = [
  ["SKT", "SKT"], ["KT", "KT"], ["LGU", "LG U+"],
  ["SKT_MVNO", "SKT 알뜰폰"], ["KT_MVNO", "KT 알뜰폰"], ["LGU_MVNO", "LG U+ 알뜰폰"],
];

type Verified = (token: string) => void;

// A section; `verified(token)` is called once.
export async function identitySection(
  verified: Verified, purpose: StartIdentityRequest["purpose"] = "SIGN_UP",
): Promise<HTMLElement> {
  const terms = (await ask(Terms.list({ query: { use: "IDENTITY" } }))).items;
  const box = panel("휴대폰 본인인증");
  const start = el("form", {},
    el("div", { class: "pair" },
      field("이름", { name: "name", required: true, autocomplete: "name" }),
      field("생년월일", { name: "birth_date", type: "date", required: true, autocomplete: "bday" })),
    el("div", { class: "pair" },
      field("주민등록번호 뒤 첫 자리", { name: "gender_digit", inputmode: "numeric", pattern: "[0-9]", maxlength: 1, required: true, autocomplete: "off" }),
      choose("통신사", { name: "carrier" }, CARRIERS)),
    field("휴대전화", { name: "phone", inputmode: "tel", required: true, autocomplete: "tel", placeholder: "010-1234-5678" }),
    termsList(terms, "본인인증 약관 동의(전체)"),
    el("div", { class: "actions" }, el("button", { class: "primary" }, "인증번호 받기")));
  start.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(box, async () => {
      const body: StartIdentityRequest = {
        purpose, method: "SMS", carrier: valueOf(start, "carrier") as Carrier, name: valueOf(start, "name"),
        birth_date: valueOf(start, "birth_date"), gender_digit: valueOf(start, "gender_digit"),
        phone: valueOf(start, "phone"), consents: consentsOf(start, terms),
      };
      askForCode(box, await ask(IdentityVerifications.start({ body })), verified);
    });
  });
  box.append(start);
  return box;
}

function askForCode(box: HTMLElement, started: StartedIdentityBody, verified: Verified): void {
  const confirm = el("form", {},
    el("p", {}, "문자로 받은 인증번호를 입력해 주세요."),
    el("div", { class: "row" },
      field("인증번호", { name: "otp", inputmode: "numeric", pattern: "[0-9]{4,8}", required: true, autocomplete: "one-time-code" }),
      el("button", { class: "primary" }, "확인")));
  confirm.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(box, async () => {
      const done = await ask(IdentityVerifications.confirm({
        path: { verification_id: started.id },
        body: { client_secret: started.client_secret, otp: valueOf(confirm, "otp") },
      }));
      box.replaceChildren(el("h2", {}, "휴대폰 본인인증"),
        el("p", { class: "done" }, "✓ 본인인증을 완료했습니다."),
        el("p", { class: "soft" }, `${done.name_masked} · ${done.phone_masked}`));
      verified(done.verification_token ?? "");
    });
  });
  box.querySelector("form")!.replaceWith(confirm);
  input(confirm, "otp").focus();
}
