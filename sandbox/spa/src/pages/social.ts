// Kakao, Naver, Google: out by the portal's authorization URL, back to /social/callback.
import { Auth } from "customer-portal-sdk";
import type { CompletedSocialBody } from "customer-portal-sdk";
import type { Page } from "../page";
import { BROWSER, Problem, ask, keepSession } from "../portal";
import { drop, keep, peek } from "../store";
import { busy, el, panel, show } from "../ui";
import { afterSignIn } from "./login";

const LABELS = { kakao: "카카오", naver: "네이버", google: "Google" } as const;
type Provider = keyof typeof LABELS;

export interface SocialSignUp {
  ticket: string;
  email: string | null;
  label: string;
}

export function socialButtons(verb: string): HTMLElement {
  const box = el("div", { class: "social" });
  const start = (provider: Provider): Promise<void> | Promise<undefined> => busy(box, async () => {
    const started = await ask(Auth.startSocial({ path: { provider }, query: { client_type: BROWSER } }));
    keep("social", { provider, secret: started.client_secret });
    location.assign(started.authorization_url);
  });
  box.append(...(Object.keys(LABELS) as Provider[]).map((provider) =>
    el("button", { type: "button", class: provider, onclick: () => start(provider) }, `${LABELS[provider]}로 ${verb}`)));
  return box;
}

export const comeFromSocial: Page = async ({ go, address }) => {
  const attempt = peek<{ provider: Provider; secret: string }>("social");
  drop("social");
  const [code, state] = [address("code"), address("state")];
  if (!attempt || !code || !state) return failed(address("error"));
  let done: CompletedSocialBody;
  try {
    done = await ask(Auth.completeSocial({
      path: { provider: attempt.provider },
      body: { code, state, client_secret: attempt.secret, client_type: BROWSER },
    }));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return failed(problem.code, problem.detail);
  }
  if (done.session) {
    keepSession(done.session);
    return afterSignIn({ go });
  }
  keep("social-sign-up", { ticket: done.social_ticket, email: done.email, label: LABELS[attempt.provider] });
  return go("/sign-up");
};

function failed(code: string | null, detail?: string): void {
  const text = code === "access_denied" ? "동의하지 않아 로그인하지 않았습니다." : (detail ?? "처음부터 다시 시도해 주세요.");
  show("소셜 로그인을 마치지 못했습니다", [panel(null, el("p", { role: "alert" }, text)), el("a", { class: "button", href: "/spa/login" }, "로그인 화면으로")]);
}
