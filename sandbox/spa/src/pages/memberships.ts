// 멤버십현황: what every site has, until when, and what comes next.
import { Memberships } from "customer-portal-sdk";
import type { MembershipBody } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask, me } from "../portal";
import { busy, day, el, facts, panel, show, won } from "../ui";

export const memberships: Page = async () => {
  const [found, { permissions }] = await Promise.all([ask(Memberships.list({ query: { size: 100 } })), me()]);
  const { summary } = found;
  const may = { order: permissions.includes("orders.create.change"), change: permissions.includes("memberships.update") };
  show("멤버십현황", [
    panel("요약", facts(
      ["사이트", `${summary.sites}개`], ["사용자", `${summary.users}명`], ["월 이용료", won(summary.monthly_fee)],
      ...(summary.next_charge ? [["다음 결제", `${day(summary.next_charge.on)} · ${won(summary.next_charge.amount)}`] as [string, string]] : []))),
    found.items.length === 0 && el("p", { class: "soft" }, "이용 중인 멤버십이 없습니다."),
    found.items.map((one) => card(one, may)),
  ], { wide: true });
};

function card(one: MembershipBody, may: { order: boolean; change: boolean }): HTMLElement {
  const renew = el("input", { type: "checkbox", checked: one.auto_renew, disabled: !may.change });
  const box: HTMLElement = panel(one.site.name,
    facts(
      ["요금제", el("span", {}, `${one.plan_label} `, el("span", { class: "tag" }, one.status_label))],
      ["주소", one.site.url ? el("a", { href: one.site.url, rel: "noreferrer" }, one.site.url) : "-"],
      ["이용기간", `${day(one.starts_on)} ~ ${day(one.expires_on)}${one.remaining ? ` (${one.remaining.days}일 남음)` : ""}`],
      ["사용자", `${one.users.total}명 (기본 ${one.users.base}, 추가 ${one.users.added})`],
      ["용량", `${one.storage_gb.total}GB`],
      ...one.add_on_groups.map((group): [string, string] => [group.name ?? "부가서비스", group.items.map((item) => `${item.label} ${item.quantity}`).join(", ")]),
      ["월 이용료", won(one.monthly_fee)],
      ...(one.next_charge ? [["다음 결제", `${day(one.next_charge.on)} · ${won(one.next_charge.amount)} · ${one.next_charge.status_label}`] as [string, string]] : []),
      ...(one.scheduled_change ? [["예약된 변경", one.scheduled_change.labels.join(", ")] as [string, string]] : [])),
    one.contract_notice && el("p", { class: "hint" }, one.contract_notice),
    one.paid && one.billing_channel !== "RESELLER" && el("label", { class: "check" }, renew, `${one.site.name} 자동 연장`),
    may.order && el("div", { class: "actions" }, el("a", { class: "button", href: `/spa/orders/change?membership=${one.id}`, "aria-label": `${one.site.name} 추가/연장주문` }, "추가/연장주문")));
  renew.addEventListener("change", () => void busy(box, async () => {
    renew.disabled = true;
    try {
      const path = { membership_id: one.id };
      const read = await Memberships.get({ path }); // what was changed by somebody else meanwhile is not undone
      await ask(Promise.resolve(read));
      const headers = { "If-Match": read.response?.headers.get("ETag") ?? "" };
      const now = await ask(Memberships.update({ path, headers, body: { auto_renew: renew.checked } }));
      renew.checked = now.auto_renew;
    } catch (problem) {
      renew.checked = !renew.checked; // what was asked for is not so
      throw problem;
    } finally {
      renew.disabled = false;
    }
  }));
  return box;
}
