"""The sandbox's groupware keeps sites by revision and calls back (contracts/groupware.md)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox import webhooks
from sandbox.app import create_sandbox
from sandbox.settings import SandboxSettings
from sandbox.world import World

SECRET = "whsec_c2FuZGJveC1ncm91cHdhcmUtd2ViaG9vay1zZWNyZXQ="
SITE = "/groupware/api/v1/sites/0193-a"
ENTITLEMENT: dict[str, Any] = {
    "revision": 1,
    "name": "가람상사",
    "subdomain": "garam",
    "hosting": "SHARED",
    "users": 10,
    "storage": {"account_gb": 8, "public_gb": 2},
    "add_ons": {"ACCOUNTING": 1},
    "starts_on": "2026-11-24",
    "expires_on": None,
    "access": "ON",
    "accounting_menu": True,
    "business_number": "1248100998",
    "admin": {"login_id": "garam.admin", "email": "admin@garam.example", "name": "김가람"},
}


@dataclass
class Portal:
    """Takes webhooks, and answers 204 but for the first `refusals`."""

    refusals: int = 0
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.taken.append((request.url.path, dict(request.headers), body))
        refused = len(self.taken) <= self.refusals
        await Response(status_code=503 if refused else 204)(scope, receive, send)
        self.came.set()

    def verified(self) -> list[dict[str, Any]]:
        """What the official library reads; it raises for a bad signature."""
        return [Webhook(SECRET).verify(body, headers) for _, headers, body in self.taken]


@dataclass
class Setting:
    world: World
    portal: Portal
    client: httpx.AsyncClient

    async def put(self, path: str = SITE, **changed: object) -> httpx.Response:
        return await self.client.put(path, json=ENTITLEMENT | changed)

    async def operation(self, answer: httpx.Response) -> dict[str, Any]:
        path = f"/groupware/api/v1/operations/{answer.json()['operation_id']}"
        report: dict[str, Any] = (await self.client.get(path)).json()
        return report


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Setting]]]:
    """Makes a sandbox whose groupware needs this many seconds for a site."""
    made: list[Setting] = []

    async def make(seconds: float = 0.0) -> Setting:
        portal = Portal()
        settings = SandboxSettings(data_dir=tmp_path, operation_seconds=seconds)
        world = World(settings, transport=httpx.ASGITransport(portal))
        transport = httpx.ASGITransport(create_sandbox(world))
        client = httpx.AsyncClient(transport=transport, base_url="http://sandbox")
        token = await client.post(
            "/groupware/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=("sandbox-portal", "sandbox-groupware-client-secret"),
        )
        assert token.json()["expires_in"] == 600
        client.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        made.append(Setting(world, portal, client))
        return made[-1]

    yield make
    for setting in made:
        await setting.client.aclose()
        await setting.world.close()


Make = Callable[..., Awaitable[Setting]]


async def test_without_a_token_nothing_is_answered(make: Make) -> None:
    sandbox = await make()
    answer = await sandbox.client.get(SITE, headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


async def test_a_wrong_client_secret_gets_no_token(make: Make) -> None:
    sandbox = await make()
    answer = await sandbox.client.post(
        "/groupware/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("sandbox-portal", "another"),
    )
    assert answer.status_code == 401


async def test_a_new_site_is_in_progress_first(make: Make) -> None:
    sandbox = await make(seconds=3600)
    accepted = await sandbox.put()
    assert accepted.status_code == 202
    assert (accepted.json()["revision"], accepted.json()["state"]) == (1, "IN_PROGRESS")
    assert await sandbox.operation(accepted) == {"state": "IN_PROGRESS"}
    assert (await sandbox.client.get(SITE)).json()["site_id"] is None
    assert (await sandbox.client.get(f"{SITE}/usage")).status_code == 404


async def test_polling_alone_gets_to_the_opened_site(make: Make) -> None:
    sandbox = await make()
    report = await sandbox.operation(await sandbox.put())
    assert report["state"] == "SUCCEEDED"
    site = report["site"]
    assert (site["site_id"], site["admin_login_id"]) == ("S000001", "garam.admin")
    assert "/setup#" in site["admin_setup_url"]
    assert datetime.fromisoformat(site["opened_at"]).tzinfo is not None
    assert site["accounting"]["business_number"] == "1248100998"


@pytest.mark.parametrize("revision", [1, 2])
async def test_a_lower_or_equal_revision_is_answered_with_the_held_one_and_changes_nothing(
    make: Make, revision: int
) -> None:
    sandbox = await make()
    await sandbox.put(revision=2)
    again = await sandbox.put(revision=revision, users=99, name="다른 이름")
    assert (again.status_code, again.json()["revision"]) == (200, 2)
    held = (await sandbox.client.get(SITE)).json()
    assert (held["revision"], held["users"], held["name"]) == (2, 10, "가람상사")


async def test_a_greater_revision_changes_the_same_site(make: Make) -> None:
    sandbox = await make()
    first = await sandbox.operation(await sandbox.put())
    changed = await sandbox.put(revision=2, users=30)
    assert changed.status_code == 202
    second = await sandbox.operation(changed)
    assert second["site"]["site_id"] == first["site"]["site_id"]
    assert (await sandbox.client.get(SITE)).json()["users"] == 30
    assert sandbox.world.groupware.made == 1


async def test_fifty_equal_puts_at_once_make_one_site(make: Make) -> None:
    sandbox = await make()
    answers = await asyncio.gather(*(sandbox.put() for _ in range(50)))
    assert sorted(a.status_code for a in answers) == [200] * 49 + [202]
    assert sandbox.world.groupware.made == 1


async def test_a_subdomain_of_another_site_is_taken_until_that_site_is_deleted(make: Make) -> None:
    sandbox = await make()
    await sandbox.put()
    other = "/groupware/api/v1/sites/0193-b"
    refused = await sandbox.put(other)
    assert (refused.status_code, refused.json()) == (409, {"error": "subdomain_taken"})
    deleted = await sandbox.client.request("DELETE", SITE, json={"revision": 2})
    assert deleted.status_code == 202
    assert (await sandbox.client.get(SITE)).status_code == 404
    assert (await sandbox.put(other)).status_code == 202


@pytest.mark.parametrize(
    "broken",
    [{"revision": 0}, {"users": -1}, {"hosting": "CLOUD"}, {"admin": None}, {"unknown": 1}],
)
async def test_an_entitlement_that_breaks_the_contract_is_422(
    make: Make, broken: dict[str, Any]
) -> None:
    sandbox = await make()
    assert (await sandbox.put(**broken)).status_code == 422
    assert sandbox.world.groupware.made == 0


async def test_a_failing_subdomain_fails_and_another_one_finishes_the_site(make: Make) -> None:
    sandbox = await make()
    failed = await sandbox.operation(await sandbox.put(subdomain="fail-garam"))
    assert failed == {"state": "FAILED", "error": "provisioning_error"}
    finished = await sandbox.operation(await sandbox.put(revision=2, subdomain="garam"))
    assert finished["state"] == "SUCCEEDED"
    await sandbox.world.webhooks.settled()
    kinds = sorted(message["type"] for message in sandbox.portal.verified())
    assert kinds == ["operation.failed", "operation.succeeded"]


async def test_accounting_starts_on_the_day_it_is_in_seoul(make: Make) -> None:
    sandbox = await make()
    evening = datetime(2031, 5, 1, 20, 0, tzinfo=UTC)
    sandbox.world.clock.ahead = evening - datetime.now(UTC)
    report = await sandbox.operation(await sandbox.put())
    assert report["site"]["accounting"]["started_on"] == "2031-05-02"


async def test_a_site_calls_back_unasked_and_once(make: Make) -> None:
    sandbox = await make()
    accepted = await sandbox.put()
    await asyncio.wait_for(sandbox.portal.came.wait(), 5)
    await sandbox.operation(accepted)
    await sandbox.operation(accepted)
    await sandbox.world.webhooks.settled()
    (message,) = sandbox.portal.verified()
    assert message["type"] == "operation.succeeded"
    assert message["data"]["external_id"] == "0193-a"
    assert sandbox.portal.taken[0][0] == "/v1/webhooks/groupware"


async def test_a_changed_body_or_another_secret_does_not_verify(make: Make) -> None:
    sandbox = await make()
    await sandbox.operation(await sandbox.put())
    await sandbox.world.webhooks.settled()
    _, headers, body = sandbox.portal.taken[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"0193-a", b"0193-b"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_YW5vdGhlcg==").verify(body, headers)


async def test_a_webhook_is_signed_with_wire_time_whatever_the_clock_says(make: Make) -> None:
    sandbox = await make()
    sandbox.world.clock.ahead = timedelta(days=400)
    await sandbox.operation(await sandbox.put())
    await sandbox.world.webhooks.settled()
    assert len(sandbox.portal.verified()) == 1


async def test_a_refused_webhook_comes_again_with_the_same_id(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PAUSES", (0.0, 0.0, 0.0))
    sandbox = await make()
    sandbox.portal.refusals = 2
    await sandbox.operation(await sandbox.put())
    await sandbox.world.webhooks.settled()
    assert len(sandbox.portal.verified()) == 3
    assert len({headers["webhook-id"] for _, headers, _ in sandbox.portal.taken}) == 1


async def test_usage_is_what_the_sandbox_was_told(make: Make) -> None:
    sandbox = await make()
    await sandbox.operation(await sandbox.put())
    told = {
        "users": 8,
        "signed_in_ever": 3,
        "account_bytes": 500,
        "public_bytes": 20,
        "options": {"CORPORATE_CARD": 2},
    }
    path = "/_sandbox/v1/sites/S000001"
    assert (await sandbox.client.post(f"{path}/usage", json=told)).status_code == 200
    usage = (await sandbox.client.get(f"{SITE}/usage")).json()
    assert usage["users"] == {"used": 8, "signed_in_ever": 3}
    assert usage["storage_bytes"] == {"account": 500, "public": 20}
    assert usage["options"] == {"CORPORATE_CARD": {"used": 2}}
    await sandbox.world.webhooks.settled()
    assert "usage.changed" in {message["type"] for message in sandbox.portal.verified()}


async def test_a_user_is_polled_by_subject(make: Make) -> None:
    sandbox = await make()
    await sandbox.put()
    user = {"sub": "sub-7", "login_id": "kim", "name": "김하나", "active": False}
    await sandbox.client.post("/_sandbox/v1/sites/S000001/users", json=user)
    found = await sandbox.client.get(f"{SITE}/users/sub-7")
    assert found.json() == {"active": False, "site_admin": False}
    assert (await sandbox.client.get(f"{SITE}/users/sub-8")).status_code == 404


async def test_sites_of_a_business_number_are_found(make: Make) -> None:
    sandbox = await make()
    await sandbox.operation(await sandbox.put())
    path = "/groupware/api/v1/sites"
    found = await sandbox.client.get(path, params={"business_number": "1248100998"})
    (site,) = found.json()["sites"]
    assert (site["external_id"], site["site_id"], site["revision"]) == ("0193-a", "S000001", 1)
    none = await sandbox.client.get(path, params={"business_number": "1018100016"})
    assert none.json() == {"sites": []}


@pytest.mark.parametrize("body", [{}, {"revision": "2"}, []])
async def test_a_deletion_needs_its_revision(make: Make, body: object) -> None:
    sandbox = await make()
    await sandbox.put()
    assert (await sandbox.client.request("DELETE", SITE, json=body)).status_code == 422
    stale = await sandbox.client.request("DELETE", SITE, json={"revision": 1})
    assert (stale.status_code, stale.json()) == (200, {"revision": 1})
    assert (await sandbox.client.get(SITE)).status_code == 200


async def test_a_muted_webhook_never_comes_until_it_is_sent_again_by_hand(make: Make) -> None:
    sandbox = await make()
    await sandbox.client.put("/_sandbox/v1/faults/webhooks", json={"down": True})
    sandbox.world.webhooks.send("groupware", "usage.changed", {"external_id": "0193-a"})
    await sandbox.client.delete("/_sandbox/v1/faults")
    await sandbox.world.webhooks.settled()
    assert sandbox.portal.taken == []
    (message,) = (await sandbox.client.get("/_sandbox/v1/webhooks")).json()["items"]
    again = f"/_sandbox/v1/webhooks/{message['id']}/resend"
    assert (await sandbox.client.post(again, params={"times": 2})).status_code == 204
    await sandbox.world.webhooks.settled()
    assert [headers["webhook-id"] for _, headers, _ in sandbox.portal.taken] == [message["id"]] * 2
    assert len(sandbox.portal.verified()) == 2


@pytest.mark.parametrize(("fault", "times"), [({"error_rate": 1}, 0), ({"drop_after": 0}, 3)])
async def test_webhooks_are_lost_or_doubled_as_asked(
    make: Make, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object], times: int
) -> None:
    monkeypatch.setattr(webhooks, "PAUSES", (0.0, 0.0, 0.0))
    sandbox = await make()
    await sandbox.client.put("/_sandbox/v1/faults/webhooks", json=fault)
    sandbox.world.webhooks.send("groupware", "usage.changed", {"external_id": "0193-a"})
    await sandbox.world.webhooks.settled()
    assert len(sandbox.portal.taken) == times
