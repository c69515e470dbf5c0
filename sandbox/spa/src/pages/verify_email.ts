import { EmailVerifications } from "customer-portal-sdk";
import type { Page } from "../page";
import { Problem, ask } from "../portal";
import { el, panel, show } from "../ui";

export const verifyEmail: Page = async ({ address }) => {
  const token = address("token");
  try {
    await ask(EmailVerifications.confirm({ body: { token: token ?? "" } }));
    show("이메일을 확인했습니다", [panel(null, el("p", { class: "done" }, "✓ 이메일 확인을 완료했습니다."))]);
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    show("이메일을 확인하지 못했습니다", [panel(null, el("p", { role: "alert" }, problem.detail))]);
  }
};
