// 시스템현황: what is used of what is contracted, and the switch of 경리회계.
import { SystemStatus } from "customer-portal-sdk";
import type { SystemStatusBody } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask, me } from "../portal";
import { button, day, el, facts, panel, show, table, time } from "../ui";

const GB = 1024 ** 3;
const STATES: Record<string, string> = { PENDING: "적용 중", APPLIED: "적용됨", FAILED: "적용하지 못함" };

export const systemStatus: Page = async () => {
  const [{ items }, { permissions }] = await Promise.all([ask(SystemStatus.list()), me()]);
  const may = permissions.includes("system_status.update");
  show("시스템현황", items.length ? items.map((one) => site(one, may)) : [el("p", { class: "soft" }, "이용 중인 사이트가 없습니다.")], { wide: true });
};

function meter(label: string, percent: number | null, text: string): HTMLElement {
  return el("div", { class: "meter" }, el("span", {}, label), el("meter", { min: 0, max: 100, high: 90, value: percent ?? 0, "aria-label": label }), el("span", {}, text));
}

function site(one: SystemStatusBody, may: boolean): HTMLElement {
  const { users, storage } = one;
  const gb = (bytes: number | null): string => (bytes === null ? "-" : `${(bytes / GB).toFixed(1)}GB`);
  return panel(one.site.name,
    el("p", { class: "soft" }, one.as_of ? `${time(one.as_of)} 기준${one.stale ? " (지연됨)" : ""}` : "아직 사용량을 받지 못했습니다."),
    meter(`${one.site.name} 사용자`, users.used_percent, `${users.used ?? "-"} / ${users.contracted}명`),
    meter(`${one.site.name} 용량`, storage.used_percent, `${gb(storage.used_bytes)} / ${gb(storage.contracted_bytes)}`),
    facts(["접속 주소", one.site.url ? el("a", { href: one.site.url, rel: "noreferrer" }, one.site.url) : "-"], ["관리자 ID", one.groupware_admin_login_id], ["이용기간", `${day(one.starts_on)} ~ ${day(one.expires_on)}`]),
    one.options.length > 0 && table(`${one.site.name} 부가서비스`, ["부가서비스", "사용", "계약"], one.options.map((option) => [option.name, String(option.used ?? "-"), String(option.contracted)])),
    one.accounting && accounting(one, may));
}

function accounting(one: SystemStatusBody, may: boolean): HTMLElement {
  const box = el("div", { class: "accounting" });
  const draw = (now: NonNullable<SystemStatusBody["accounting"]>): void => {
    box.replaceChildren(
      el("h3", {}, "경리회계 메뉴"),
      facts(["상태", el("span", { role: "status" }, `${now.visible ? "표시" : "숨김"} · ${STATES[now.state] ?? now.state}`)], ["사업자번호", now.business_number], ["관리자 ID", now.admin_login_id], ["시작일", day(now.started_on)]));
    if (may) box.append(button(now.visible ? "메뉴 숨기기" : "메뉴 표시하기", () => box, async () => {
      draw(await ask(SystemStatus.switchAccounting({ path: { site_id: one.site.id }, body: { visible: !now.visible } })));
    }));
  };
  draw(one.accounting!);
  return box;
}
