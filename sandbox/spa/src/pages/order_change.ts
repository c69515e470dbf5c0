// 추가/연장주문: more users, add-ons or time for a membership that is there.
import { Catalogue, Memberships, Terms } from "customer-portal-sdk";
import type { AddExtendItemRequest, MembershipBody } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask } from "../portal";
import { choose, day, el, facts, field, panel, show, valueOf } from "../ui";
import { busy } from "../ui";
import { addOnFields, addOnsOf, draftOf, dropDraft, keepDraft, readAddOns, wholeNumber } from "./draft";
import { showOrder } from "./order";
import { METHODS, type Method, pay, place } from "./paying";
import { livePrice } from "./price";
import { consentsOf, need, termsList } from "./terms";

const NAME = "order-change";
type Extend = NonNullable<AddExtendItemRequest["extend_months"]>;

export const orderChange: Page = async (visit) => {
  const [held, catalogue, terms] = await Promise.all([
    ask(Memberships.list({ query: { size: 100 } })), ask(Catalogue.get()), ask(Terms.list({ query: { use: "ORDER" } })),
  ]);
  const mine = held.items.filter(({ billing_channel }) => billing_channel !== "RESELLER");
  const first = mine[0];
  if (!first) return show("추가/연장주문", [panel(null, el("p", {}, "추가하거나 연장할 멤버십이 없습니다."), el("a", { class: "button", href: "/spa/orders/new" }, "신규주문"))]);
  const draft = await draftOf(NAME, { users: 0, months: 0 });
  const wanted = visit.address("membership") ?? draft.membership;
  let membership: MembershipBody = mine.find(({ id }) => id === wanted) ?? first;
  draft.membership = membership.id;
  const submit = el("button", { class: "primary", disabled: true }, "주문하고 결제하기");
  const price = livePrice((now) => {
    submit.disabled = now === null;
    if (now) need(made, terms.items, now.consents);
  });
  const present = el("div", {});
  const item = (): AddExtendItemRequest => ({
    type: "ADD_EXTEND", membership_id: draft.membership, add_users: draft.users, add_ons: addOnsOf(draft), extend_months: draft.months as Extend,
  });
  const draw = (): void => present.replaceChildren(facts(
    ["요금제", `${membership.plan_label} (${membership.status_label})`], ["사용자", `${membership.users.total}명`],
    ["이용기간", `${day(membership.starts_on)} ~ ${day(membership.expires_on)}`]));
  const made = el("form", {},
    panel("멤버십",
      choose("사이트", { name: "membership" }, mine.map(({ id, site, plan_label }) => [id, `${site.name} · ${plan_label}`]), membership.id),
      present),
    panel("추가와 연장",
      el("div", { class: "pair" },
        field("추가할 사용자", { name: "users", type: "number", min: 0, max: 100000, step: 1, value: draft.users, inputmode: "numeric" }),
        choose("연장", { name: "months" }, [["0", "연장하지 않음"], ["1", "1개월"], ["12", "12개월"], ["24", "24개월"]], String(draft.months))),
      el("details", { open: addOnsOf(draft).length > 0 }, el("summary", {}, "부가서비스 추가"), el("div", { class: "pair" }, addOnFields(catalogue.add_ons, draft.addOns))),
      choose("결제 방법", { name: "method" }, METHODS, draft.method)),
    price.box,
    panel("약관 동의", termsList(terms.items, "모두 동의합니다")),
    el("div", { class: "actions" }, submit));
  const look = (): void => price.ask(draft.users > 0 || draft.months > 0 || addOnsOf(draft).length > 0 ? { items: [item()] } : null);
  made.addEventListener("input", (event) => {
    if ((event.target as HTMLInputElement).type === "checkbox") return;
    draft.membership = valueOf(made, "membership");
    membership = mine.find(({ id }) => id === draft.membership) ?? first;
    draft.users = wholeNumber(made, "users");
    draft.months = Number(valueOf(made, "months"));
    draft.method = valueOf(made, "method") as Method;
    draft.addOns = readAddOns(made, catalogue.add_ons);
    keepDraft(NAME, draft);
    draw();
    look();
  });
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(made, async () => {
      const total = price.shown()!.total;
      const order = await place(NAME, {
        items: [item()], expected_total: total, payment_method: total > 0 ? draft.method : null, consents: consentsOf(made, terms.items),
      });
      if (!order) return;
      dropDraft(NAME);
      history.replaceState(null, "", `/spa/orders/${order.id}`);
      await showOrder(visit, order.id, { notice: { title: "주문했습니다." } });
      if (order.status === "PENDING_PAYMENT") await pay(order, draft.method, visit);
    }).finally(() => { if (made.querySelector('[data-code="price_changed"]')) look(); });
  });
  show("추가/연장주문", [made]);
  draw();
  look();
};
