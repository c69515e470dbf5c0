// Placing an order once and paying it once, whatever is clicked, reloaded or lost in between.
import { Orders, Payments } from "customer-portal-sdk";
import type { CheckoutBody, CreateOrderBody, OrderBody, PaymentBody } from "customer-portal-sdk";
import type { Page, Visit } from "../page";
import { Problem, ask } from "../portal";
import { drop, intent, intentDone, keep, peek } from "../store";
import { el, popup } from "../ui";
import { showOrder } from "./order";

export type Method = "CARD" | "TRANSFER" | "VIRTUAL_ACCOUNT" | "BANK_TRANSFER";

export const METHODS: [Method, string][] = [
  ["CARD", "신용카드"], ["TRANSFER", "실시간 계좌이체"], ["VIRTUAL_ACCOUNT", "가상계좌"], ["BANK_TRANSFER", "무통장입금"],
];

// The order of this wish. The same wish, sent again, is answered with the same order.
export async function place(name: string, wish: CreateOrderBody): Promise<OrderBody | null> {
  try {
    const order = await ask(Orders.create({ body: wish, headers: intent(name, wish) }));
    intentDone(name);
    return order;
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.code !== "order_already_open" || wish.confirm_duplicate) throw problem;
    const meant = await confirmDuplicate();
    return meant ? place(name, { ...wish, confirm_duplicate: true }) : null;
  }
}

function confirmDuplicate(): Promise<boolean> {
  return new Promise((resolve) => {
    popup("같은 주문이 이미 있습니다", (close) => {
      const answer = (meant: boolean) => (): void => { close(); resolve(meant); };
      return [
        el("p", {}, "방금 같은 내용으로 주문하셨습니다. 하나 더 주문할까요?"),
        el("div", { class: "actions" },
          el("a", { class: "button", href: "/spa/orders", onclick: answer(false) }, "주문내역 보기"),
          el("button", { onclick: answer(false) }, "취소"),
          el("button", { class: "primary", onclick: answer(true) }, "하나 더 주문")),
      ];
    });
  });
}

// Begins the payment, or goes on with the one that was begun: the same order and method have one key.
export async function pay(order: OrderBody, method: Method, visit: Visit): Promise<void> {
  const redirect_url = `${location.origin}/spa/orders/${order.id}/paid`;
  const body = method === "CARD" || method === "TRANSFER" ? { method, redirect_url } : { method };
  const name = `pay-${order.id}`;
  if (order.payment_method !== method) {
    await ask(Orders.changePaymentMethod({ path: { order_id: order.id }, body: { payment_method: method } }));
  }
  const payment = await ask(Orders.startPayment({ path: { order_id: order.id }, body, headers: intent(name, body) }));
  keep(`payment-${order.id}`, payment.id);
  if (payment.checkout) return openCheckout(payment.checkout);
  await showOrder(visit, order.id, { payment });
}

// The payment provider's window. In life: `await PortOne.requestPayment(checkout)` of its browser
// SDK, which takes the same facts and comes back the same way; the sandbox has a page instead.
function openCheckout(checkout: CheckoutBody): void {
  const address = new URL("/checkout", location.origin);
  address.searchParams.set("paymentId", checkout.payment_id);
  address.searchParams.set("orderName", checkout.order_name);
  if (checkout.redirect_url) address.searchParams.set("redirectUrl", checkout.redirect_url);
  location.assign(address);
}

// What became of a payment that was begun in this tab: the provider is asked, not the address bar.
export async function settle(orderId: string): Promise<PaymentBody | null> {
  const begun = peek<string>(`payment-${orderId}`);
  if (!begun) return null;
  const payment = await ask(Payments.complete({ path: { payment_id: begun } }));
  if (payment.status === "PAID") drop(`payment-${orderId}`);
  return payment;
}

// The way back from the provider.
export const paid: Page = async (visit) => {
  const { id, address } = visit;
  const [paymentId, code, message] = [address("paymentId"), address("code"), address("message")];
  if (paymentId) keep(`payment-${id}`, paymentId);
  const payment = await settle(id);
  history.replaceState(null, "", `/spa/orders/${id}`);
  if (payment?.status === "PAID") {
    intentDone(`pay-${id}`);
    return showOrder(visit, id, { notice: { title: "결제가 완료되었습니다.", text: "사이트를 준비하고 있습니다. 이 화면에서 진행 상황을 볼 수 있습니다." } });
  }
  if (code || payment?.status === "FAILED") intentDone(`pay-${id}`); // the next try is another payment
  const text = [message, "주문은 그대로 있습니다. 다시 결제할 수 있습니다."].filter(Boolean).join(" ");
  return showOrder(visit, id, { notice: { title: "결제되지 않았습니다.", text } });
};
