import { Home } from "customer-portal-sdk";
import type { HomeBody, MeBody } from "customer-portal-sdk";
import type { Notice, Visit } from "../page";
import { ask, me as whoIsThis, resume } from "../portal";
import { drop, keep, peek } from "../store";
import { choose, day, el, facts, notice as noticeBox, panel, show, time, won } from "../ui";

const ROLES: Record<string, string> = {
  SUPER_ADMIN: "회사 대표 계정 (SUPER ADMIN)",
  ADMIN: "관리자 (ADMIN)",
  PROSPECT: "기업회원 (도입 전)",
  CLOSED: "기업회원 (해지)",
  MEMBER: "개인회원",
};
const STEPS: Record<string, [text: string, path?: string]> = {
  COMPLETE_COMPANY_INFORMATION: ["회사 법인정보를 입력해 주세요."],
  CREATE_INDIVIDUAL_ACCOUNT: ["담당자 본인의 개인회원 계정을 만들어 주세요."],
  INVITE_ADMIN: ["사용자 초대/관리에서 관리자를 초대해 주세요.", "/company/users"],
  ACCEPT_INVITATION: ["메일로 받은 초대를 수락해 주세요."],
  LINK_GROUPWARE: ["다우오피스의 와플 메뉴에서 고객포털을 눌러 연동해 주세요."],
  VERIFY_EMAIL: ["메일의 링크로 이메일을 확인해 주세요."],
  PAY_ORDER: ["결제하지 않은 주문이 있습니다.", "/orders"],
};
const REASONS: Record<string, string> = {
  invitation_required: "아직 기업회원의 초대가 없어 관리자 권한이 없습니다. 초대를 받으면 관리자로 이용하실 수 있습니다.",
};

// `notice`: what the way here has to say.
export async function home({ go, notice }: Pick<Visit, "go"> & { notice?: Notice }): Promise<void> {
  if (!(await resume())) return go(peek("invitation") ? "/invitations/accept" : "/login");
  const [me, found] = await Promise.all([whoIsThis({ changed: true }), ask(Home.get())]);
  const company = me.company ?? me.companies[0];
  show(
    `${me.account.name ?? me.account.login_id ?? ""}님, 환영합니다!`,
    [
      notice && noticeBox(notice.title, notice.text),
      found.maintenance.map((one) => panel(one.title, el("p", {}, one.body), el("p", { class: "soft" }, `${time(one.starts_at)} ~ ${time(one.ends_at)}`))),
      found.notices.map((one) => panel(one.title, el("p", {}, one.body))),
      me.companies.length > 1 && companies(me, go),
      membership(found),
      me.next_steps.length > 0 && panel("다음 할 일", el("ol", { class: "steps" }, me.next_steps.map((step) => {
        const [text, path] = STEPS[step] ?? [step];
        return el("li", {}, path ? el("a", { href: `/spa${path}` }, text) : text);
      }))),
      found.plan_cards.length > 0 && panel("서비스 신청", el("div", { class: "cards" }, found.plan_cards.map((card) =>
        el("div", { class: "card" }, el("h3", {}, card.title), el("p", { class: "soft" }, card.label),
          el("p", {}, card.unit_price ? `사용자당 월 ${won(card.unit_price)} (VAT 별도)` : "무료"),
          el("a", { class: "button", href: `/spa${card.path}`, "aria-label": `${card.title} ${card.action}` }, card.action))))),
      found.faq_tags.length > 0 && panel("자주 묻는 질문", el("p", { class: "tags" }, found.faq_tags.map((tag) =>
        el("a", { class: "tag", href: `/spa/faq?category=${encodeURIComponent(tag.code)}` }, tag.tag)))),
      panel("내 정보", facts(
        ["회원", el("span", { class: "tag", id: "role" }, ROLES[me.role ?? ""] ?? "회사를 선택하세요")],
        ["아이디", me.account.login_id ?? "소셜 로그인"],
        ["이메일", `${me.account.email ?? ""}${me.account.email_verified ? "" : " (미확인)"}`],
        ["휴대전화", me.account.phone_masked ?? ""],
        ...(company ? [["회사", company.name] as [string, string]] : []),
        ["새 알림", `${found.unread_notifications}건`])),
    ],
    { wide: true },
  );
}

function membership({ membership: held, sites }: HomeBody): HTMLElement | null {
  if (!held) return null;
  const { membership: one, options } = held;
  return panel("이용 중인 멤버십",
    facts(
      ["사이트", one.site.name],
      ["멤버십", el("span", {}, `${one.plan_label} `, el("span", { class: "tag" }, one.status_label))],
      ["사용자", `${one.users.total}명`],
      ["용량", `${one.storage_gb.total}GB`],
      ["부가서비스", `${options}개`],
      ["이용기간", `${day(one.starts_on)} ~ ${day(one.expires_on)}`],
      ...(one.next_charge ? [["다음 결제", `${day(one.next_charge.on)} · ${won(one.next_charge.amount)}`] as [string, string]] : [])),
    el("div", { class: "actions" },
      el("a", { class: "button", href: "/spa/memberships" }, sites && sites > 1 ? `멤버십현황 (사이트 ${sites}개)` : "멤버십현황"),
      held.may_order && el("a", { class: "button", href: `/spa/orders/change?membership=${one.id}` }, "추가/연장주문")));
}

// An administrator of several companies works for one at a time.
function companies(me: MeBody, go: Visit["go"]): HTMLElement {
  const chosen = peek<string>("company") ?? me.company?.id ?? "";
  const options: [string, string][] = me.companies.map(({ id, name }) => [id, name]);
  const change = (event: Event): unknown => {
    const { value } = event.target as HTMLSelectElement;
    if (value) keep("company", value); else drop("company");
    dispatchEvent(new Event("session"));
    return go("/");
  };
  return panel("회사 선택", choose("회사", { onchange: change }, [["", "선택하세요"], ...options], chosen));
}

export function whyNoRole(reason: string | null | undefined): string {
  return REASONS[reason ?? ""] ?? "";
}
