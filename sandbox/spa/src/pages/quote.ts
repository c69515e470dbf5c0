// A person's quote is brought into the company that orders it.
import { Quotes } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask, resume } from "../portal";
import { drop, keep, peek } from "../store";
import { busy, el, panel, show, won } from "../ui";

export const claimQuote: Page = async ({ address }) => {
  if (address("token")) keep("quote", { number: address("number"), token: address("token") });
  const quote = peek<{ number: string; token: string }>("quote");
  if (!quote) return show("견적 가져오기", [panel(null, el("p", { role: "alert" }, "견적 메일의 링크를 다시 눌러 주세요."))]);
  const box = panel(null, el("p", {}, `견적 ${quote.number}을(를) 회사의 견적으로 가져옵니다.`));
  if (!(await resume())) {
    box.append(el("p", { class: "hint" }, "주문할 회사의 계정으로 로그인한 뒤 메일의 링크를 다시 눌러 주세요."), el("a", { class: "button", href: "/spa/login" }, "로그인"));
    return show("견적 가져오기", [box]);
  }
  const claim = (): Promise<void | undefined> => busy(box, async () => {
    const claimed = await ask(Quotes.claim({ body: quote }));
    drop("quote");
    show("견적을 가져왔습니다", [panel(null, el("p", { class: "done" }, `✓ ${claimed.number} · ${won(claimed.total)}`))]);
  });
  box.append(el("div", { class: "actions" }, el("button", { class: "primary", onclick: claim }, "가져오기")));
  show("견적 가져오기", [box]);
};
