// A person's quote is brought into the company that orders it.
import { post, resume } from "../api.js";
import { drop, keep, peek } from "../store.js";
import { busy, el, panel, show } from "../ui.js";

export async function claimQuote({ address }) {
  if (address("token")) keep("quote", { number: address("number"), token: address("token") });
  const quote = peek("quote");
  if (!quote) return show("견적 가져오기", [panel(null, el("p", { role: "alert" }, "견적 메일의 링크를 다시 눌러 주세요."))]);
  const box = panel(null, el("p", {}, `견적 ${quote.number}을(를) 회사의 견적으로 가져옵니다.`));
  if (!(await resume())) {
    box.append(el("p", { class: "hint" }, "주문할 회사의 계정으로 로그인한 뒤 메일의 링크를 다시 눌러 주세요."), el("a", { class: "button", href: "/spa/login" }, "로그인"));
    return show("견적 가져오기", [box]);
  }
  const claim = () => busy(box, async () => {
    const claimed = await post("/v1/quotes/claim", quote);
    drop("quote");
    show("견적을 가져왔습니다", [panel(null, el("p", { class: "done" }, `✓ ${claimed.number} · ${claimed.total.toLocaleString("ko-KR")}원`))]);
  });
  box.append(el("div", { class: "actions" }, el("button", { class: "primary", onclick: claim }, "가져오기")));
  return show("견적 가져오기", [box]);
}
