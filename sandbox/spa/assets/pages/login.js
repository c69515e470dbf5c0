import { BROWSER, keepSession, post } from "../api.js";
import { drop, peek } from "../store.js";
import { busy, el, field, form, panel, popup, show, valueOf } from "../ui.js";
import { socialButtons } from "./social.js";
import { home } from "./home.js";
import { acceptInvitation } from "./invitation.js";

export async function login({ go }) {
  const sso = peek("sso");
  const submit = async (sent) => {
    const body = { login_id: valueOf(sent, "login_id"), password: sent.elements.password.value, client_type: BROWSER };
    if (sso) body.sso_ticket = sso.ticket;
    keepSession(await post("/v1/auth/login", body, { signedIn: false }));
    await afterSignIn({ go });
  };
  show("로그인", [
    sso && linkNotice(sso),
    panel(null,
      form(submit,
        field("아이디", { name: "login_id", autocomplete: "username", required: true }),
        field("비밀번호", { name: "password", type: "password", autocomplete: "current-password", required: true }),
        el("div", { class: "actions" }, el("button", { class: "primary" }, "로그인"))),
      el("div", { class: "or" }, "소셜 로그인"),
      socialButtons("로그인"),
      el("div", { class: "or" }, "처음이신가요?"),
      el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/sign-up" }, "회원가입"))),
  ].filter(Boolean));
}

export function linkNotice(sso) {
  return el("section", { class: "panel notice" },
    el("p", {}, `다우오피스 ${sso.user.site_name}의 ${sso.user.name}(${sso.user.login_id}) 계정과 연동합니다.`));
}

// Whoever came by the waffle menu links; whoever came by an invitation accepts it.
export async function afterSignIn({ go }) {
  const sso = peek("sso");
  if (sso) return confirmLink(sso, { go });
  history.replaceState(null, "", peek("invitation") ? "/spa/invitations/accept" : "/spa/");
  return peek("invitation") ? acceptInvitation({ go, address: () => null }) : home({ go });
}

async function confirmLink(sso, { go }) {
  const proposal = await post("/v1/sso/links", { ticket: sso.ticket, confirm_link: false });
  popup("계정을 연동할까요?", (close) => {
    const box = el("div", {});
    const link = () => busy(box, async () => {
      await post("/v1/sso/links", { ticket: sso.ticket, confirm_link: true });
      drop("sso");
      close();
      history.replaceState(null, "", "/spa/");
      await home({ go, notice: linked(proposal.company.name) });
    });
    const cancel = () => { drop("sso"); close(); go("/"); };
    box.append(
      el("p", {}, "두 계정이 모두 본인의 것인지 확인해 주세요."),
      el("div", { class: "identities" },
        identity("고객포털", proposal.account.name, proposal.account.sign_in), "↔",
        identity("다우오피스", proposal.groupware_user.name, `${proposal.groupware_user.login_id} · ${proposal.groupware_user.site_name}`)),
      el("div", { class: "actions" }, el("button", { onclick: cancel }, "취소"), el("button", { class: "primary", onclick: link }, "연동하기")));
    return [box];
  }, { kicker: "연동 계정 설정" });
}

export function linked(company) {
  return { title: "다우오피스 계정과 연동되었습니다.", text: `다음부터는 다우오피스에서 별도의 로그인 없이 이용하실 수 있습니다. 회사: ${company}` };
}

function identity(where, name, id) {
  return el("div", {}, el("small", {}, where), el("strong", {}, name), el("small", {}, id));
}
