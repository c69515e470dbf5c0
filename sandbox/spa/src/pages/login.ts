import { Auth, Sso } from "customer-portal-sdk";
import type { ExchangedBody } from "customer-portal-sdk";
import type { Notice, Page, Visit } from "../page";
import { BROWSER, ask, keepSession } from "../portal";
import { drop, peek } from "../store";
import { busy, el, field, form, input, notice, panel, popup, show, valueOf } from "../ui";
import { socialButtons } from "./social";
import { home } from "./home";
import { acceptInvitation } from "./invitation";

// What came with the waffle menu and waits for somebody to sign in.
export interface SsoPending {
  ticket: string;
  user: NonNullable<ExchangedBody["groupware_user"]>;
  company: NonNullable<ExchangedBody["company"]>;
}

type Go = Pick<Visit, "go">;

export const login: Page = async ({ go }) => {
  const sso = peek<SsoPending>("sso");
  const back = peek<string>("return-to");
  const submit = async (sent: HTMLFormElement): Promise<void> => {
    const body = { login_id: valueOf(sent, "login_id"), password: input(sent, "password").value, client_type: BROWSER } as const;
    keepSession(await ask(Auth.logIn({ body: sso ? { ...body, sso_ticket: sso.ticket } : body })));
    await afterSignIn({ go });
  };
  show("로그인", [
    sso && linkNotice(sso),
    back && notice("로그인이 필요합니다.", "로그인하면 하던 일을 이어서 합니다. 입력한 내용은 그대로 있습니다."),
    panel(null,
      form(submit,
        field("아이디", { name: "login_id", autocomplete: "username", required: true }),
        field("비밀번호", { name: "password", type: "password", autocomplete: "current-password", required: true }),
        el("div", { class: "actions" }, el("button", { class: "primary" }, "로그인"))),
      el("div", { class: "or" }, "소셜 로그인"),
      socialButtons("로그인"),
      el("div", { class: "or" }, "처음이신가요?"),
      el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/sign-up" }, "회원가입"))),
  ]);
};

export function linkNotice(sso: SsoPending): HTMLElement {
  return el("section", { class: "panel notice" },
    el("p", {}, `다우오피스 ${sso.user.site_name}의 ${sso.user.name}(${sso.user.login_id}) 계정과 연동합니다.`));
}

// Whoever came by the waffle menu links; whoever came by an invitation accepts it; whoever was
// signed out in the middle of something goes on with it.
export async function afterSignIn({ go }: Go): Promise<void> {
  const sso = peek<SsoPending>("sso");
  if (sso) return confirmLink(sso, { go });
  const back = peek<string>("return-to");
  drop("return-to");
  if (back && !peek("invitation")) return go(back);
  history.replaceState(null, "", peek("invitation") ? "/spa/invitations/accept" : "/spa/");
  return peek("invitation") ? acceptInvitation({ go, address: () => null, path: "/invitations/accept", id: "" }) : home({ go });
}

async function confirmLink(sso: SsoPending, { go }: Go): Promise<void> {
  const proposal = await ask(Sso.linkGroupwareUser({ body: { ticket: sso.ticket, confirm_link: false } }));
  popup("계정을 연동할까요?", (close) => {
    const box = el("div", {});
    const link = (): Promise<void | undefined> => busy(box, async () => {
      await ask(Sso.linkGroupwareUser({ body: { ticket: sso.ticket, confirm_link: true } }));
      drop("sso");
      close();
      history.replaceState(null, "", "/spa/");
      await home({ go, notice: linked(proposal.company.name) });
    });
    const cancel = (): void => { drop("sso"); close(); void go("/"); };
    box.append(
      el("p", {}, "두 계정이 모두 본인의 것인지 확인해 주세요."),
      el("div", { class: "identities" },
        identity("고객포털", proposal.account.name, proposal.account.sign_in), "↔",
        identity("다우오피스", proposal.groupware_user.name, `${proposal.groupware_user.login_id} · ${proposal.groupware_user.site_name}`)),
      el("div", { class: "actions" }, el("button", { onclick: cancel }, "취소"), el("button", { class: "primary", onclick: link }, "연동하기")));
    return [box];
  }, { kicker: "연동 계정 설정" });
}

export function linked(company: string): Notice {
  return { title: "다우오피스 계정과 연동되었습니다.", text: `다음부터는 다우오피스에서 별도의 로그인 없이 이용하실 수 있습니다. 회사: ${company}` };
}

function identity(where: string, name: string | null, id: string): HTMLElement {
  return el("div", {}, el("small", {}, where), el("strong", {}, name), el("small", {}, id));
}
