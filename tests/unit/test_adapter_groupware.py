"""The groupware: one token for all, whole states, answers that are facts."""

import asyncio
import itertools
import json
from datetime import date

import httpx
import pytest
import respx

from app.adapters.groupware import GroupwareProvisioning
from app.domain.provider_errors import ProviderNonsense, ProviderRefused
from app.domain.provisioning import DesiredSite, Hosting, OperationState, SiteAccess, SiteAdmin

BASE = "http://groupware.test"
SITE = DesiredSite(
    external_id="s-1",
    revision=3,
    name="다우",
    subdomain="daou",
    hosting=Hosting.SHARED,
    users=10,
    account_gb=8,
    public_gb=2,
    add_ons={"ACCOUNTING": 1},
    starts_on=date(2026, 3, 2),
    expires_on=None,
    access=SiteAccess.ON,
    accounting_menu=True,
    business_number="1208800767",
    admin=SiteAdmin("admin", "a@example.com", "홍길동"),
)
WIRE = {
    "revision": 3,
    "name": "다우",
    "subdomain": "daou",
    "hosting": "SHARED",
    "users": 10,
    "storage": {"account_gb": 8, "public_gb": 2},
    "add_ons": {"ACCOUNTING": 1},
    "starts_on": "2026-03-02",
    "expires_on": None,
    "access": "ON",
    "accounting_menu": True,
    "business_number": "1208800767",
    "admin": {"login_id": "admin", "email": "a@example.com", "name": "홍길동"},
}
USER = {"active": True, "site_admin": False}


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def no_wait(_seconds: float) -> None:
    return None


def groupware(clock: Clock | None = None) -> GroupwareProvisioning:
    return GroupwareProvisioning(BASE, "portal", "s3cret", sleep=no_wait, now=clock or Clock())


