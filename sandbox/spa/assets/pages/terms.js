import { el } from "../ui.js";

// Check boxes for documents of GET /v1/terms, one for all first.
export function termsList(terms, allLabel) {
  const all = el("input", { type: "checkbox", name: "all" });
  const boxes = terms.map((term) => el("input", { type: "checkbox", name: `term-${term.kind}`, required: term.required }));
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", () => { all.checked = boxes.every((one) => one.checked); });
  return el("div", { class: "terms" },
    el("label", { class: "check all" }, all, allLabel),
    terms.map((term, index) => el("div", {},
      el("label", { class: "check" }, boxes[index], `(${term.required ? "필수" : "선택"}) ${term.title}`),
      el("details", {}, el("summary", {}, "내용보기"), el("p", {}, term.body)))));
}

export function consentsOf(form, terms) {
  return terms.map((term) => ({ kind: term.kind, version: term.version, agreed: form.elements[`term-${term.kind}`].checked }));
}
