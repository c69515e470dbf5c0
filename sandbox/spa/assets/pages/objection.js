// 대표 계정 인계 지원: the present person agrees to a handover that somebody else asked for, or objects.
import { post } from "../api.js";
import { busy, el, panel, show } from "../ui.js";

const TITLE = "대표 계정 인계 신청";

export async function answerHandover({ address }) {
  const token = address("token");
  if (!token) return show(TITLE, [panel(null, el("p", { role: "alert" }, "메일의 링크를 다시 눌러 주세요."))]);
  const asked = await post("/v1/assisted-handovers/preview", { token }, { signedIn: false });
  const form = el("form", {}, el("div", { class: "actions" },
    el("button", { class: "primary", value: "object" }, "이의 제기"),
    el("button", { value: "agree" }, "동의")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const step = event.submitter.value;
    busy(form, async () => {
      await post(`/v1/assisted-handovers/${step}`, { token }, { signedIn: false });
      const done = step === "agree" ? "인계에 동의했습니다. 운영자의 확인이 끝나면 인계됩니다." : "이의를 제기했습니다. 인계 신청은 반려되었습니다.";
      show(TITLE, [panel(null, el("p", { class: "done" }, `✓ ${done}`))]);
    });
  });
  const until = new Date(asked.waits_until).toLocaleString("ko-KR", { timeZone: "Asia/Seoul" });
  return show(TITLE, [
    el("section", { class: "panel notice" },
      el("p", {}, `${asked.name_masked}님이 ${asked.company_name}의 회사 대표 계정을 넘겨받겠다고 신청했습니다.`),
      el("p", {}, `${until}까지 이의를 제기하지 않으면 운영자의 확인을 거쳐 인계될 수 있습니다.`)),
    form,
  ]);
}
