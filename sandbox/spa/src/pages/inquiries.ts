// 문의등록, and the conversation that comes of it, for accounts and for links of a mail.
import { AttachmentTickets, Attachments, Inquiries, InquiryForms, Support } from "customer-portal-sdk";
import type { AskInquiryRequest, InquiryBody } from "customer-portal-sdk";
import type { Page } from "../page";
import { Problem, ask, isSignedIn, me, resume } from "../portal";
import { intent, intentDone, keep, peek } from "../store";
import { choose, el, field, form, input, panel, show, time, valueOf } from "../ui";

export const inquiryNew: Page = async () => {
  const signedIn = await resume();
  const [forms, support] = await Promise.all([ask(InquiryForms.list()), ask(Support.get())]);
  const known = signedIn ? await me() : null;
  const fields: Record<string, string> = { email: known?.account.email ?? "", company_name: known?.company?.name ?? "" };
  const body = el("div", {});
  const draw = (kind: string): void => {
    const wanted = forms.items.find((one) => one.kind === kind) ?? forms.items[0]!;
    body.replaceChildren(
      choose("유형", { name: "type" }, wanted.types.map(({ code, code_label }): [string, string] => [code, code_label])),
      ...wanted.fields.filter(({ key }) => key !== "details").map((one) =>
        field(one.label, { name: one.key, required: one.required, maxlength: one.max_length, placeholder: one.placeholder, value: fields[one.key], type: one.key === "email" ? "email" : "text" })),
      el("label", { class: "field" }, "내용", el("span", { class: "need", "aria-hidden": "true" }, " *"),
        el("textarea", { name: "details", required: true, rows: 8, maxlength: 5000 }, wanted.types[0]?.details_template ?? "")));
  };
  const { attachments: rules } = forms;
  const made = form(
    async (sent) => {
      const wish: AskInquiryRequest = {
        kind: valueOf(sent, "kind") as AskInquiryRequest["kind"], type: valueOf(sent, "type") as AskInquiryRequest["type"],
        email: valueOf(sent, "email"), title: valueOf(sent, "title"), company_name: valueOf(sent, "company_name"), details: valueOf(sent, "details"),
        mobile_phone: optional(sent, "mobile_phone"), landline: optional(sent, "landline"),
        consents: forms.consents.map(({ kind, version }) => ({ kind, version, agreed: input(sent, `agree-${kind}`).checked })),
      };
      const headers = intent("inquiry", wish);
      const tickets = await sendFiles([...(input(sent, "files").files ?? [])]);
      const done = await ask(Inquiries.create({ body: tickets.length ? { ...wish, attachments: tickets } : wish, headers }));
      intentDone("inquiry");
      show("문의를 접수했습니다", [panel(null, el("p", { class: "done", role: "status" }, `✓ 문의 번호 ${done.number}`), el("p", {}, `답변은 ${done.email}(으)로 보내 드립니다.`)),
        isSignedIn() && el("a", { class: "button", href: `/spa/inquiries/${done.id}` }, "문의 보기")]);
    },
    panel(null,
      choose("문의 구분", { name: "kind", onchange: (event) => draw((event.target as HTMLSelectElement).value) }, forms.items.map(({ kind, kind_label }): [string, string] => [kind, kind_label])),
      body,
      field(`첨부 파일 (최대 ${rules.max_files}개, ${rules.endings.join(", ")})`, { name: "files", type: "file", multiple: true, accept: rules.endings.map((ending) => (ending.startsWith(".") ? ending : `.${ending}`)).join(",") })),
    panel("동의", forms.consents.map((one) => el("label", { class: "check" }, el("input", { type: "checkbox", name: `agree-${one.kind}`, required: one.required }), `(${one.required ? "필수" : "선택"}) ${one.title}`))),
    el("div", { class: "actions" }, el("button", { class: "primary" }, "문의하기")));
  draw(forms.items[0]!.kind);
  show("문의등록", [el("p", { class: "soft" }, `전화 ${support.phone} · ${support.hours}`), made]);
};

const optional = (sent: HTMLFormElement, name: string): string | null =>
  sent.elements.namedItem(name) ? valueOf(sent, name) || null : null;

async function sendFiles(files: File[]): Promise<string[]> {
  const tickets: string[] = [];
  for (const file of files) {
    const { id, token } = await ask(AttachmentTickets.create({ body: { filename: file.name } }));
    await ask(Attachments.send({ path: { ticket: id }, body: file }));
    tickets.push(token);
  }
  return tickets;
}

function conversation(found: InquiryBody, send: (text: string) => Promise<InquiryBody>): void {
  const answer = async (sent: HTMLFormElement): Promise<void> => {
    const now = await send(valueOf(sent, "text"));
    intentDone(`inquiry-${found.id}`);
    conversation(now, send);
  };
  show(found.title, [
    el("p", { class: "soft" }, `${found.number} · ${found.kind_label} `, el("span", { class: "tag" }, found.state_label)),
    found.messages.map((one) => panel(one.author === "OPERATOR" ? "상담원" : "문의", el("p", { class: "lines" }, one.text),
      one.attachments.map((file) => el("p", { class: "soft" }, `첨부: ${file.filename}`)), el("p", { class: "soft" }, time(one.created_at)))),
    found.state !== "CLOSED" && form(answer, panel("추가로 묻기", el("label", { class: "field" }, "내용", el("textarea", { name: "text", required: true, rows: 4, maxlength: 5000 })), el("button", { class: "primary" }, "보내기"))),
  ]);
}

export const inquiry: Page = async ({ id }) => {
  const path = { inquiry_id: id };
  conversation(await ask(Inquiries.get({ path })), (text) => ask(Inquiries.addMessage({ path, body: { text }, headers: intent(`inquiry-${id}`, text) })));
};

export const inquiryAnswer: Page = async ({ address }) => {
  if (address("token")) keep("inquiry-answer", { number: address("number"), token: address("token") });
  const link = peek<{ number: string; token: string }>("inquiry-answer");
  if (!link) return show("문의", [panel(null, el("p", { role: "alert" }, "메일의 링크를 다시 눌러 주세요."))]);
  try {
    conversation(await ask(Inquiries.open({ body: link })), (text) => ask(Inquiries.reply({ body: { ...link, text } })));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status === 0) throw problem;
    show("문의를 열지 못했습니다", [panel(null, el("p", { role: "alert" }, problem.detail))]);
  }
};
