// 주문/구매내역, a page at a time.
import { Orders } from "customer-portal-sdk";
import type { OrderSummaryBody } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask } from "../portal";
import { button, choose, day, el, form, panel, show, table, valueOf, won } from "../ui";

const STATUSES = [
  ["", "전체"], ["PENDING_PAYMENT", "결제 대기"], ["PROVISIONING", "개설 중"], ["COMPLETED", "완료"],
  ["CANCELLED", "취소"], ["EXPIRED", "기한 만료"], ["REFUNDED", "환불"],
] as const;
type Status = Exclude<(typeof STATUSES)[number][0], "">;

export const orders: Page = async () => {
  const body = el("div", {});
  const found: OrderSummaryBody[] = [];
  const look = async (status: string, cursor: string | null = null): Promise<void> => {
    const query = { size: 20, ...(status ? { status: status as Status } : {}), ...(cursor ? { cursor } : {}) };
    const page = await ask(Orders.list({ query }));
    if (!cursor) found.length = 0;
    found.push(...page.items);
    const more = page.next_cursor;
    body.replaceChildren(
      found.length ? rows(found) : el("p", { class: "soft", role: "status" }, "주문이 없습니다."),
      more ? button("더 보기", () => body, () => look(status, more)) : "",
      el("p", { class: "hint" }, page.notice));
  };
  const filter = form((sent) => look(valueOf(sent, "status")),
    el("div", { class: "row" }, choose("상태", { name: "status" }, STATUSES.map(([code, label]) => [code, label])), el("button", {}, "조회")));
  await look("");
  show("주문/구매내역", [panel(null, filter, body)], { wide: true });
};

function rows(found: OrderSummaryBody[]): HTMLElement {
  return table("주문/구매내역", ["주문번호", "구분", "내용", "금액", "주문일", "결제", "상태"], found.map((one) => [
    el("a", { href: `/spa/orders/${one.id}` }, one.number), one.type_label, one.summary, won(one.total), day(one.ordered_on),
    one.payment_status_label, el("span", { class: "tag" }, one.status_label)]));
}
