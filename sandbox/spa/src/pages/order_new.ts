// 신규주문 in three steps, each a page of its own: back, forward and reload do what they say.
import { Catalogue, Quotes, Terms } from "customer-portal-sdk";
import type { CatalogueBody, NewItemRequest, PricePreviewRequest, QuoteBody } from "customer-portal-sdk";
import type { Page, Visit } from "../page";
import { ask, me } from "../portal";
import { intent, intentDone } from "../store";
import { busy, button, choose, day, download, el, facts, field, form, panel, show, valueOf, won } from "../ui";
import { type Draft, addOnFields, addOnsOf, draftOf, dropDraft, keepDraft, readAddOns, stepper, wholeNumber } from "./draft";
import { showOrder } from "./order";
import { METHODS, type Method, pay, place } from "./paying";
import { livePrice } from "./price";
import { consentsOf, need, termsList } from "./terms";

const NAME = "order-new";
type Months = NonNullable<NewItemRequest["months"]>;

function itemOf(draft: Draft, catalogue: CatalogueBody): NewItemRequest {
  const plan = catalogue.plans.find(({ code }) => code === draft.plan);
  const chosen = { type: "NEW", plan: draft.plan } as const;
  if (plan?.fixed_users) return chosen; // a plan that has its users has no term and no add-ons
  return { ...chosen, users: draft.users, months: draft.months as Months, add_ons: addOnsOf(draft) };
}

const wishOf = (draft: Draft, catalogue: CatalogueBody): PricePreviewRequest =>
  ({ items: [itemOf(draft, catalogue)], coupon_code: draft.coupon || null });

const isFree = (draft: Draft, catalogue: CatalogueBody): boolean =>
  catalogue.plans.find(({ code }) => code === draft.plan)?.unit_price === 0;

// Step 1: plan, users, term and add-ons, with the price as it is chosen.
export const orderNew: Page = async ({ go, address }) => {
  const [catalogue, { permissions }] = await Promise.all([ask(Catalogue.get()), me()]);
  const draft = await draftOf(NAME);
  draft.plan = catalogue.plans.some(({ code }) => code === address("plan")) ? address("plan")! : draft.plan;
  const mayOrder = permissions.includes("orders.create.new");
  const next = el("button", { class: "primary" }, "다음: 사이트 정보");
  const quoting = el("div", {});
  const price = livePrice((now) => { next.disabled = now === null; });
  const details = el("div", {});
  const plans = el("fieldset", { class: "choices" }, el("legend", {}, "요금제"), catalogue.plans.map((plan) =>
    el("label", { class: "choice" },
      el("input", { type: "radio", name: "plan", value: plan.code, checked: plan.code === draft.plan }),
      el("span", {}, plan.code_label, el("small", { class: "soft" }, plan.unit_price ? `사용자당 월 ${won(plan.unit_price)}` : `무료 · ${plan.fixed_users ?? ""}명`)))));
  const drawDetails = (): void => {
    const plan = catalogue.plans.find(({ code }) => code === draft.plan)!;
    details.replaceChildren(...(plan.fixed_users ? [el("p", { class: "hint" }, `${plan.fixed_users}명까지, ${plan.fixed_storage_gb ?? ""}GB를 무료로 이용합니다.`)] : [
      el("div", { class: "pair" },
        field("사용자 수", { name: "users", type: "number", min: 1, max: 100000, step: 1, required: true, value: draft.users, inputmode: "numeric" }),
        choose("이용 기간", { name: "months" }, plan.terms.map((term) => [String(term.months), `${term.months}개월${term.promotion ? ` (${term.promotion})` : ""}`]), String(draft.months))),
      el("details", { open: addOnsOf(draft).length > 0 }, el("summary", {}, "부가서비스"), el("div", { class: "pair" }, addOnFields(catalogue.add_ons, draft.addOns))),
      field("쿠폰 번호", { name: "coupon", value: draft.coupon, maxlength: 40, autocomplete: "off" })]));
  };
  const made = form(async () => go("/orders/new/site"), panel("상품", plans, details), price.box, quoting,
    el("div", { class: "actions" }, mayOrder && next));
  const read = (): void => {
    const plan = new FormData(made).get("plan");
    if (plan !== draft.plan) {
      draft.plan = String(plan);
      drawDetails();
    }
    if (made.elements.namedItem("users")) {
      draft.users = wholeNumber(made, "users");
      draft.months = Number(valueOf(made, "months"));
      draft.addOns = readAddOns(made, catalogue.add_ons);
      draft.coupon = valueOf(made, "coupon");
    }
    keepDraft(NAME, draft);
    price.ask(isFree(draft, catalogue) || draft.users > 0 ? wishOf(draft, catalogue) : null);
  };
  drawDetails();
  made.addEventListener("input", read);
  if (permissions.includes("quotes.create")) {
    quoting.append(panel("견적서",
      el("p", { class: "hint" }, mayOrder ? "견적서를 PDF로 받아 두었다가 30일 안에 같은 가격으로 주문할 수 있습니다." : "개인회원은 견적서를 받을 수 있습니다. 주문은 기업회원 계정으로 합니다."),
      button("견적서 받기", () => quoting, async () => {
        const body = { ...wishOf(draft, catalogue), recipients: ["OWN" as const] };
        const quote = await ask(Quotes.create({ body, headers: intent("quote", body) }));
        intentDone("quote");
        quoteMade(quote);
      })));
  }
  show("신규주문", [mayOrder && stepper(1), made]);
  read();
};

