import { Invitations } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask, resume } from "../portal";
import { drop, keep, peek } from "../store";
import { busy, el, facts, panel, show, time } from "../ui";
import { home } from "./home";

export const acceptInvitation: Page = async ({ go, address }) => {
  if (address("token")) keep("invitation", address("token"));
  const token = peek<string>("invitation");
  if (!token) return show("초대장", [panel(null, el("p", { role: "alert" }, "초대 메일의 링크를 다시 눌러 주세요."))]);
  const invited = await ask(Invitations.preview({ body: { token } }));
  const box = el("div", {});
  if (await resume()) {
    const accept = (): Promise<void | undefined> => busy(box, async () => {
      const done = await ask(Invitations.accept({ body: { token } }));
      drop("invitation");
      history.replaceState(null, "", "/spa/");
      const waits = done.state === "APPROVAL_PENDING";
      await home({ go, notice: { title: waits ? "기업회원의 승인을 기다리고 있습니다." : `${done.company_name}의 관리자가 되었습니다.` } });
    });
    box.append(el("div", { class: "actions" }, el("button", { class: "primary", onclick: accept }, "초대 수락")));
  } else {
    box.append(el("p", { class: "hint" }, "개인회원으로 로그인하거나 가입한 뒤 수락합니다."),
      el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/login" }, "로그인"), el("a", { class: "button", href: "/spa/sign-up" }, "회원가입")));
  }
  show("관리자로 초대받았습니다", [
    panel(null, facts(["회사", invited.company_name], ["이름", invited.name], ["이메일", invited.email_masked], ["유효기간", time(invited.expires_at)])),
    box,
  ]);
};
