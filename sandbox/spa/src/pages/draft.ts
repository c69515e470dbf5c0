// An order that is being written: it outlives a reload, going back, and a sign-in in between.
import type { AddOnBody, AddOnRequest, SiteRequest } from "customer-portal-sdk";
import { owner } from "../portal";
import { drop, keep, peek } from "../store";
import { el, field, won } from "../ui";
import type { Method } from "./paying";

export interface Draft {
  owner: string;
  plan: string;
  membership: string;
  users: number;
  months: number;
  addOns: Record<string, number>;
  coupon: string;
  method: Method;
  site: SiteRequest;
}

const EMPTY: Omit<Draft, "owner"> = {
  plan: "SHARED", membership: "", users: 10, months: 12, addOns: {}, coupon: "", method: "CARD",
  site: { name: "", subdomain: "", admin_name: "", admin_login_id: "", admin_email: "" },
};

export async function draftOf(name: string, start: Partial<Draft> = {}): Promise<Draft> {
  const who = await owner();
  const kept = peek<Draft>(name);
  return kept?.owner === who ? kept : { ...EMPTY, ...start, owner: who };
}

export const keepDraft = keep;
export const dropDraft = drop;

export function addOnsOf(draft: Draft): AddOnRequest[] {
  return Object.entries(draft.addOns).filter(([, quantity]) => quantity > 0).map(([code, quantity]) => ({ code, quantity }));
}

export function addOnFields(addOns: AddOnBody[], chosen: Record<string, number>): HTMLElement[] {
  return addOns.map((one) => field(
    one.code_label,
    { name: `add-${one.code}`, type: "number", min: 0, max: one.max_per_site ?? 9999, step: 1, value: chosen[one.code] ?? 0, inputmode: "numeric" },
    one.price ? `${won(one.price)}${one.basis === "ONCE" ? " (1회)" : " / 월"}` : "무료"));
}

export function readAddOns(form: HTMLFormElement, addOns: AddOnBody[]): Record<string, number> {
  return Object.fromEntries(addOns.map((one) => [one.code, wholeNumber(form, `add-${one.code}`)]));
}

export function wholeNumber(form: HTMLFormElement, name: string): number {
  const value = (form.elements.namedItem(name) as HTMLInputElement).valueAsNumber;
  return Number.isFinite(value) ? Math.trunc(value) : 0;
}

// 1 선택, 2 정보 입력, 3 확인 및 결제: where one is.
export function stepper(at: number): HTMLElement {
  return el("ol", { class: "stepper", "aria-label": "주문 단계" }, ["상품 선택", "사이트 정보", "확인 및 결제"].map((name, index) =>
    el("li", { class: index + 1 === at ? "here" : index + 1 < at ? "past" : "", "aria-current": index + 1 === at ? "step" : null }, `${index + 1}. ${name}`)));
}