function quoteMade(quote: QuoteBody): void {
  const box = el("div", { class: "actions" });
  box.append(
    button("PDF 내려받기", () => box, async () => {
      const file = await ask(Quotes.getPdf({ path: { quote_id: quote.id }, parseAs: "blob" }));
      download(file as Blob, `견적서-${quote.number}.pdf`);
    }, { class: "primary" }),
    el("a", { class: "button", href: "/spa/orders/new" }, "다시 선택"));
  show("견적서를 보냈습니다", [
    panel(null,
      el("p", { class: "done", role: "status" }, "✓ 이메일로 견적서를 보냈습니다."),
      facts(["견적 번호", quote.number], ["내용", quote.items.map((one) => `${one.plan_label} ${one.users}명`).join(", ")],
        ["금액", won(quote.total)], ["유효기간", day(quote.valid_until)])),
    box,
  ]);
}

// Step 2: the site, and how it is paid.
export const orderNewSite: Page = async ({ go }) => {
  const [catalogue, { account }] = await Promise.all([ask(Catalogue.get()), me()]);
  const draft = await draftOf(NAME);
  const free = isFree(draft, catalogue);
  draft.site.admin_name ||= account.name ?? "";
  draft.site.admin_email ||= account.email ?? "";
  const made = form(async () => go("/orders/new/confirm"),
    panel("사이트 정보",
      field("사이트 이름", { name: "name", required: true, maxlength: 60, value: draft.site.name, autocomplete: "organization" }),
      field("도메인", { name: "subdomain", required: true, maxlength: 63, value: draft.site.subdomain, autocomplete: "off", autocapitalize: "none" }, "영문 소문자, 숫자, 하이픈(-). 접속 주소의 앞부분입니다."),
      el("div", { class: "pair" },
        field("관리자 이름", { name: "admin_name", required: true, maxlength: 60, value: draft.site.admin_name, autocomplete: "name" }),
        field("관리자 ID", { name: "admin_login_id", required: true, pattern: "[A-Za-z0-9_.\\-]{2,40}", value: draft.site.admin_login_id, autocomplete: "off" })),
      field("관리자 이메일", { name: "admin_email", type: "email", required: true, value: draft.site.admin_email, autocomplete: "email" })),
    !free && el("fieldset", { class: "choices" }, el("legend", {}, "결제 방법"), METHODS.map(([code, label]) =>
      el("label", { class: "choice" }, el("input", { type: "radio", name: "method", value: code, checked: code === draft.method }), label))),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/orders/new" }, "이전"), el("button", { class: "primary" }, "다음: 확인 및 결제")));
  made.addEventListener("input", () => {
    for (const name of ["name", "subdomain", "admin_name", "admin_login_id", "admin_email"] as const) draft.site[name] = valueOf(made, name);
    draft.method = (new FormData(made).get("method") ?? "CARD") as Method;
    keepDraft(NAME, draft);
  });
  keepDraft(NAME, draft);
  show("신규주문", [stepper(2), made]);
};

// Step 3: what it is, what it costs now, what is agreed to.
export const orderNewConfirm: Page = async (visit: Visit) => {
  const [catalogue, terms] = await Promise.all([ask(Catalogue.get()), ask(Terms.list({ query: { use: "ORDER" } }))]);
  const draft = await draftOf(NAME);
  if (!draft.site.subdomain) return visit.go("/orders/new/site");
  const free = isFree(draft, catalogue);
  const submit = el("button", { class: "primary" }, free ? "주문하기" : "주문하고 결제하기");
  const price = livePrice((now) => {
    submit.disabled = now === null;
    if (now) need(made, terms.items, now.consents);
  });
  const plan = catalogue.plans.find(({ code }) => code === draft.plan)!;
  const addOns = addOnsOf(draft).map(({ code, quantity }) => `${catalogue.add_ons.find((one) => one.code === code)?.code_label ?? code} ${quantity}`);
  const made = el("form", {},
    panel("주문 내용", facts(
      ["요금제", plan.code_label],
      ["사용자", `${plan.fixed_users ?? draft.users}명`],
      ...(free ? [] : [["이용 기간", `${draft.months}개월`] as [string, string]]),
      ...(addOns.length && !free ? [["부가서비스", addOns.join(", ")] as [string, string]] : []),
      ["사이트", `${draft.site.name} (${draft.site.subdomain})`],
      ["관리자", `${draft.site.admin_name} · ${draft.site.admin_login_id} · ${draft.site.admin_email}`],
      ...(free ? [] : [["결제 방법", METHODS.find(([code]) => code === draft.method)![1]] as [string, string]]))),
    price.box,
    panel("약관 동의", termsList(terms.items, "모두 동의합니다")),
    el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/orders/new/site" }, "이전"), submit));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(made, async () => {
      const order = await place(NAME, {
        items: [{ ...itemOf(draft, catalogue), site: draft.site }],
        coupon_code: draft.coupon || null,
        expected_total: price.shown()!.total,
        payment_method: free ? null : draft.method,
        consents: consentsOf(made, terms.items),
      });
      if (!order) return;
      dropDraft(NAME);
      history.replaceState(null, "", `/spa/orders/${order.id}`); // going back leads to the order, not to another one
      if (order.status !== "PENDING_PAYMENT") return showOrder(visit, order.id, { notice: { title: "주문했습니다." } });
      await showOrder(visit, order.id, { notice: { title: "주문했습니다.", text: "결제창을 여는 중입니다. 열리지 않으면 결제하기를 눌러 주세요." } });
      await pay(order, draft.method, visit);
    }).finally(() => { if (made.querySelector('[data-code="price_changed"]')) price.ask(wishOf(draft, catalogue)); });
  });
  show("신규주문", [stepper(3), made]);
  price.ask(wishOf(draft, catalogue));
};

