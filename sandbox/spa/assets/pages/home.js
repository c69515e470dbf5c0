import { get, resume } from "../api.js";
import { peek } from "../store.js";
import { el, panel, show } from "../ui.js";

const ROLES = {
  SUPER_ADMIN: "회사 대표 계정 (SUPER ADMIN)",
  ADMIN: "관리자 (ADMIN)",
  PROSPECT: "기업회원 (도입 전)",
  CLOSED: "기업회원 (해지)",
  MEMBER: "개인회원",
};
const STEPS = {
  COMPLETE_COMPANY_INFORMATION: "회사 법인정보를 입력해 주세요.",
  CREATE_INDIVIDUAL_ACCOUNT: "담당자 본인의 개인회원 계정을 만들어 주세요.",
  INVITE_ADMIN: "사용자 초대/관리에서 관리자를 초대해 주세요.",
  ACCEPT_INVITATION: "메일로 받은 초대를 수락해 주세요.",
  LINK_GROUPWARE: "다우오피스의 와플 메뉴에서 고객포털을 눌러 연동해 주세요.",
  VERIFY_EMAIL: "메일의 링크로 이메일을 확인해 주세요.",
  PAY_ORDER: "결제하지 않은 주문이 있습니다.",
};
const REASONS = {
  invitation_required: "아직 기업회원의 초대가 없어 관리자 권한이 없습니다. 초대를 받으면 관리자로 이용하실 수 있습니다.",
};

// `notice`: what the way here has to say, as {title, text}.
export async function home({ go, notice }) {
  if (!(await resume())) return go(peek("invitation") ? "/invitations/accept" : "/login");
  const me = await get("/v1/me");
  const company = me.company ?? me.companies[0];
  show(
    `${me.account.name ?? me.account.login_id}님, 환영합니다!`,
    [
      el("div", { class: "home" },
        el("nav", { class: "panel menu", "aria-label": "메뉴" }, el("ul", {}, me.menu.map(entry))),
        el("div", {},
          notice && el("section", { class: "panel notice", role: "status" }, el("p", {}, el("strong", {}, notice.title)), notice.text && el("p", {}, notice.text)),
          panel("내 정보", el("dl", { class: "facts" },
            fact("회원", el("span", { class: "tag", id: "role" }, ROLES[me.role] ?? "회사를 선택하세요")),
            fact("아이디", me.account.login_id ?? "소셜 로그인"),
            fact("이메일", `${me.account.email ?? ""}${me.account.email_verified ? "" : " (미확인)"}`),
            fact("휴대전화", me.account.phone_masked ?? ""),
            company ? fact("회사", company.name) : [])),
          me.next_steps.length ? panel("다음 할 일", el("ol", { class: "steps" }, me.next_steps.map((step) => el("li", {}, STEPS[step] ?? step)))) : null)),
    ],
    { wide: true },
  );
}

function fact(name, value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}

// The portal's menu is larger than this SPA: what it has no page for is shown without a link.
const HERE = { home: "/spa/", "company.users": "/spa/company/users" };

function entry(item) {
  const label = HERE[item.key] ? el("a", { href: HERE[item.key] }, item.label) : item.label;
  return el("li", { "data-key": item.key }, label, item.children.length ? el("ul", {}, item.children.map(entry)) : null);
}

export function whyNoRole(reason) {
  return REASONS[reason] ?? "";
}
