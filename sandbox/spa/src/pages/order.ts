// One order: what was ordered, how far it is, and its payment.
import { Orders } from "customer-portal-sdk";
import type { OrderBody, OrderItemBody, PaymentBody } from "customer-portal-sdk";
import type { Notice, Page, Visit } from "../page";
import { ask, me } from "../portal";
import { button, choose, day, download, el, facts, field, form, notice as noticeBox, panel, show, table, time, valueOf, won } from "../ui";
import { METHODS, type Method, pay, settle } from "./paying";
import { totals } from "./price";

const POLL_MS = 2000;
const MOVING = new Set(["PAID", "PROVISIONING"]);

export const order: Page = async (visit) => {
  const found = await ask(Orders.get({ path: { order_id: visit.id } }));
  // A payment whose way back was lost (a closed window, a reload): the provider knows.
  const payment = found.status === "PENDING_PAYMENT" ? await settle(visit.id).catch(() => null) : null;
  await showOrder(visit, visit.id, payment ? { payment } : {});
};

export async function showOrder(visit: Visit, id: string, { notice, payment }: { notice?: Notice; payment?: PaymentBody } = {}): Promise<void> {
  const [found, { permissions }] = await Promise.all([ask(Orders.get({ path: { order_id: id } })), me()]);
  const place = `/spa/orders/${id}`;
  if (location.pathname !== place) history.replaceState(null, "", place);
  const status = el("span", { class: "tag", role: "status", id: "status" }, found.status_label);
  const again = (): Promise<void> => showOrder(visit, id);
  show(`주문 ${found.number}`, [
    notice && noticeBox(notice.title, notice.text),
    panel("진행 상황",
      facts(
        ["상태", status],
        ["결제", `${found.payment_status_label}${found.payment_method ? ` · ${found.payment_method_label}` : ""}`],
        ["주문일", day(found.ordered_on)],
        ...(found.status === "PENDING_PAYMENT" && found.expires_at ? [["결제 기한", time(found.expires_at)] as [string, string]] : []),
        ...(found.paid_at ? [["결제일", time(found.paid_at)] as [string, string]] : [])),
      el("ol", { class: "history" }, found.history.map((event) => el("li", {}, `${time(event.at)} ${event.status_label}`)))),
    found.status === "PENDING_PAYMENT" && permissions.includes("payments.manage") && payment_(found, payment, visit),
    found.items.map((item) => item_(found, item, again)),
    panel("금액", totals(found), found.credit_used > 0 && el("p", { class: "soft" }, `크레딧 ${won(found.credit_used)} 사용 · 결제할 금액 ${won(found.to_pay)}`), papers(found)),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/orders" }, "주문/구매내역")),
  ], { wide: true });
  if (MOVING.has(found.status)) setTimeout(() => void follow(visit, id, found.status, status), POLL_MS);
}

// Until the site is open: the page is drawn anew only when something has changed.
async function follow(visit: Visit, id: string, known: string, status: HTMLElement): Promise<void> {
  if (!status.isConnected) return;
  const now = await ask(Orders.get({ path: { order_id: id } })).catch(() => null);
  if (!status.isConnected) return;
  if (now?.status === "COMPLETED") { // a first site makes another role, with another menu
    await me({ changed: true });
    dispatchEvent(new Event("session"));
  }
  if (now && now.status !== known) return showOrder(visit, id, now.status === "COMPLETED" ? { notice: { title: "주문하신 서비스가 준비되었습니다." } } : {});
  setTimeout(() => void follow(visit, id, known, status), POLL_MS);
}

function payment_(order: OrderBody, payment: PaymentBody | undefined, visit: Visit): HTMLElement {
  const box: HTMLElement = panel("결제하기",
    payment?.virtual_account && facts(
      ["입금 은행", payment.virtual_account.bank_label], ["계좌번호", payment.virtual_account.number],
      ["예금주", payment.virtual_account.holder], ["입금 기한", time(payment.virtual_account.expires_at)]),
    payment?.bank_account && facts(
      ["입금 은행", payment.bank_account.bank_label], ["계좌번호", payment.bank_account.number],
      ["예금주", payment.bank_account.holder], ["입금자명에 덧붙일 코드", payment.bank_account.depositor_code],
      ["남은 금액", won(payment.bank_account.remaining)]),
    form((sent) => pay(order, valueOf(sent, "method") as Method, visit),
      choose("결제 방법", { name: "method" }, METHODS, order.payment_method ?? "CARD"),
      el("p", {}, "결제할 금액 ", el("strong", {}, won(order.to_pay))),
      el("div", { class: "actions" },
        button("주문 취소", () => box, async () => {
          await ask(Orders.cancel({ path: { order_id: order.id } }));
          await showOrder(visit, order.id, { notice: { title: "주문을 취소했습니다." } });
        }),
        el("button", { class: "primary" }, "결제하기"))));
  return box;
}

function item_(order: OrderBody, item: OrderItemBody, again: () => Promise<void>): HTMLElement {
  const choose_ = async (sent: HTMLFormElement): Promise<void> => {
    const path = { order_id: order.id, item_id: item.id };
    await ask(Orders.chooseItemSite({ path, body: { subdomain: valueOf(sent, "subdomain") } }));
    await again();
  };
  return panel(`${item.plan_label} ${item.type_label}`,
    facts(
      ["사이트", item.site.url ? el("a", { href: item.site.url, rel: "noreferrer" }, item.site.name) : `${item.site.name} (${item.site.subdomain})`],
      ["상태", item.state_label],
      ["사용자", `${item.users}명`],
      ["이용기간", item.starts_on ? `${day(item.starts_on)} ~ ${day(item.expires_on)}` : item.months ? `${item.months}개월` : "-"]),
    item.failure && el("p", { class: "alert", role: "alert" }, item.failure),
    item.state === "FAILED" && form(choose_,
      field("다른 도메인", { name: "subdomain", required: true, autocomplete: "off" }),
      el("button", { class: "primary" }, "이 도메인으로 다시 개설")),
    item.lines.length > 0 && table("주문 내용", ["항목", "수량", "단가", "금액"], item.lines.map((line) => [
      line.name, String(line.quantity), won(line.unit_price), won(line.amount)])));
}

function papers(order: OrderBody): HTMLElement {
  const box = el("p", { class: "papers" });
  const path = { order_id: order.id };
  const file = (name: string): string => `${name}-${order.number}.pdf`;
  box.append(button("주문확인서 (PDF)", () => box, async () => download(await ask(Orders.getConfirmation({ path, parseAs: "blob" })) as Blob, file("주문확인서")), { class: "small" }));
  if (order.payment_status === "PAID") {
    box.append(" ", button("거래확인서 (PDF)", () => box, async () => download(await ask(Orders.getTransactionConfirmation({ path, parseAs: "blob" })) as Blob, file("거래확인서")), { class: "small" }));
  }
  return box;
}
