"""The sandbox's groupware as an OpenID Provider, judged by Authlib's own client."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.app import create_sandbox
from sandbox.oauth import codes
from sandbox.oauth.keys import base64url
from sandbox.settings import SandboxSettings
from sandbox.world import World
from tests.contract.oidc_judge import NONCE, VERIFIER, id_token, oauth_client, query_of

ISSUER = "http://localhost:8001/groupware"
CALLBACK = "http://127.0.0.1:8000/v1/sso/groupware/callback"
API = "http://localhost:8001/_sandbox/v1"
SITE = {
    "business_number": "1248100998",
    "name": "가람 본사",
    "company_name": "가람상사",
    "subdomain": "garam",
    "admin": {"login_id": "admin", "email": "kim@garam.example", "name": "김가람"},
}


async def taken(scope: Scope, receive: Receive, send: Send) -> None:
    """A portal that takes every callback."""
    await Response(status_code=204)(scope, receive, send)


@dataclass
class Setting:
    world: World
    transport: httpx.AsyncBaseTransport
    browser: httpx.AsyncClient
    site: dict[str, Any] = field(default_factory=dict)

    async def api(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.browser.request(method, API + path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def waffle(self, login_id: str = "admin", **more: object) -> Any:
        path = f"/sites/{self.site['site_id']}/waffle"
        return await self.api("POST", path, {"login_id": login_id} | more)

    def client(self, **changed: Any) -> AsyncOAuth2Client:
        facts = {"client_id": "sandbox-portal-sso", "secret": "sandbox-groupware-oidc-secret"}
        return oauth_client(self.transport, **{**facts, "redirect_uri": CALLBACK, **changed})

    def authorization(self, client: AsyncOAuth2Client, **more: str) -> str:
        more = {"code_verifier": VERIFIER, "nonce": NONCE} | more
        return str(client.create_authorization_url(f"{ISSUER}/oidc/authorize", **more)[0])

    async def code(self, client: AsyncOAuth2Client) -> str:
        """Where a browser that is signed in is led, without a page."""
        answer = await self.browser.get(self.authorization(client))
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def exchange(self, client: AsyncOAuth2Client, back: str, **more: str) -> dict[str, Any]:
        more = {"code_verifier": VERIFIER} | more
        token: dict[str, Any] = await client.fetch_token(
            f"{ISSUER}/oidc/token", authorization_response=back, **more
        )
        return token

    async def keys(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.browser.get(f"{ISSUER}/oidc/jwks")).json()
        return found

    async def claims(self) -> Any:
        """Of a whole sign-in; raises what Authlib or joserfc says is wrong."""
        async with self.client() as client:
            token = await self.exchange(client, await self.code(client))
        return id_token(
            token["id_token"],
            await self.keys(),
            ISSUER,
            "sandbox-portal-sso",
            token["access_token"],
        )


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Setting]:
    world = World(SandboxSettings(data_dir=tmp_path), transport=httpx.ASGITransport(taken))
    transport = httpx.ASGITransport(create_sandbox(world))
    async with httpx.AsyncClient(transport=transport) as browser:
        setting = Setting(world, transport, browser)
        setting.site = await setting.api("POST", "/sites", SITE)
        yield setting
    await world.close()


async def test_the_discovery_document_is_that_of_the_issuer(sandbox: Setting) -> None:
    found = (await sandbox.browser.get(f"{ISSUER}/.well-known/openid-configuration")).json()
    assert found["issuer"] == ISSUER
    assert found["authorization_endpoint"] == f"{ISSUER}/oidc/authorize"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_who_is_signed_in_sees_no_page_and_the_id_token_says_who_it_is(
    sandbox: Setting, method: str
) -> None:
    opened = await sandbox.waffle()
    async with sandbox.client(auth_method=method) as client:
        url = sandbox.authorization(client, login_hint=query_of(opened["url"])["login_hint"])
        back = (await sandbox.browser.get(url)).headers["location"]
        assert back.startswith(CALLBACK + "?code=")
        assert query_of(back)["state"] == query_of(url)["state"]
        token = await sandbox.exchange(client, back)
    claims = id_token(
        token["id_token"],
        await sandbox.keys(),
        ISSUER,
        "sandbox-portal-sso",
        token["access_token"],
    )
    assert {name: claims[name] for name in claims if name not in {"iat", "exp", "auth_time"}} == {
        "iss": ISSUER,
        "aud": "sandbox-portal-sso",
        "sub": opened["sub"],
        "nonce": NONCE,
        "site_id": sandbox.site["site_id"],
        "external_id": sandbox.site["external_id"],
        "site_admin": True,
        "preferred_username": "admin",
        "name": "김가람",
        "email": "kim@garam.example",
        "business_number": "1248100998",
        "company_name": "가람상사",
    }
    assert claims["auth_time"] <= claims["iat"] < claims["exp"]


async def test_the_waffle_menus_link_is_a_login_begun_by_the_groupware(sandbox: Setting) -> None:
    opened = await sandbox.waffle()
    assert opened["url"].startswith("http://127.0.0.1:8000/v1/sso/groupware/start?")
    assert query_of(opened["url"]) == {
        "iss": ISSUER,
        "login_hint": "admin@garam.groupware.example",
        "target_link_uri": "http://127.0.0.1:8001/spa/sso",
    }


async def test_who_is_not_signed_in_chooses_on_a_korean_page_and_comes_back(
    sandbox: Setting,
) -> None:
    async with sandbox.client() as client:
        url = sandbox.authorization(client)
        asked = await sandbox.browser.get(url)
        assert asked.headers["location"].startswith("/groupware/sign-in?")
        sign_in = str(asked.url.join(asked.headers["location"]))
        page = await sandbox.browser.get(sign_in)
        assert "그룹웨어 로그인" in page.text
        assert "김가람" in page.text
        (user,) = sandbox.site["users"]
        chosen = await sandbox.browser.post(
            sign_in, data={"site": sandbox.site["external_id"], "sub": user["sub"]}
        )
        again = await sandbox.browser.get(str(chosen.url.join(chosen.headers["location"])))
    sent = query_of(again.headers["location"])
    assert set(sent) == {"code", "state"}
    assert sent["state"] == query_of(url)["state"]


@pytest.mark.parametrize("more", [{"login_hint": "another"}, {"prompt": "login"}])
async def test_another_hint_or_a_prompt_asks_although_one_is_signed_in(
    sandbox: Setting, more: dict[str, str]
) -> None:
    await sandbox.waffle()
    async with sandbox.client() as client:
        asked = await sandbox.browser.get(sandbox.authorization(client, **more))
    assert asked.headers["location"].startswith("/groupware/sign-in?")


async def test_prompt_none_without_a_sign_in_is_login_required(sandbox: Setting) -> None:
    async with sandbox.client() as client:
        answer = await sandbox.browser.get(sandbox.authorization(client, prompt="none"))
    assert query_of(answer.headers["location"])["error"] == "login_required"


async def test_a_request_without_pkce_is_sent_back(sandbox: Setting) -> None:
    await sandbox.waffle()
    async with sandbox.client() as client:
        whole = httpx.URL(sandbox.authorization(client))
    for missing in (
        whole.copy_remove_param("code_challenge"),
        whole.copy_set_param("code_challenge_method", "plain"),
    ):
        answer = await sandbox.browser.get(missing)
        sent = query_of(answer.headers["location"])
        assert (sent["error"], sent["state"]) == ("invalid_request", whole.params["state"])


@pytest.mark.parametrize(
    "changed", [{"client_id": "another"}, {"redirect_uri": "http://127.0.0.1:8000/"}]
)
async def test_a_foreign_client_or_address_is_never_redirected_to(
    sandbox: Setting, changed: dict[str, str]
) -> None:
    await sandbox.waffle()
    async with sandbox.client(**changed) as client:
        answer = await sandbox.browser.get(sandbox.authorization(client))
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def refused(sandbox: Setting, client: AsyncOAuth2Client, back: str, **more: str) -> str:
    with pytest.raises(OAuthError) as caught:
        await sandbox.exchange(client, back, **more)
    return str(caught.value.error)


async def test_a_code_is_used_once_by_its_verifier_client_and_address(sandbox: Setting) -> None:
    await sandbox.waffle()
    async with sandbox.client() as client, sandbox.client(secret="no") as stranger:
        back = await sandbox.code(client)
        assert await refused(sandbox, stranger, back) == "invalid_client"
        await sandbox.exchange(client, back)
        assert await refused(sandbox, client, back) == "invalid_grant"
        for wrong in ({"code_verifier": "w" * 43}, {"redirect_uri": CALLBACK + "/"}):
            back = await sandbox.code(client)
            assert await refused(sandbox, client, back, **wrong) == "invalid_grant"


@pytest.mark.parametrize(("waited", "works"), [(59, True), (60, False)])
async def test_a_code_lives_for_a_minute(
    sandbox: Setting, waited: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sandbox.waffle()
    real = codes.wire_seconds
    async with sandbox.client() as client:
        back = await sandbox.code(client)
        monkeypatch.setattr(codes, "wire_seconds", lambda: real() + waited)
        if works:
            await sandbox.exchange(client, back)
        else:
            assert await refused(sandbox, client, back) == "invalid_grant"


async def test_a_new_key_signs_and_the_old_one_is_published_until_it_is_dropped(
    sandbox: Setting,
) -> None:
    await sandbox.waffle()
    await sandbox.claims()
    (old,) = (await sandbox.keys())["keys"]
    new = await sandbox.api("POST", "/groupware/rotate-keys")
    published = [key["kid"] for key in (await sandbox.keys())["keys"]]
    assert published == [new["kid"], old["kid"]]
    assert (await sandbox.claims()).header["kid"] == new["kid"]
    last = await sandbox.api("POST", "/groupware/rotate-keys", {"drop_old": True})
    assert [key["kid"] for key in (await sandbox.keys())["keys"]] == [last["kid"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"unknown_kid": True},
        {"bad_signature": True},
        {"expired": True},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"aud": "another"}},
        {"claims": {"nonce": "another"}},
        {"without": ["sub"]},
        {"without": ["nonce"]},
    ],
    ids=str,
)
async def test_a_bad_id_token_is_made_as_asked_until_faults_are_cleared(
    sandbox: Setting, wrong: dict[str, object]
) -> None:
    await sandbox.waffle()
    await sandbox.api("PUT", "/groupware/id-token", wrong)
    with pytest.raises(JoseError):
        await sandbox.claims()
    await sandbox.api("DELETE", "/faults")
    assert (await sandbox.claims())["nonce"] == NONCE


async def test_hs256_is_signed_with_the_public_key_as_its_secret(sandbox: Setting) -> None:
    """What a client that takes the algorithm from the token would believe."""
    await sandbox.waffle()
    await sandbox.api("PUT", "/groupware/id-token", {"algorithm": "HS256"})
    async with sandbox.client() as client:
        token = (await sandbox.exchange(client, await sandbox.code(client)))["id_token"]
    message, _, signature = token.rpartition(".")
    pem = sandbox.world.groupware.keys.signing.public_pem()
    assert base64url(hmac.digest(pem, message.encode(), hashlib.sha256)) == signature


async def test_an_inactive_user_is_signed_out_and_the_portal_is_told(sandbox: Setting) -> None:
    opened = await sandbox.waffle()
    path = f"/sites/{sandbox.site['site_id']}/users/{opened['sub']}"
    async with sandbox.client() as client:
        back = await sandbox.code(client)
        await sandbox.api("PATCH", path, {"active": False})
        assert await refused(sandbox, client, back) == "invalid_grant"
        again = await sandbox.browser.get(sandbox.authorization(client))
    assert again.headers["location"].startswith("/groupware/sign-in?")
    (sent,) = sandbox.world.webhooks.sent
    assert sent.type == "user.deactivated"


async def test_an_administrator_who_is_one_no_longer_is_called_back_once(
    sandbox: Setting,
) -> None:
    opened = await sandbox.waffle()
    path = f"/sites/{sandbox.site['site_id']}/users/{opened['sub']}"
    await sandbox.api("PATCH", path, {"site_admin": False})
    await sandbox.api("PATCH", path, {"site_admin": False})
    assert [message.type for message in sandbox.world.webhooks.sent] == ["user.admin_revoked"]
    assert (await sandbox.claims())["site_admin"] is False


async def test_the_site_page_shows_the_portal_to_site_administrators_only(
    sandbox: Setting,
) -> None:
    page = f"{ISSUER}/sites/garam"
    first = await sandbox.browser.get(page)
    assert first.headers["location"].startswith("/groupware/sign-in?")
    await sandbox.waffle("admin")
    admin = await sandbox.browser.get(page)
    assert "고객포털</a>" in admin.text
    assert "/v1/sso/groupware/start?" in admin.text
    assert "unsafe" not in admin.headers["content-security-policy"]
    await sandbox.waffle("staff", site_admin=False)
    staff = await sandbox.browser.get(page)
    assert "고객포털</a>" not in staff.text
    assert "/v1/sso/groupware/start" not in staff.text


@pytest.mark.parametrize("visible", [True, False])
async def test_the_gnb_shows_accounting_as_the_portal_switched_it(
    sandbox: Setting, visible: bool
) -> None:
    await sandbox.waffle()
    site = sandbox.world.groupware.sites[sandbox.site["external_id"]]
    site.wanted.accounting_menu = visible
    page = await sandbox.browser.get(f"{ISSUER}/sites/garam")
    assert ("경리회계</a>" in page.text) is visible


async def test_the_link_of_the_opening_mail_signs_the_first_administrator_in(
    sandbox: Setting,
) -> None:
    site = sandbox.world.groupware.sites[sandbox.site["external_id"]]
    page = f"{ISSUER}/sites/garam/setup"
    assert (await sandbox.browser.get(page)).status_code == 200
    assert (await sandbox.browser.post(page, data={"token": "wrong"})).status_code == 403
    done = await sandbox.browser.post(page, data={"token": site.setup_token})
    assert done.headers["location"] == "/groupware/sites/garam"
    assert "김가람" in (await sandbox.browser.get(f"{ISSUER}/sites/garam")).text


async def test_a_site_the_portal_never_made_is_found_by_its_business_number(
    sandbox: Setting,
) -> None:
    token = await sandbox.browser.post(
        f"{ISSUER}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("sandbox-portal", "sandbox-groupware-client-secret"),
    )
    found = await sandbox.browser.get(
        f"{ISSUER}/api/v1/sites",
        params={"business_number": "1248100998"},
        headers={"Authorization": f"Bearer {token.json()['access_token']}"},
    )
    (site,) = found.json()["sites"]
    assert (site["external_id"], site["site_id"], site["revision"]) == (
        sandbox.site["external_id"],
        "S000001",
        1,
    )
    again = await sandbox.browser.post(f"{API}/sites", json=SITE)
    assert (again.status_code, again.json()["detail"]) == (409, "subdomain_taken")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/spa/"])
async def test_signing_in_never_leads_out_of_the_groupware(sandbox: Setting, target: str) -> None:
    (user,) = sandbox.site["users"]
    answer = await sandbox.browser.post(
        f"{ISSUER}/sign-in",
        params={"return_to": target},
        data={"site": sandbox.site["external_id"], "sub": user["sub"]},
    )
    assert answer.headers["location"] == "/groupware/"


async def test_keys_and_sign_ins_outlive_a_restart(sandbox: Setting, tmp_path: Path) -> None:
    await sandbox.waffle()
    keys = await sandbox.keys()
    sandbox.world.write()
    again = World(SandboxSettings(data_dir=tmp_path))
    again.start()
    assert again.groupware.keys.jwks() == keys
    assert again.groupware.sessions == sandbox.world.groupware.sessions
    await again.close()
