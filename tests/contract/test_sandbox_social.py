"""The sandbox's Kakao, Naver and Google, judged by Authlib's own client (contracts/social.md)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from sandbox.app import create_sandbox
from sandbox.oauth import codes
from sandbox.settings import SandboxSettings
from sandbox.world import World
from tests.contract.oidc_judge import NONCE, VERIFIER, id_token, oauth_client, query_of

BASE = "http://127.0.0.1:8001/social"
BACK = "http://127.0.0.1:8001/spa/social/callback"
PATHS = {
    "kakao": ("/oauth/authorize", "/oauth/token"),
    "naver": ("/oauth2.0/authorize", "/oauth2.0/token"),
    "google": ("/o/oauth2/v2/auth", "/token"),
}
every_provider = pytest.mark.parametrize("provider", list(PATHS))
PERSON = {"person": "new", "name": "김하나", "email": "hana@mail.example", "verified": "on"}


@dataclass
class Setting:
    world: World
    browser: httpx.AsyncClient
    transport: httpx.AsyncBaseTransport

    def client(self, provider: str, **changed: Any) -> AsyncOAuth2Client:
        facts = {"client_id": f"sandbox-{provider}", "secret": f"sandbox-{provider}-secret"}
        return oauth_client(self.transport, **{**facts, "redirect_uri": BACK, **changed})

    def authorization(self, provider: str, client: AsyncOAuth2Client, **more: str) -> str:
        endpoint = BASE + "/" + provider + PATHS[provider][0]
        more = {"code_verifier": VERIFIER, "nonce": NONCE} | more
        url, state = client.create_authorization_url(endpoint, **more)
        assert query_of(url)["state"] == state
        return str(url)

    async def agree(self, url: str, **changed: str) -> str:
        """The address one is sent back to."""
        answer = await self.browser.post(url, data={"action": "agree"} | PERSON | changed)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def exchange(
        self, provider: str, client: AsyncOAuth2Client, back: str, **more: str
    ) -> dict[str, Any]:
        endpoint = BASE + "/" + provider + PATHS[provider][1]
        more = {"code_verifier": VERIFIER} | more
        token: dict[str, Any] = await client.fetch_token(
            endpoint, authorization_response=back, **more
        )
        return token


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Setting]:
    world = World(SandboxSettings(data_dir=tmp_path))
    transport = httpx.ASGITransport(create_sandbox(world))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
        yield Setting(world, browser, transport)
    await world.close()


@every_provider
async def test_the_consent_page_is_korean_and_loads_no_script(
    sandbox: Setting, provider: str
) -> None:
    async with sandbox.client(provider) as client:
        page = await sandbox.browser.get(sandbox.authorization(provider, client))
    assert page.status_code == 200
    assert "동의하고 계속하기" in page.text
    assert "<script" not in page.text
    assert "unsafe" not in page.headers["content-security-policy"]


@every_provider
async def test_state_comes_back_with_the_code_and_the_code_gets_a_token(
    sandbox: Setting, provider: str
) -> None:
    async with sandbox.client(provider) as client:
        url = sandbox.authorization(provider, client)
        back = await sandbox.agree(url)
        assert back.startswith(BACK + "?")
        assert query_of(back)["state"] == query_of(url)["state"]
        token = await sandbox.exchange(provider, client, back)
    assert token["token_type"].lower() == "bearer"


async def test_kakao_shares_its_profile_and_an_id_token(sandbox: Setting) -> None:
    async with sandbox.client("kakao", scope="openid account_email profile_nickname") as client:
        back = await sandbox.agree(sandbox.authorization("kakao", client))
        token = await sandbox.exchange("kakao", client, back)
        me = (await client.get(f"{BASE}/kakao/v2/user/me")).json()
    assert isinstance(me["id"], int)
    account = me["kakao_account"]
    assert account["profile"]["nickname"] == "김하나"
    assert (account["email"], account["is_email_valid"], account["is_email_verified"]) == (
        "hana@mail.example",
        True,
        True,
    )
    keys = (await sandbox.browser.get(f"{BASE}/kakao/.well-known/jwks.json")).json()
    claims = id_token(
        token["id_token"], keys, f"{BASE}/kakao", "sandbox-kakao", token["access_token"]
    )
    assert (claims["sub"], claims["nonce"]) == (str(me["id"]), NONCE)


async def test_naver_shares_its_profile(sandbox: Setting) -> None:
    async with sandbox.client("naver", scope="") as client:
        back = await sandbox.agree(sandbox.authorization("naver", client))
        token = await sandbox.exchange("naver", client, back)
        me = (await client.get(f"{BASE}/naver/v1/nid/me")).json()
    assert token["expires_in"] == "3600"
    assert (me["resultcode"], me["message"]) == ("00", "success")
    assert (me["response"]["name"], me["response"]["email"]) == ("김하나", "hana@mail.example")
    assert len(me["response"]["id"]) == 43


@pytest.mark.parametrize("verified", [True, False])
async def test_google_is_discovered_and_its_id_token_says_whether_the_email_is_verified(
    sandbox: Setting, verified: bool
) -> None:
    async with sandbox.client("google", auth_method="client_secret_basic") as client:
        found = (
            await sandbox.browser.get(f"{BASE}/google/.well-known/openid-configuration")
        ).json()
        assert found["issuer"] == f"{BASE}/google"
        url, _ = client.create_authorization_url(
            found["authorization_endpoint"], code_verifier=VERIFIER, nonce=NONCE
        )
        form = {name: value for name, value in PERSON.items() if verified or name != "verified"}
        answer = await sandbox.browser.post(url, data={"action": "agree"} | form)
        token = await client.fetch_token(
            found["token_endpoint"],
            authorization_response=answer.headers["location"],
            code_verifier=VERIFIER,
        )
    keys = (await sandbox.browser.get(found["jwks_uri"])).json()
    claims = id_token(
        token["id_token"], keys, found["issuer"], "sandbox-google", token["access_token"]
    )
    assert (claims["email"], claims["email_verified"]) == ("hana@mail.example", verified)
    assert (claims["name"], len(claims["sub"])) == ("김하나", 21)


@every_provider
async def test_a_person_who_comes_again_has_the_same_subject(
    sandbox: Setting, provider: str
) -> None:
    async with sandbox.client(provider) as client:
        await sandbox.agree(sandbox.authorization(provider, client))
        (person,) = sandbox.world.social.people(provider)
        page = await sandbox.browser.get(sandbox.authorization(provider, client))
        assert person.subject in page.text
        await sandbox.agree(sandbox.authorization(provider, client), person=person.subject)
    assert sandbox.world.social.people(provider) == [person]


async def test_an_email_that_is_not_shared_is_not_there(sandbox: Setting) -> None:
    async with sandbox.client("kakao") as client:
        back = await sandbox.agree(sandbox.authorization("kakao", client), email="")
        await sandbox.exchange("kakao", client, back)
        me = (await client.get(f"{BASE}/kakao/v2/user/me")).json()
    assert me["kakao_account"]["has_email"] is False
    assert "email" not in me["kakao_account"]


@every_provider
async def test_who_declines_is_sent_back_with_access_denied(
    sandbox: Setting, provider: str
) -> None:
    async with sandbox.client(provider) as client:
        url = sandbox.authorization(provider, client)
        answer = await sandbox.browser.post(url, data={"action": "decline"})
    sent = query_of(answer.headers["location"])
    assert (sent["error"], sent["state"]) == ("access_denied", query_of(url)["state"])
    assert sandbox.world.social.people(provider) == []


@every_provider
@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://evil@127.0.0.1/"},
    ],
)
async def test_a_foreign_client_or_address_sees_a_page_and_is_never_redirected_to(
    sandbox: Setting, provider: str, changed: dict[str, str]
) -> None:
    async with sandbox.client(provider, **changed) as client:
        url = sandbox.authorization(provider, client)
    for answer in (
        await sandbox.browser.get(url),
        await sandbox.browser.post(url, data={"action": "agree"} | PERSON),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers


@every_provider
async def test_a_plain_code_challenge_is_refused(sandbox: Setting, provider: str) -> None:
    async with sandbox.client(provider) as client:
        url = sandbox.authorization(provider, client)
    plain = url.replace("code_challenge_method=S256", "code_challenge_method=plain")
    assert (await sandbox.browser.get(plain)).status_code == 400


async def refused(
    sandbox: Setting, provider: str, client: AsyncOAuth2Client, back: str, **more: str
) -> str:
    with pytest.raises(OAuthError) as caught:
        await sandbox.exchange(provider, client, back, **more)
    return str(caught.value.error)


GRANT_REFUSED = {"kakao": "invalid_grant", "naver": "invalid_request", "google": "invalid_grant"}


@every_provider
async def test_a_code_is_used_once(sandbox: Setting, provider: str) -> None:
    async with sandbox.client(provider) as client:
        back = await sandbox.agree(sandbox.authorization(provider, client))
        await sandbox.exchange(provider, client, back)
        error = await refused(sandbox, provider, client, back)
    assert error == GRANT_REFUSED[provider]


@every_provider
@pytest.mark.parametrize("verifier", ["", "w" * 43])
async def test_a_missing_or_wrong_verifier_is_refused_and_spends_the_code(
    sandbox: Setting, provider: str, verifier: str
) -> None:
    async with sandbox.client(provider) as client:
        back = await sandbox.agree(sandbox.authorization(provider, client))
        error = await refused(sandbox, provider, client, back, code_verifier=verifier)
        assert error == GRANT_REFUSED[provider]
        assert await refused(sandbox, provider, client, back) == GRANT_REFUSED[provider]


@every_provider
@pytest.mark.parametrize(("waited", "works"), [(59, True), (599, True), (601, False)])
async def test_a_code_lives_for_ten_minutes(
    sandbox: Setting, provider: str, waited: int, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = codes.wire_seconds
    async with sandbox.client(provider) as client:
        back = await sandbox.agree(sandbox.authorization(provider, client))
        monkeypatch.setattr(codes, "wire_seconds", lambda: real() + waited)
        if works:
            await sandbox.exchange(provider, client, back)
        else:
            error = await refused(sandbox, provider, client, back)
            assert error == GRANT_REFUSED[provider]


@every_provider
async def test_a_wrong_secret_is_refused(sandbox: Setting, provider: str) -> None:
    async with sandbox.client(provider) as right, sandbox.client(provider, secret="no") as wrong:
        back = await sandbox.agree(sandbox.authorization(provider, right))
        assert await refused(sandbox, provider, wrong, back) == "invalid_client"
        await sandbox.exchange(provider, right, back)


@pytest.mark.parametrize(
    ("provider", "error"), [("kakao", "invalid_grant"), ("google", "redirect_uri_mismatch")]
)
async def test_the_exchange_must_name_the_same_address(
    sandbox: Setting, provider: str, error: str
) -> None:
    other = "http://localhost:3000/"
    async with sandbox.client(provider) as client:
        back = await sandbox.agree(sandbox.authorization(provider, client))
        assert await refused(sandbox, provider, client, back, redirect_uri=other) == error


@pytest.mark.parametrize("path", ["kakao/v2/user/me", "naver/v1/nid/me", "google/v1/userinfo"])
async def test_an_unknown_access_token_reads_nothing(sandbox: Setting, path: str) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    assert (await sandbox.browser.get(f"{BASE}/{path}", headers=headers)).status_code == 401


async def test_a_social_provider_can_be_down(sandbox: Setting) -> None:
    await sandbox.browser.put(
        "http://127.0.0.1:8001/_sandbox/v1/faults/social", json={"down": True}
    )
    answer = await sandbox.browser.get(f"{BASE}/google/.well-known/openid-configuration")
    assert answer.status_code == 503


async def test_people_and_keys_outlive_a_restart(sandbox: Setting, tmp_path: Path) -> None:
    async with sandbox.client("kakao") as client:
        await sandbox.agree(sandbox.authorization("kakao", client))
    keys = (await sandbox.browser.get(f"{BASE}/kakao/.well-known/jwks.json")).json()
    sandbox.world.write()
    again = World(SandboxSettings(data_dir=tmp_path))
    again.start()
    assert again.social.people("kakao") == sandbox.world.social.people("kakao")
    assert again.social.keys("kakao").jwks() == keys
    await again.close()
