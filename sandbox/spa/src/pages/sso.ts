// The way back from the groupware: ?code= is exchanged, and what comes of it is shown.
import { Sso } from "customer-portal-sdk";
import type { ExchangedBody } from "customer-portal-sdk";
import type { Page, Visit } from "../page";
import { BROWSER, Problem, ask, keepSession } from "../portal";
import { keep } from "../store";
import { el, field, form, panel, popup, show, valueOf } from "../ui";
import { home, whyNoRole } from "./home";

const EXPLAINED: Record<string, [string, string]> = {
  NOT_SITE_ADMIN: ["사이트 관리자가 아닙니다", "고객포털은 다우오피스 사이트 관리자만 이용할 수 있습니다. 사내 관리자에게 문의하세요."],
  ACCOUNT_SUSPENDED: ["정지된 계정입니다", "연동된 고객포털 계정이 정지되어 있습니다. 회사의 대표 계정 담당자에게 문의하세요."],
  SITE_TERMINATED: ["해지된 사이트입니다", "이 다우오피스 사이트의 계약이 해지되었습니다. (문의사항 1577-3019)"],
  MANAGED_BY_RESELLER: ["협력사를 통해 이용 중인 사이트입니다", "비용 결제를 다른 업체와 진행하셨습니다. 해당 업체에 문의해 주세요."],
};

export const comeFromGroupware: Page = async ({ go, address }) => {
  const code = address("code");
  if (!code) return failed(address("error"), address("request_id"));
  let came: ExchangedBody;
  try {
    came = await ask(Sso.exchangeCode({ body: { code, client_type: BROWSER } }));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return failed(problem.code, problem.requestId, problem.detail);
  }
  if (came.state === "LINKED" && came.session) {
    keepSession(came.session);
    history.replaceState(null, "", "/spa/");
    return home({ go, notice: { title: "다우오피스 계정으로 로그인했습니다.", text: whyNoRole(came.reason) } });
  }
  if (came.state === "LINK_REQUIRED") return linkRequired(came, go);
  if (came.state === "COMPANY_ACCOUNT_MISSING") return companyMissing(came);
  const [title, text] = EXPLAINED[came.state] ?? ["다우오피스에서 접속하지 못했습니다", came.state];
  const reseller = came.reseller && el("p", {}, [came.reseller.name, came.reseller.phone].filter(Boolean).join(" · "));
  return show(title, [panel(null, el("p", {}, text), reseller)]);
};

function failed(code: string | null, requestId: string | null, detail?: string): void {
  show("다우오피스에서 접속하지 못했습니다", [panel(null,
    el("p", { role: "alert" }, detail ?? "다우오피스의 와플 메뉴에서 고객포털을 다시 눌러 주세요."),
    el("p", { class: "soft" }, `오류 ${code ?? "unknown"}${requestId ? ` · 문의 번호 ${requestId}` : ""}`))]);
}

function linkRequired(came: ExchangedBody, go: Visit["go"]): void {
  keep("sso", { ticket: came.ticket, user: came.groupware_user, company: came.company });
  show("다우오피스 고객포털", []);
  popup("연동 계정 설정", (close) => [
    el("p", { class: "lines" }, "다우오피스 연동 개인계정이 존재하지 않습니다.\n회원가입 또는 로그인을 통해 계정 연결을 진행하시기 바랍니다.\n(다우오피스 연동은 기업계정이 아닌 개인계정으로 연동이 가능합니다.)"),
    el("div", { class: "actions" }, el("button", { class: "primary", autofocus: true, onclick: () => { close(); return go("/login"); } }, "확인")),
  ]);
}

function companyMissing(came: ExchangedBody): void {
  show("다우오피스 고객포털", []);
  popup("기업회원 계정을 생성해 주세요.", () => {
    const send = async (sent: HTMLFormElement): Promise<void> => {
      const body = { ticket: came.ticket!, name: valueOf(sent, "name"), email: valueOf(sent, "email") };
      const done = await ask(Sso.inviteCorporateAccount({ body }));
      const again = new Date(done.next_resend_at!).toLocaleTimeString("ko-KR", { timeZone: "Asia/Seoul", hour: "2-digit", minute: "2-digit" });
      sent.querySelector(".done")?.remove();
      sent.append(el("p", { class: "done", role: "status" }, `${done.email_masked}(으)로 초대장을 발송했습니다. ${again}부터 다시 보낼 수 있습니다. (남은 횟수 ${done.attempts_left}회)`));
    };
    return [
      el("p", {}, "고객포털은 기업마다 반드시 기업회원 계정을 가져야하며, 기업회원 계정으로 사용자관리에서 초대를 통해 계약 담당자를 추가할 수 있습니다."),
      el("p", { class: "soft" }, "기존 계약 정보 연결을 위해 다우오피스 사용 고객님들께 기업회원 가입 초대장을 발송하였습니다. 받지 못해 기업회원으로 가입을 못하신 분은 초대장 재발송 기능을 통해 가입해 주실 수 있습니다."),
      el("h2", {}, "기업 회원 초대장 다시 받기"),
      form(send,
        field("이름", { name: "name", required: true, value: came.groupware_user?.name, autocomplete: "name" }),
        field("이메일 주소", { name: "email", type: "email", required: true, autocomplete: "email" }),
        el("div", { class: "actions" }, el("button", { class: "primary" }, "초대장 발송"))),
      el("p", { class: "hint" }, "※ 이 가이드는 기업회원 계정이 생성될 때까지 노출됩니다. (문의사항 1577-3019)"),
    ];
  }, { kicker: "다우오피스 고객포털" });
}
