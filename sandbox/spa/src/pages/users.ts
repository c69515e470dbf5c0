// 사용자 초대/관리: the representative account's list, and the invitation of administrators.
import { Invitations, Users } from "customer-portal-sdk";
import type { UserBody } from "customer-portal-sdk";
import type { Page, Visit } from "../page";
import { ask } from "../portal";
import { button, el, field, form, panel, show, table, time, valueOf } from "../ui";

export const users: Page = async (visit: Visit) => {
  const { items } = await ask(Users.list({ query: { size: 100 } }));
  const again = (): Promise<void> => users(visit);
  const send = async (sent: HTMLFormElement): Promise<void> => {
    await ask(Invitations.create({ body: { name: valueOf(sent, "name"), email: valueOf(sent, "email") } }));
    await again();
  };
  show("사용자 초대/관리", [
    panel("사용자", table("회사의 사용자와 초대", ["이름", "이메일", "권한", "상태", "마지막 로그인", ""], items.map((user) => [
      user.name, user.email, user.role_label, el("span", { class: "tag" }, user.state_label),
      user.last_signed_in_at ? time(user.last_signed_in_at) : "-", actions(user, again)]))),
    panel("사용자 초대",
      form(send,
        el("div", { class: "pair" },
          field("이름", { name: "name", required: true, autocomplete: "off" }),
          field("이메일 주소", { name: "email", type: "email", required: true, autocomplete: "off" })),
        el("button", { class: "primary" }, "초대하기"))),
  ], { wide: true });
};

function actions(user: UserBody, again: () => Promise<void>): HTMLElement {
  const box = el("div", {});
  const add = (label: string, work: () => Promise<unknown>): void => {
    const made = button(label, () => box, async () => { await work(); await again(); }, { class: "small" });
    made.setAttribute("aria-label", `${user.name} ${label}`);
    box.append(made, " ");
  };
  const { invitation_id, user_id } = user;
  if (invitation_id) {
    const path = { invitation_id };
    if (user.approval_pending) add("승인", () => ask(Invitations.approve({ path })));
    else add("다시 보내기", () => ask(Invitations.resend({ path })));
    add("초대 취소", () => ask(Invitations.cancel({ path })));
  } else if (user_id && user.role === "ADMIN") {
    const suspended = user.state === "SUSPENDED";
    add(suspended ? "정지 해제" : "정지", () => ask(Users.update({ path: { user_id }, body: { state: suspended ? "ACTIVE" : "SUSPENDED" } })));
  }
  return box;
}
