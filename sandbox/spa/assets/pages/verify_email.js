import { post } from "../api.js";
import { el, panel, show } from "../ui.js";

export async function verifyEmail({ address }) {
  const token = address("token");
  try {
    await post("/v1/email-verifications/confirm", { token: token ?? "" }, { signedIn: false });
    show("이메일을 확인했습니다", [panel(null, el("p", { class: "done" }, "✓ 이메일 확인을 완료했습니다."))]);
  } catch (problem) {
    if (!problem.code) throw problem;
    show("이메일을 확인하지 못했습니다", [panel(null, el("p", { role: "alert" }, problem.detail ?? problem.title))]);
  }
}
