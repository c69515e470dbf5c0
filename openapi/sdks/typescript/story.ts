// The main job by the generated SDK, against a running portal and its sandbox: sign-up to opened
// site, an addition, the way from the groupware's waffle menu, and an error by its type.
// Played by tests/sdks/test_typescript.py, which reads the JSON that it ends with.
import {
  Accounts,
  BusinessVerifications,
  IdentityVerifications,
  Memberships,
  Orders,
  Payments,
  PricePreviews,
  Sso,
  client,
} from "customer-portal-sdk";
import type { NewItemRequest, OrderBody, OrdersCreateErrors } from "customer-portal-sdk";

const portal = process.env["PORTAL_URL"]!;
const sandbox = process.env["SANDBOX_URL"]!;
const suffix = process.env["STORY_SUFFIX"]!;
const businessNumber = process.env["BUSINESS_NUMBER"]!;

let token = "";
client.setConfig({ baseUrl: portal, auth: () => token });

const agreed = (...kinds: string[]) =>
  kinds.map((kind) => ({ kind, version: "2023-09", agreed: true }));
const key = () => ({ "Idempotency-Key": crypto.randomUUID() });

async function inSandbox<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${sandbox}/_sandbox/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function signUp(): Promise<void> {
  const phone = `0107${suffix.slice(0, 7)}`;
  const business = await BusinessVerifications.create({
    body: { business_number: businessNumber, company_name: "한빛상사" },
    throwOnError: true,
  });
  const started = await IdentityVerifications.start({
    body: {
      purpose: "SIGN_UP",
      method: "SMS",
      carrier: "SKT",
      name: "홍길동",
      birth_date: "1985-03-01",
      gender_digit: "1",
      phone,
      consents: agreed(
        "IDENTITY_PRIVACY",
        "IDENTITY_UNIQUE_ID",
        "IDENTITY_CARRIER",
        "IDENTITY_AGENCY",
      ),
    },
    throwOnError: true,
  });
  const inbox = await inSandbox<{ items: { otp: string }[] }>(`/messages?to=${phone}`);
  const person = await IdentityVerifications.confirm({
    path: { verification_id: started.data.id },
    body: { client_secret: started.data.client_secret, otp: inbox.items.at(-1)!.otp },
    throwOnError: true,
  });
  const signedUp = await Accounts.signUpCorporate({
    body: {
      business_verification_token: business.data.verification_token,
      identity_verification_token: person.data.verification_token!,
      login_id: `sdk${suffix}`,
      password: "correct horse battery",
      company_name: "한빛상사",
      contact: { email: `sdk${suffix}@hanbit.example` },
      consents: agreed("PRIVACY", "AGE_14", "SERVICE_TERMS"),
      client_type: "NATIVE",
    },
    throwOnError: true,
  });
  token = signedUp.data.session.access_token;
}

async function payFor(order: OrderBody): Promise<OrderBody> {
  const payment = await Orders.startPayment({
    path: { order_id: order.id },
    body: { method: "CARD" },
    headers: key(),
    throwOnError: true,
  });
  await inSandbox(`/payments/${payment.data.id}/approve`, {});
  await Payments.complete({ path: { payment_id: payment.data.id }, throwOnError: true });
  for (let tries = 0; tries < 300; tries++) {
    const found = await Orders.get({ path: { order_id: order.id }, throwOnError: true });
    if (found.data.status === "COMPLETED") return found.data;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${order.number} does not end`);
}

async function order(): Promise<OrderBody> {
  const wanted = { type: "NEW", plan: "SHARED", users: 10, months: 12 } satisfies NewItemRequest;
  const price = await PricePreviews.create({ body: { items: [wanted] }, throwOnError: true });
  const placed = await Orders.create({
    body: {
      items: [
        {
          ...wanted,
          site: {
            name: "한빛",
            subdomain: `sdk-${suffix}`,
            admin_name: "홍길동",
            admin_login_id: "admin",
            admin_email: "admin@hanbit.example",
          },
        },
      ],
      expected_total: price.data.total,
      payment_method: "CARD",
      consents: agreed("SERVICE_CONTRACT", "EARLY_TERMINATION"),
    },
    headers: key(),
    throwOnError: true,
  });
  return payFor(placed.data);
}

async function addUsers(membershipId: string): Promise<OrderBody> {
  const item = { type: "ADD_EXTEND", membership_id: membershipId, add_users: 5 } as const;
  const price = await PricePreviews.create({ body: { items: [item] }, throwOnError: true });
  const placed = await Orders.create({
    body: {
      items: [item],
      expected_total: price.data.total,
      payment_method: "CARD",
      consents: agreed("SERVICE_CONTRACT", "EARLY_TERMINATION"),
    },
    headers: key(),
    throwOnError: true,
  });
  return payFor(placed.data);
}

// What an error's type knows: every code of the operation, and none besides.
type OrderProblem = OrdersCreateErrors[409];

async function refusedTotal(membershipId: string): Promise<OrderProblem["code"]> {
  const answer = await Orders.create({
    body: {
      items: [{ type: "ADD_EXTEND", membership_id: membershipId, add_users: 1 }],
      expected_total: 1,
      payment_method: "CARD",
      consents: agreed("SERVICE_CONTRACT", "EARLY_TERMINATION"),
    },
    headers: key(),
  });
  if (answer.error === undefined) throw new Error("an order of 1 won was taken");
  const problem = answer.error;
  switch (problem.code) {
    case "price_changed":
      return problem.code;
    default:
      throw new Error(`${problem.code}: ${problem.title}`);
  }
}

function cookies(answer: Response): string {
  return answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
}

async function fromTheWaffleMenu(siteId: string): Promise<string> {
  const menu = await inSandbox<{ url: string; cookie: { name: string; value: string } }>(
    `/sites/${siteId}/waffle`,
    { login_id: "worker", site_admin: true },
  );
  const start = await fetch(menu.url, { redirect: "manual" });
  const own = cookies(start);
  const there = await fetch(start.headers.get("location")!, {
    redirect: "manual",
    headers: { Cookie: `${menu.cookie.name}=${menu.cookie.value}` },
  });
  const back = await fetch(there.headers.get("location")!, {
    redirect: "manual",
    headers: { Cookie: own },
  });
  const page = new URL(back.headers.get("location")!);
  const exchanged = await Sso.exchangeCode({
    body: { code: page.searchParams.get("code")!, client_type: "NATIVE" },
    headers: { Cookie: own },
    throwOnError: true,
  });
  return exchanged.data.state;
}

await signUp();
const placed = await order();
const held = await Memberships.list({ throwOnError: true });
const membership = held.data.items[0]!;
const refused = await refusedTotal(membership.id);
const added = await addUsers(membership.id);
const now = await Memberships.get({
  path: { membership_id: membership.id },
  throwOnError: true,
});
console.log(
  JSON.stringify({
    number: placed.number,
    total: placed.total,
    added: added.status,
    users: now.data.users.total,
    refused,
    sso: await fromTheWaffleMenu(membership.site.id),
  }),
);
