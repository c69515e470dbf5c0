// 사용자 초대/관리: the representative account's list, and the invitation of administrators.
import { call, get, post, resume } from "../api.js";
import { busy, el, field, form, panel, show, valueOf } from "../ui.js";

export async function users({ go }) {
  if (!(await resume())) return go("/login");
  const { items } = await get("/v1/users?size=100");
  const send = async (sent) => {
    await post("/v1/invitations", { name: valueOf(sent, "name"), email: valueOf(sent, "email") });
    await users({ go });
  };
  return show("사용자 초대/관리", [
    panel("사용자", el("table", {},
      el("thead", {}, el("tr", {}, ["이름", "이메일", "권한", "상태", ""].map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, items.map((user) => row(user, () => users({ go })))))),
    panel("사용자 초대",
      form(send,
        el("div", { class: "pair" },
          field("이름", { name: "name", required: true, autocomplete: "off" }),
          field("이메일 주소", { name: "email", type: "email", required: true, autocomplete: "off" })),
        el("button", { class: "primary" }, "초대하기"))),
  ], { wide: true });
}

function row(user, again) {
  const actions = el("td", {});
  const button = (label, method, path, body) => el("button", { class: "small", onclick: () => busy(actions, async () => {
    await call(method, path, body);
    await again();
  }) }, label);
  if (user.approval_pending) actions.append(button("승인", "POST", `/v1/invitations/${user.invitation_id}/approve`));
  if (user.invitation_id) actions.append(button("초대 취소", "DELETE", `/v1/invitations/${user.invitation_id}`));
  else if (user.role === "ADMIN") {
    const suspended = user.state === "SUSPENDED";
    actions.append(button(suspended ? "정지 해제" : "정지", "PATCH", `/v1/users/${user.user_id}`, { state: suspended ? "ACTIVE" : "SUSPENDED" }));
  }
  return el("tr", {}, el("td", {}, user.name), el("td", {}, user.email), el("td", {}, user.role_label), el("td", {}, user.state_label), actions);
}
