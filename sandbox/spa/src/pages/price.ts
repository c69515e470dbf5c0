// The live price: what the portal says it costs now, line by line, each with its explanation.
import { PricePreviews } from "customer-portal-sdk";
import type { PricePreviewBody, PricePreviewRequest } from "customer-portal-sdk";
import { Problem, ask } from "../portal";
import { day, el, won, words } from "../ui";

const MOMENT_MS = 250;

export interface LivePrice {
  box: HTMLElement;
  ask: (wish: PricePreviewRequest | null) => void;
  shown: () => PricePreviewBody | null;
}

// `changed(price)`: null while it is asked for, or where there is none.
export function livePrice(changed: (price: PricePreviewBody | null) => void): LivePrice {
  const box = el("section", { class: "panel price", "aria-label": "예상 금액", "aria-live": "polite" });
  let turn = 0;
  let timer = 0;
  let shown: PricePreviewBody | null = null;
  let last: PricePreviewRequest | null = null;
  const say = (...children: (Node | string)[]): void => box.replaceChildren(el("h2", {}, "예상 금액"), ...children);
  const look = async (wish: PricePreviewRequest, mine: number): Promise<void> => {
    try {
      const price = await ask(PricePreviews.create({ body: wish }));
      if (mine !== turn) return;
      shown = price;
      say(...priceLines(price));
    } catch (problem) {
      if (mine !== turn) return;
      const { code, text } = words(problem);
      say(el("p", { class: code === "nothing_to_order" ? "soft" : "alert", role: "status", "data-code": code }, text));
      if (problem instanceof Problem && (problem.status === 0 || problem.status >= 500)) {
        box.append(el("button", { type: "button", onclick: () => price.ask(last) }, "다시 계산"));
      }
    }
    box.removeAttribute("aria-busy");
    changed(shown);
  };
  const price: LivePrice = {
    box,
    shown: () => shown,
    ask: (wish) => {
      turn += 1;
      clearTimeout(timer);
      shown = null;
      last = wish;
      changed(null);
      if (!wish) return say(el("p", { class: "soft" }, "주문할 내용을 선택하면 금액을 알려 드립니다."));
      box.setAttribute("aria-busy", "true");
      const mine = turn;
      timer = window.setTimeout(() => void look(wish, mine), MOMENT_MS);
    },
  };
  say(el("p", { class: "soft" }, "금액을 계산하고 있습니다."));
  return price;
}

export function priceLines(price: PricePreviewBody): HTMLElement[] {
  const { items, coupon } = price;
  const rows = items.flatMap((item) => [
    el("p", { class: "soft" }, `${item.plan_label} ${item.type_label} · ${day(item.starts_on)} ~ ${day(item.expires_on)}`),
    el("ul", { class: "lines" },
      item.lines.map((line) => el("li", {}, el("span", {}, line.name, el("small", { class: "soft" }, line.explanation)), el("span", {}, won(line.amount)))),
      item.discounts.map((one) => el("li", { class: "less" }, el("span", {}, one.name, el("small", { class: "soft" }, one.explanation)), el("span", {}, `-${won(one.amount)}`)))),
    ...item.ends.map((text) => el("p", { class: "hint" }, text)),
  ]);
  if (coupon) {
    rows.push(coupon.rejected
      ? el("p", { class: "alert" }, `쿠폰 ${coupon.code}: ${coupon.rejected}`)
      : el("p", { class: "less" }, `쿠폰 ${coupon.name ?? coupon.code} -${won(coupon.amount)}`));
  }
  return [...rows, totals(price)];
}

export function totals(price: { supply: number; vat: number; total: number; discount: number }): HTMLElement {
  return el("dl", { class: "totals" },
    price.discount > 0 && [el("dt", {}, "할인"), el("dd", {}, `-${won(price.discount)}`)],
    el("dt", {}, "공급가액"), el("dd", {}, won(price.supply)),
    el("dt", {}, "부가세"), el("dd", {}, won(price.vat)),
    el("dt", { class: "total" }, "결제 금액"), el("dd", { class: "total", "data-total": price.total }, won(price.total)));
}
