// Elements, forms and dialogs. Text is only ever set as text.
import { Problem } from "./portal";

type Child = Node | string | null | undefined | false;
export type Children = Child | Children[];
type Value = string | number | boolean | null | undefined | ((event: Event) => unknown);

function flat(children: Children[]): (Node | string)[] {
  return children.flat(Infinity as 10).filter((one): one is Node | string => one != null && one !== false);
}

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag, attributes: Record<string, Value> = {}, ...children: Children[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
  made.append(...flat(children));
  return made;
}

export function show(title: string, children: Children[], { wide = false } = {}): void {
  const page = document.querySelector<HTMLElement>("#page")!;
  page.classList.toggle("wide", wide);
  page.removeAttribute("aria-busy");
  page.replaceChildren(el("h1", {}, title), ...flat(children));
  document.title = `${title} · 다우오피스 고객포털`;
  page.focus({ preventScroll: true });
  scrollTo(0, 0);
}

export function field(label: Children, attributes: Record<string, Value>, hint?: Children): HTMLLabelElement {
  const need = attributes["required"] ? el("span", { class: "need", "aria-hidden": "true" }, " *") : null;
  return el("label", { class: "field" }, label, need, el("input", attributes), hint && el("small", { class: "hint" }, hint));
}

export function choose(label: Children, attributes: Record<string, Value>, options: [string, string][], chosen?: string): HTMLLabelElement {
  return el("label", { class: "field" }, label,
    el("select", attributes, options.map(([value, text]) => el("option", { value, selected: value === chosen }, text))));
}

export function panel(title: Children, ...children: Children[]): HTMLElement {
  return el("section", { class: "panel" }, title && el("h2", {}, title), children);
}

export function notice(title: string, text?: string): HTMLElement {
  return el("section", { class: "panel notice", role: "status" }, el("p", {}, el("strong", {}, title)), text && el("p", {}, text));
}

export function facts(...pairs: [string, Children][]): HTMLElement {
  return el("dl", { class: "facts" }, pairs.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

// A table that becomes cards on a phone: every cell knows the name of its column.
export function table(caption: string, heads: string[], rows: Children[][]): HTMLElement {
  return el("div", { class: "table" }, el("table", {},
    el("caption", { class: "only-heard" }, caption),
    el("thead", {}, el("tr", {}, heads.map((head) => head ? el("th", { scope: "col" }, head) : el("td", {})))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, at) => el("td", { "data-head": heads[at] ?? "" }, cell)))))));
}

export function input(form: HTMLFormElement, name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}

export function valueOf(form: HTMLFormElement, name: string): string {
  return input(form, name).value.trim();
}

export const won = (amount: number): string => `${amount.toLocaleString("ko-KR")}원`;

export const time = (at: string): string =>
  new Date(at).toLocaleString("ko-KR", { timeZone: "Asia/Seoul", dateStyle: "medium", timeStyle: "short" });

export const day = (on: string | null | undefined): string => (on ? on.slice(0, 10).replaceAll("-", ".") : "-");

export function words(problem: unknown): { code: string; text: string } {
  if (problem instanceof Problem) {
    const fields = problem.fields.map(({ field: name, message }) => `${name}: ${message}`).join(" ");
    const asked = problem.status >= 500 && problem.requestId ? ` (문의 번호 ${problem.requestId})` : "";
    return { code: problem.code, text: [problem.detail, fields].filter(Boolean).join(" ") + asked };
  }
  console.error(problem);
  return { code: "unknown", text: "잠시 후 다시 시도해 주세요." };
}

const working = new WeakSet<HTMLElement>();

// Runs the work of a button or form once at a time, and says what went wrong above it.
export async function busy<T>(host: HTMLElement, work: () => Promise<T>): Promise<T | undefined> {
  if (working.has(host)) return undefined;
  working.add(host);
  host.querySelector(":scope > .alert")?.remove();
  host.setAttribute("aria-busy", "true");
  const buttons = [...host.querySelectorAll("button")].filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  try {
    return await work();
  } catch (problem) {
    const { code, text } = words(problem);
    if (code === "session_ended") return undefined; // the whole page says so
    const alert = el("p", { class: "alert", role: "alert", "data-code": code }, text);
    host.prepend(alert);
    alert.scrollIntoView({ block: "nearest" });
    return undefined;
  } finally {
    working.delete(host);
    host.removeAttribute("aria-busy");
    for (const button of buttons) button.disabled = false;
  }
}

export function form(onsubmit: (form: HTMLFormElement) => Promise<unknown>, ...children: Children[]): HTMLFormElement {
  const made = el("form", {}, children);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(made, () => onsubmit(made));
  });
  return made;
}

export function button(label: string, host: () => HTMLElement, work: () => Promise<unknown>, attributes: Record<string, Value> = {}): HTMLButtonElement {
  return el("button", { type: "button", ...attributes, onclick: () => busy(host(), work) }, label);
}

// A modal dialog; what is in it closes it by `close()`.
export function popup(title: string, build: (close: () => void) => Children[], { kicker = "" } = {}): HTMLDialogElement {
  const box = el("dialog", { "aria-label": title });
  const close = (): void => { box.close(); box.remove(); };
  box.append(...flat([kicker && el("p", { class: "kicker" }, kicker), el("h2", {}, title), build(close)]));
  box.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(box);
  box.showModal();
  return box;
}

// A PDF of the portal, as a file of the browser.
export function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
