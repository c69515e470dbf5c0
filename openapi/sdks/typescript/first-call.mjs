// @ts-check
// A signed-in, typed call against `make run`: node openapi/sdks/typescript/first-call.mjs
import { Auth, Memberships, client } from "../../../build/sdks/typescript/dist/index.js";

client.setConfig({ baseUrl: `http://127.0.0.1:${process.env.PORT ?? 8000}` });
const session = await Auth.logIn({
  body: { login_id: "demo-shared", password: "portal demo 2026", client_type: "NATIVE" },
  throwOnError: true,
});
client.setConfig({ auth: () => session.data.access_token });
const memberships = await Memberships.list({ throwOnError: true });
for (const { site, users, status_label } of memberships.data.items) {
  console.log(`${site.name}: ${users.total}명, ${status_label}`);
}
