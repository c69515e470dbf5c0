"""The portal's groupware adapter against the sandbox's groupware: both keep one contract."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest

from app.adapters.groupware import GroupwareProvisioning
from app.domain.provider_errors import ProviderNonsense, ProviderRefused, ProviderUnavailable
from app.domain.provisioning import (
    DesiredSite,
    Hosting,
    OperationState,
    SiteAccepted,
    SiteAccess,
    SiteAdmin,
    SiteFacts,
    SiteUser,
)
from sandbox.app import create_sandbox
from sandbox.faults import Fault
from sandbox.groupware import api
from sandbox.settings import SandboxSettings
from sandbox.world import World
from tests.conftest import LostAnswers

DESIRED = DesiredSite(
    external_id="0193-a",
    revision=1,
    name="가람상사",
    subdomain="garam",
    hosting=Hosting.SHARED,
    users=10,
    account_gb=8,
    public_gb=2,
    add_ons={"ACCOUNTING": 1},
    starts_on=date(2026, 11, 24),
    expires_on=None,
    access=SiteAccess.ON,
    accounting_menu=True,
    business_number="1248100998",
    admin=SiteAdmin("garam.admin", "admin@garam.example", "김가람"),
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A sandbox that opens sites at once and whose webhooks all arrive."""

    def taken(_: httpx.Request) -> httpx.Response:
        return httpx.Response(204)

    settings = SandboxSettings(data_dir=tmp_path, operation_seconds=0)
    world = World(settings, transport=httpx.MockTransport(taken))
    yield world
    await world.close()


@pytest.fixture
async def groupware(world: World) -> AsyncIterator[GroupwareProvisioning]:
    """The portal's own; its clock stands still, so that only the sandbox ends a token."""
    adapter = GroupwareProvisioning(
        "http://sandbox/groupware",
        "sandbox-portal",
        "sandbox-groupware-client-secret",
        transport=LostAnswers(httpx.ASGITransport(create_sandbox(world))),
        sleep=no_wait,
        now=lambda: 0.0,
    )
    yield adapter
    await adapter.aclose()


async def no_wait(_seconds: float) -> None:
    return None


async def test_the_portal_opens_a_site_and_reads_it_back(groupware: GroupwareProvisioning) -> None:
    accepted = await groupware.put_site(DESIRED)
    assert (accepted.revision, accepted.state) == (1, OperationState.IN_PROGRESS)
    report = await groupware.get_operation(accepted.operation_id or "")
    assert (report.state, report.error) == (OperationState.SUCCEEDED, None)
    assert report.site is not None
    assert (report.site.site_id, report.site.admin_login_id) == ("S000001", "garam.admin")
    facts = SiteFacts(
        external_id="0193-a",
        site_id="S000001",
        revision=1,
        name="가람상사",
        subdomain="garam",
        hosting=Hosting.SHARED,
        users=10,
        account_gb=8,
        public_gb=2,
        add_ons={"ACCOUNTING": 1},
        starts_on=date(2026, 11, 24),
        expires_on=None,
        access=SiteAccess.ON,
        accounting_menu=True,
        business_number="1248100998",
    )
    assert await groupware.get_site("0193-a") == facts
    assert await groupware.find_sites("1248100998") == [facts]
    assert await groupware.get_site("0193-b") is None


async def test_the_portal_reads_usage_and_users(
    world: World, groupware: GroupwareProvisioning
) -> None:
    await groupware.get_operation((await groupware.put_site(DESIRED)).operation_id or "")
    usage = await groupware.usage("0193-a")
    assert (usage.users_used, usage.account_bytes, usage.options) == (1, 0, {})
    (admin,) = world.groupware.sites["0193-a"].users
    assert await groupware.user("0193-a", admin.sub) == SiteUser(active=True, site_admin=True)
    assert await groupware.user("0193-a", "sub-8") is None


async def test_a_put_whose_answers_were_all_lost_made_one_site(
    world: World, groupware: GroupwareProvisioning
) -> None:
    world.faults.put("groupware", Fault(drop_after=1))  # the token's answer arrives
    with pytest.raises(ProviderUnavailable):
        await groupware.put_site(DESIRED)
    world.faults.clear()
    (operation_id,) = world.groupware.operations
    again = await groupware.put_site(DESIRED)
    assert again == SiteAccepted(operation_id, 1, OperationState.SUCCEEDED)
    assert world.groupware.made == 1


async def test_the_portal_is_told_of_taken_failing_silent_and_babbling(
    world: World, groupware: GroupwareProvisioning
) -> None:
    await groupware.put_site(DESIRED)
    with pytest.raises(ProviderRefused) as refused:
        await groupware.put_site(replace(DESIRED, external_id="0193-b"))
    assert refused.value.code == "SUBDOMAIN_TAKEN"
    failing = await groupware.put_site(replace(DESIRED, revision=2, subdomain="fail-garam"))
    report = await groupware.get_operation(failing.operation_id or "")
    assert (report.state, report.error) == (OperationState.FAILED, "provisioning_error")
    world.faults.put("groupware", Fault(down=True))
    with pytest.raises(ProviderUnavailable):
        await groupware.get_site("0193-a")
    world.faults.put("groupware", Fault(nonsense=True))
    with pytest.raises(ProviderNonsense):
        await groupware.get_site("0193-a")


class Time:
    """The sandbox's real time, moved by hand."""

    ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def time(self) -> float:
        return time.time() + self.ahead


async def test_a_token_ends_after_ten_minutes_and_the_portal_takes_a_new_one(
    world: World, groupware: GroupwareProvisioning, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = Time()
    monkeypatch.setattr(api, "time", moved)
    tokens = api.Groupware(world)
    token = f"Bearer {tokens.issue_token()}"
    await groupware.put_site(DESIRED)
    moved.ahead = 599
    tokens.check_token(token)
    moved.ahead = 600
    with pytest.raises(api.Refused, match="invalid_token"):
        tokens.check_token(token)
    assert await groupware.get_site("0193-a") is not None