def tokens() -> respx.Route:
    issued = itertools.count(1)

    async def issue(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # other calls get their turn while this one is under way
        return httpx.Response(
            200, json={"access_token": f"token-{next(issued)}", "expires_in": 600}
        )

    return respx.post(f"{BASE}/oauth/token").mock(side_effect=issue)


@respx.mock
async def test_the_whole_desired_state_is_put_and_its_operation_told() -> None:
    token = tokens()
    route = respx.put(f"{BASE}/api/v1/sites/s-1").respond(
        202, json={"operation_id": "op-1", "revision": 3, "state": "IN_PROGRESS"}
    )
    accepted = await groupware().put_site(SITE)
    assert (accepted.operation_id, accepted.state) == ("op-1", OperationState.IN_PROGRESS)
    assert json.loads(route.calls.last.request.content) == WIRE
    assert route.calls.last.request.headers["Authorization"] == "Bearer token-1"
    assert token.calls.last.request.content == b"grant_type=client_credentials"


@respx.mock
async def test_a_put_whose_connection_dropped_is_put_again_and_may_find_nothing_to_do() -> None:
    tokens()
    route = respx.put(f"{BASE}/api/v1/sites/s-1").mock(
        side_effect=[httpx.ReadError("dropped"), httpx.Response(200, json={"revision": 3})]
    )
    accepted = await groupware().put_site(SITE)
    assert (accepted.operation_id, accepted.revision) == (None, 3)
    assert route.call_count == 2


@pytest.mark.parametrize("name", ["code", "error", "type"])
@respx.mock
async def test_a_taken_subdomain_is_told_apart_from_other_conflicts(name: str) -> None:
    tokens()
    route = respx.put(f"{BASE}/api/v1/sites/s-1")
    route.respond(409, json={name: "subdomain_taken"})
    with pytest.raises(ProviderRefused) as caught:
        await groupware().put_site(SITE)
    assert caught.value.code == "SUBDOMAIN_TAKEN"
    route.respond(409, json={name: "something_else"})
    with pytest.raises(ProviderRefused) as other:
        await groupware().put_site(SITE)
    assert other.value.code == "INVALID"


@pytest.mark.parametrize("answer", [{"revision": 2}, {"revision": 3, "state": "IN_PROGRESS"}])
@respx.mock
async def test_an_older_revision_or_an_operation_without_id_is_nonsense(
    answer: dict[str, object],
) -> None:
    tokens()
    respx.put(f"{BASE}/api/v1/sites/s-1").respond(200, json=answer)
    with pytest.raises(ProviderNonsense):
        await groupware().put_site(SITE)


@respx.mock
async def test_one_token_serves_ten_calls_at_once_until_shortly_before_it_expires() -> None:
    clock = Clock()
    token = tokens()
    respx.get(f"{BASE}/api/v1/sites/s-1/users/u-1").respond(json=USER)
    client = groupware(clock)
    await asyncio.gather(*(client.user("s-1", "u-1") for _ in range(10)))
    clock.seconds = 569
    await client.user("s-1", "u-1")
    assert token.call_count == 1
    clock.seconds = 570
    await client.user("s-1", "u-1")
    assert token.call_count == 2


@respx.mock
async def test_a_revoked_token_is_renewed_once_and_no_more() -> None:
    token = tokens()
    route = respx.get(f"{BASE}/api/v1/sites/s-1/users/u-1")
    route.side_effect = [httpx.Response(401), httpx.Response(200, json=USER)]
    client = groupware()
    assert await client.user("s-1", "u-1") is not None
    assert route.calls.last.request.headers["Authorization"] == "Bearer token-2"
    route.side_effect = None
    route.respond(401)
    with pytest.raises(ProviderRefused):
        await client.user("s-1", "u-1")
    assert token.call_count == 3


@respx.mock
async def test_a_finished_operation_tells_the_site_and_hides_its_setup_link() -> None:
    tokens()
    site = {
        "site_id": "g-1",
        "url": "https://daou.example",
        "domain": "daou.example",
        "admin_login_id": "admin",
        "admin_setup_url": "https://daou.example/setup#one-time",
        "opened_at": "2026-03-02T00:00:00Z",
        "accounting": {"started_on": "2026-03-02", "business_number": "1208800767"},
    }
    route = respx.get(f"{BASE}/api/v1/operations/op-1")
    route.respond(json={"state": "SUCCEEDED", "site": site})
    report = await groupware().get_operation("op-1")
    assert report.site is not None
    assert report.site.admin_setup_url == "https://daou.example/setup#one-time"
    assert "one-time" not in repr(report)
    route.respond(json={"state": "SUCCEEDED"})
    with pytest.raises(ProviderNonsense):
        await groupware().get_operation("op-1")


@respx.mock
async def test_sites_and_users_that_are_not_there_are_none() -> None:
    tokens()
    respx.get(f"{BASE}/api/v1/sites/s-1").respond(404)
    respx.get(f"{BASE}/api/v1/sites/s-1/users/u-1").respond(404)
    client = groupware()
    assert await client.get_site("s-1") is None
    assert await client.user("s-1", "u-1") is None


@respx.mock
async def test_an_imported_site_is_found_by_its_business_number_with_its_revision() -> None:
    tokens()
    route = respx.get(f"{BASE}/api/v1/sites", params={"business_number": "1208800767"})
    route.respond(json={"sites": [WIRE | {"site_id": "g-1", "external_id": None}]})
    (site,) = await groupware().find_sites("1208800767")
    assert (site.site_id, site.external_id, site.revision, site.account_gb) == ("g-1", None, 3, 8)


@respx.mock
async def test_usage_is_users_bytes_and_options() -> None:
    tokens()
    respx.get(f"{BASE}/api/v1/sites/s-1/usage").respond(
        json={
            "measured_at": "2026-03-02T00:00:00Z",
            "users": {"used": 8, "signed_in_ever": 3},
            "storage_bytes": {"account": 1024, "public": 2048},
            "options": {"CORPORATE_CARD": {"used": 1}},
        }
    )
    usage = await groupware().usage("s-1")
    assert (usage.users_used, usage.public_bytes) == (8, 2048)
    assert usage.options == {"CORPORATE_CARD": 1}


async def test_an_id_cannot_name_another_folder() -> None:
    with pytest.raises(ValueError, match="segment"):
        await groupware().get_site("..")
