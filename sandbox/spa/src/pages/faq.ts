// 고객포털 FAQ: by category and by words; what was found is marked by the portal's own highlights.
import { FaqCategories, Faqs } from "customer-portal-sdk";
import type { FaqListBody, FaqsListData } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask, resume } from "../portal";
import { choose, el, field, form, panel, show, valueOf } from "../ui";

type Category = NonNullable<NonNullable<FaqsListData["query"]>["category"]>;
type Found = FaqListBody["items"][number];

export const faq: Page = async ({ address }) => {
  await resume().catch(() => false); // anybody reads it; whoever is signed in stays so
  const { items: categories } = await ask(FaqCategories.list());
  const results = el("div", { "aria-live": "polite" });
  const look = async (query: string, category: string): Promise<void> => {
    const { items } = await ask(Faqs.list({ query: { ...(query ? { query } : {}), ...(category ? { category: category as Category } : {}) } }));
    results.replaceChildren(el("p", { class: "soft" }, items.length ? `${items.length}개의 질문` : "찾는 질문이 없습니다. 다른 말로 찾거나 문의를 남겨 주세요."), ...items.map(entry));
  };
  const chosen = address("category") ?? "";
  const search = form((sent) => look(valueOf(sent, "query"), valueOf(sent, "category")),
    field("무엇을 도와드릴까요?", { name: "query", type: "search", maxlength: 100, autocomplete: "off" }),
    el("div", { class: "row" },
      choose("분류", { name: "category" }, [["", "전체"], ...categories.map(({ code, code_label }): [string, string] => [code, code_label])], chosen),
      el("button", { class: "primary" }, "찾기")));
  await look("", chosen);
  show("고객포털 FAQ", [panel(null, search), results, el("div", { class: "actions" }, el("a", { class: "button", href: "/spa/inquiries/new" }, "문의등록"))]);
};

function marked(one: Found, field_: "question" | "answer"): (Node | string)[] {
  const text = [...one[field_]]; // places count characters, not UTF-16 units
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const { start, end } of one.highlights.filter(({ field: where }) => where === field_)) {
    parts.push(text.slice(at, start).join(""), el("mark", {}, text.slice(start, end).join("")));
    at = end;
  }
  return [...parts, text.slice(at).join("")];
}

function entry(one: Found): HTMLElement {
  const rating = el("p", { class: "rating" });
  const rate = (helpful: boolean) => async (): Promise<void> => {
    await ask(Faqs.rate({ path: { faq_id: one.id }, body: { helpful } }));
    rating.replaceChildren(el("span", { class: "done", role: "status" }, "의견을 보내 주셔서 감사합니다."));
  };
  rating.append("도움이 되었나요? ",
    el("button", { type: "button", class: "small", "aria-label": `${one.question} 도움이 되었어요`, onclick: rate(true) }, "예"), " ",
    el("button", { type: "button", class: "small", "aria-label": `${one.question} 도움이 되지 않았어요`, onclick: rate(false) }, "아니요"));
  return el("details", { class: "panel" }, el("summary", {}, el("span", { class: "tag" }, one.category_label), " ", ...marked(one, "question")),
    el("p", { class: "answer" }, ...marked(one, "answer")), rating);
}
