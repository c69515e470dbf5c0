// 대표 계정 인계 지원: the present person agrees to a handover that somebody else asked for, or objects.
import { AssistedHandovers } from "customer-portal-sdk";
import type { Page } from "../page";
import { ask } from "../portal";
import { busy, el, notice, panel, show, time } from "../ui";

const TITLE = "대표 계정 인계 신청";

export const answerHandover: Page = async ({ address }) => {
  const token = address("token");
  if (!token) return show(TITLE, [panel(null, el("p", { role: "alert" }, "메일의 링크를 다시 눌러 주세요."))]);
  const asked = await ask(AssistedHandovers.preview({ body: { token } }));
  const box = el("div", {});
  const answer = (agrees: boolean) => (): Promise<void | undefined> => busy(box, async () => {
    await (agrees ? ask(AssistedHandovers.agreeTo({ body: { token } })) : ask(AssistedHandovers.objectTo({ body: { token } })));
    const done = agrees ? "인계에 동의했습니다. 운영자의 확인이 끝나면 인계됩니다." : "이의를 제기했습니다. 인계 신청은 반려되었습니다.";
    show(TITLE, [panel(null, el("p", { class: "done" }, `✓ ${done}`))]);
  });
  box.append(el("div", { class: "actions" },
    el("button", { class: "primary", onclick: answer(false) }, "이의 제기"), el("button", { onclick: answer(true) }, "동의")));
  show(TITLE, [
    notice(`${asked.name_masked}님이 ${asked.company_name}의 회사 대표 계정을 넘겨받겠다고 신청했습니다.`,
      `${time(asked.waits_until)}까지 이의를 제기하지 않으면 운영자의 확인을 거쳐 인계될 수 있습니다.`),
    box,
  ]);
};
