import { MarketingAnswers } from "customer-portal-sdk";
import type { Page } from "../page";
import { Problem, ask } from "../portal";
import { busy, el, panel, show } from "../ui";

// Nothing is posted before a button is pressed: programs that look at mails open links, too.
export const unsubscribe: Page = async ({ address }) => {
  const token = address("token");
  if (!token) {
    show("광고성 정보 수신 설정", [panel(null, el("p", { role: "alert" }, "메일에 있는 링크로 다시 열어 주세요."), signIn())]);
    return;
  }
  const box: HTMLElement = panel(
    null,
    el("p", {}, "다우오피스의 광고성 정보를 이메일로 계속 받으시겠습니까? 로그인은 필요하지 않습니다."),
    el("button", { class: "primary", onclick: () => busy(box, () => answer(token, false)) }, "그만 받기"),
    " ",
    el("button", { onclick: () => busy(box, () => answer(token, true)) }, "계속 받기"),
  );
  show("광고성 정보 수신 설정", [box]);
};

async function answer(token: string, agreed: boolean): Promise<void> {
  try {
    await ask(MarketingAnswers.create({ body: { token, agreed } }));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== "marketing_consent_needs_sign_in") throw problem;
    show("로그인이 필요합니다", [panel(null, el("p", { role: "alert" }, problem.detail), signIn())]);
    return;
  }
  const words = agreed
    ? "✓ 광고성 정보를 계속 보내 드립니다. 앞으로 2년 동안 유효합니다."
    : "✓ 광고성 정보를 더 이상 보내지 않습니다. 계약, 결제, 보안에 관한 안내는 계속 보내 드립니다.";
  show("처리했습니다", [panel(null, el("p", { class: "done" }, words), el("p", {}, "처리 결과를 이메일로도 알려 드립니다."))]);
}

function signIn(): HTMLElement {
  return el("p", {}, el("a", { href: "/spa/login" }, "로그인하여 수신 설정 바꾸기"));
}
