import { post, resume } from "../api.js";
import { drop, keep, peek } from "../store.js";
import { busy, el, panel, show } from "../ui.js";
import { home } from "./home.js";

export async function acceptInvitation({ go, address }) {
  if (address("token")) keep("invitation", address("token"));
  const token = peek("invitation");
  if (!token) return show("초대장", [panel(null, el("p", { role: "alert" }, "초대 메일의 링크를 다시 눌러 주세요."))]);
  const invited = await post("/v1/invitations/preview", { token }, { signedIn: false });
  const until = new Date(invited.expires_at).toLocaleString("ko-KR", { timeZone: "Asia/Seoul", dateStyle: "long", timeStyle: "short" });
  const facts = el("dl", { class: "facts" },
    el("dt", {}, "회사"), el("dd", {}, invited.company_name), el("dt", {}, "이름"), el("dd", {}, invited.name),
    el("dt", {}, "이메일"), el("dd", {}, invited.email_masked), el("dt", {}, "유효기간"), el("dd", {}, until));
  const box = el("div", {});
  if (await resume()) {
    const accept = () => busy(box, async () => {
      const done = await post("/v1/invitations/accept", { token });
      drop("invitation");
      history.replaceState(null, "", "/spa/");
      const waits = done.state === "APPROVAL_PENDING";
      await home({ go, notice: waits ? { title: "기업회원의 승인을 기다리고 있습니다." } : { title: `${done.company_name}의 관리자가 되었습니다.` } });
    });
    box.append(el("div", { class: "actions" }, el("button", { class: "primary", onclick: accept }, "초대 수락")));
  } else {
    box.append(el("p", { class: "hint" }, "개인회원으로 로그인하거나 가입한 뒤 수락합니다."),
      el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/login" }, "로그인"), el("a", { class: "button", href: "/spa/sign-up" }, "회원가입")));
  }
  return show("관리자로 초대받았습니다", [panel(null, facts), box]);
}
