import type { ConsentRequest, TermsBody } from "customer-portal-sdk";
import { el, input } from "../ui";

// Check boxes for documents of GET /v1/terms, one for all first.
export function termsList(terms: TermsBody[], allLabel: string): HTMLElement {
  const all = el("input", { type: "checkbox", name: "all" });
  const boxes = terms.map((term) => el("input", { type: "checkbox", name: `term-${term.kind}`, required: term.required }));
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", () => { all.checked = boxes.every((one) => one.checked); });
  return el("div", { class: "terms" },
    el("label", { class: "check all" }, all, allLabel),
    terms.map((term, index) => el("div", {},
      el("label", { class: "check" }, boxes[index], el("span", {}, said(term, term.required))),
      el("details", {}, el("summary", { "aria-label": `${term.title} 내용보기` }, "내용보기"), el("p", {}, term.body)))));
}

const said = (term: TermsBody, needed: boolean): string => `(${needed ? "필수" : "선택"}) ${term.title}`;

// Which of them this order needs: the price preview says so, since it depends on its terms.
export function need(form: HTMLFormElement, terms: TermsBody[], kinds: string[]): void {
  for (const term of terms) {
    const box = input(form, `term-${term.kind}`);
    box.required = kinds.includes(term.kind);
    box.nextElementSibling!.textContent = said(term, box.required);
  }
}

export function consentsOf(form: HTMLFormElement, terms: TermsBody[]): ConsentRequest[] {
  return terms.map((term) => ({ kind: term.kind, version: term.version, agreed: input(form, `term-${term.kind}`).checked }));
}
