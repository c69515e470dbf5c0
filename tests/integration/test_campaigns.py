"""Campaigns over HTTP, and what each mail of one is (docs/decisions/0035)."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.operators import OperatorRole
from app.services import campaign_jobs
from app.services.mails import Mails
from app.services.operator_campaigns import TESTS
from sandbox.world import World
from tests.contracts import noon, refused, set_clock
from tests.flows import (
    Member,
    Person,
    customer,
    free_item,
    order_body,
    place,
    run_jobs,
    sign_up,
    sign_up_individual,
)
from tests.marketing import (
    AGREED,
    Outbox,
    agreeing,
    at,
    change,
    deliver,
    execute,
    token_of,
    verify,
)
from tests.operators import once, operator_client
from tests.operators import token_of as token_of_operator
from tests.statements import counted

CAMPAIGNS = "/v1/operator/campaigns"
_days = iter(date(2030 + 3 * turn, 5, 6) for turn in range(60))


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    """Nobody of an earlier test has a consent any more, and no campaign of one goes on."""
    await execute(
        portal,
        "UPDATE campaigns SET state = 'STOPPED', due_at = NULL, ended_at = updated_at"
        " WHERE state = 'SENDING' OR due_at IS NOT NULL",
    )
    await execute(
        portal,
        "UPDATE mails SET state = 'UNWANTED' WHERE state = 'QUEUED' AND kind LIKE 'campaign%'",
    )
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


@pytest.fixture
def outbox(portal: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    box = Outbox()
    monkeypatch.setattr(portal.state.deps.mails, "_transport", box)
    return box


def words(**changed: Any) -> dict[str, Any]:
    return {
        "subject_ko": "새 요금제를 소개합니다",
        "body_ko": "안녕하세요.\r\n\r\n전용형이 30% 쌉니다.",
        "subject_en": "A new plan",
        "body_en": "Dedicated sites cost 30 % less.",
        "audience": "ALL",
    } | changed


async def draft(operator: httpx.AsyncClient, **changed: Any) -> str:
    answer = await operator.post(CAMPAIGNS, json=words(**changed))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def begin(operator: httpx.AsyncClient, **changed: Any) -> str:
    campaign = await draft(operator, **changed)
    answer = await operator.post(f"{CAMPAIGNS}/{campaign}/send", headers=once())
    assert (answer.status_code, answer.json()["state"]) == (200, "SENDING"), answer.text
    return campaign


async def shown(operator: httpx.AsyncClient, campaign: str) -> tuple[str, int, int, int]:
    """State, queued, sent, skipped."""
    body = (await operator.get(f"{CAMPAIGNS}/{campaign}")).json()
    counts = body["counts"]
    return body["state"], counts["queued"], counts["sent"], counts["skipped"]


async def queued_to(portal: FastAPI, campaign: str) -> list[str]:
    """Accounts, in the order in which they were queued."""
    rows = await execute(
        portal,
        "SELECT account_id FROM mails WHERE campaign_id = :id ORDER BY id",
        id=UUID(campaign),
    )
    return [str(row.account_id) for row in rows]


async def later(portal: FastAPI, world: World, day: date, **passed: int) -> None:
    await set_clock(portal, world, noon(day) + timedelta(**passed))


async def test_a_campaign_reaches_who_agreed_and_says_what_law_wants(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
) -> None:
    """Not who never agreed, took it back, is at an address nobody verified, or agreed long ago."""
    person = await agreeing(client, world, portal)
    silent = await sign_up_individual(client, world)
    await verify(portal, silent)
    unverified = await sign_up_individual(client, world, consents=AGREED)
    withdrawn = await agreeing(client, world, portal)
    await change(client, withdrawn, agreed=False)
    old = await agreeing(client, world, portal)
    await execute(
        portal,
        "UPDATE consents SET given_at = given_at - interval '730 days' WHERE account_id = :id",
        id=UUID(old.account_id),
    )
    campaign = await begin(operator)
    await run_jobs(portal)
    assert await queued_to(portal, campaign) == [person.account_id]
    assert await shown(operator, campaign) == ("SENDING", 1, 0, 0)
    await deliver(portal, "campaign")
    assert await shown(operator, campaign) == ("SENDING", 1, 1, 0)
    await later(portal, world, today, minutes=2)
    await run_jobs(portal)
    assert await shown(operator, campaign) == ("SENT", 1, 1, 0)
    (mail,) = outbox.sent
    settings = portal.state.deps.settings
    assert (mail.to, mail.subject) == (person.email, "(광고) 새 요금제를 소개합니다")
    for part in (
        "전용형이 30% 쌉니다.",
        "Dedicated sites cost 30 % less.",
        settings.supplier_name,
        settings.supplier_address,
        settings.support_phone,
        f"{settings.spa_url}/unsubscribe#token={token_of(portal, person)}",
    ):
        assert part in mail.text
    assert "안녕하세요.</p>" in mail.html
    assert mail.unsubscribe == (
        f"{settings.portal_base_url}/v1/marketing/unsubscribe/{token_of(portal, person)}"
    )
    path = mail.unsubscribe.removeprefix(settings.portal_base_url)
    clicked = await client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert clicked.status_code == 204
    other = await begin(operator)
    await run_jobs(portal)
    assert await queued_to(portal, other) == []
    assert unverified.email != silent.email


@pytest.mark.parametrize("change_of_mind", ["withdrawn", "address", "two years"])
async def test_what_changed_between_queue_and_send_is_not_sent(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
    change_of_mind: str,
) -> None:
    person = await agreeing(client, world, portal)
    campaign = await begin(operator)
    await run_jobs(portal)
    if change_of_mind == "withdrawn":
        await change(client, person, agreed=False)
    elif change_of_mind == "address":
        body = {"email": f"{uuid4().hex[:10]}@new.example"}
        answer = await client.patch("/v1/me", json=body, headers=person.headers)
        assert answer.status_code == 204
    else:
        await execute(
            portal,
            "UPDATE consents SET given_at = given_at - interval '730 days' WHERE account_id = :id",
            id=UUID(person.account_id),
        )
    await deliver(portal, "campaign")
    assert outbox.sent == []
    assert await shown(operator, campaign) == ("SENDING", 1, 0, 1)
    await later(portal, world, today, minutes=2)
    await run_jobs(portal)
    assert await shown(operator, campaign) == ("SENT", 1, 0, 1)


@pytest.mark.parametrize("begun", [(21, 0), (20, 59)])
async def test_a_campaign_of_the_evening_is_queued_in_the_morning(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
    begun: tuple[int, int],
) -> None:
    """One that the night came upon before its first batch, too."""
    person = await agreeing(client, world, portal)
    await set_clock(portal, world, at(today, *begun))
    campaign = await begin(operator)
    await set_clock(portal, world, at(today, 21))
    await run_jobs(portal)
    await set_clock(portal, world, at(today + timedelta(days=1), 7, 59))
    await run_jobs(portal)
    assert await queued_to(portal, campaign) == []
    await set_clock(portal, world, at(today + timedelta(days=1), 8))
    await run_jobs(portal)
    await deliver(portal, "campaign")
    assert [mail.to for mail in outbox.sent] == [person.email]


async def test_a_mail_that_comes_up_by_night_waits_for_eight_o_clock(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
) -> None:
    """Queued by day, and a worker was late."""
    await agreeing(client, world, portal)
    await begin(operator)
    await run_jobs(portal)
    await set_clock(portal, world, at(today, 21))
    await deliver(portal, "campaign")
    assert outbox.sent == []
    rows = await execute(portal, "SELECT due_at, state FROM mails WHERE kind = 'campaign'")
    assert (rows[-1].due_at, rows[-1].state) == (at(today + timedelta(days=1), 8), "QUEUED")
    await set_clock(portal, world, at(today + timedelta(days=1), 7, 59))
    await deliver(portal, "campaign")
    assert outbox.sent == []
    await set_clock(portal, world, at(today + timedelta(days=1), 8))
    await deliver(portal, "campaign")
    assert len(outbox.sent) == 1


async def test_a_worker_that_dies_in_a_batch_sends_nobody_two(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five people, two in a batch; it dies after the mails of the second were written."""
    people = [await agreeing(client, world, portal) for _ in range(5)]
    monkeypatch.setattr(campaign_jobs, "BATCH", 2)
    monkeypatch.setattr(campaign_jobs, "BATCHES", 100)
    campaign = await draft(operator)
    await operator.post(f"{CAMPAIGNS}/{campaign}/send", headers=once())
    job = portal.state.deps.campaign_jobs
    queue = Mails.queue_advertising
    written = 0

    async def dies(self: Mails, session: AsyncSession, mails: Any, now: Any) -> None:
        nonlocal written
        mails = list(mails)
        await queue(self, session, mails, now)
        written += len(mails)
        if written > 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Mails, "queue_advertising", dies)
        with pytest.raises(KeyboardInterrupt):
            await job.send(UUID(campaign))
    before = await queued_to(portal, campaign)
    assert 0 < len(before) < 5
    await run_jobs(portal)
    assert await queued_to(portal, campaign) == [person.account_id for person in people]
    assert (await shown(operator, campaign))[1] == 5


async def test_two_workers_at_once_queue_each_account_once(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = [await agreeing(client, world, portal) for _ in range(6)]
    monkeypatch.setattr(campaign_jobs, "BATCH", 2)
    monkeypatch.setattr(campaign_jobs, "BATCHES", 100)
    campaign = await draft(operator)
    await operator.post(f"{CAMPAIGNS}/{campaign}/send", headers=once())
    job = portal.state.deps.campaign_jobs
    await asyncio.gather(*(job.send(UUID(campaign)) for _ in range(3)))
    assert sorted(await queued_to(portal, campaign)) == sorted(p.account_id for p in people)
    assert (await shown(operator, campaign))[1] == 6


async def test_a_batch_costs_the_same_whatever_is_in_it(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    """The clock, the row, who it is, their mails, the cursor."""
    for _ in range(3):
        await agreeing(client, world, portal)
    campaign = await draft(operator)
    await operator.post(f"{CAMPAIGNS}/{campaign}/send", headers=once())
    deps = portal.state.deps
    with counted(deps.database.engine) as statements:
        await deps.campaign_jobs.send(UUID(campaign))
    assert len(await queued_to(portal, campaign)) == 3
    assert len(statements.seen) <= 7, statements.seen
    for path in (CAMPAIGNS, f"{CAMPAIGNS}/{campaign}"):
        with counted(deps.database.engine) as statements:
            assert (await operator.get(path)).status_code == 200
        reads = [seen for seen in statements.seen if "campaign" in seen]
        assert len(reads) == 2, statements.seen


async def test_sent_again_it_is_refused_and_a_key_sends_once(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    person = await agreeing(client, world, portal)
    campaign = await draft(operator)
    path = f"{CAMPAIGNS}/{campaign}/send"
    assert refused(await operator.post(path)) == (400, "idempotency_key_required")
    same = once()
    answers = [await operator.post(path, headers=same) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[2].headers["idempotent-replayed"] == "true"
    at_once = await asyncio.gather(*(operator.post(path, headers=once()) for _ in range(3)))
    assert {refused(answer) for answer in at_once} == {(409, "campaign_state_conflict")}
    await run_jobs(portal)
    assert await queued_to(portal, campaign) == [person.account_id]


async def test_a_stopped_campaign_sends_no_more(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
) -> None:
    """What is queued is not sent, and what is not queued is not queued."""
    for _ in range(2):
        await agreeing(client, world, portal)
    campaign = await begin(operator)
    await run_jobs(portal)
    stopped = await operator.post(f"{CAMPAIGNS}/{campaign}/stop")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "STOPPED")
    assert (await operator.post(f"{CAMPAIGNS}/{campaign}/stop")).status_code == 200
    await deliver(portal, "campaign")
    await later(portal, world, today, minutes=2)
    await run_jobs(portal)
    assert outbox.sent == []
    assert await shown(operator, campaign) == ("STOPPED", 2, 0, 2)
    early = await begin(operator)
    await operator.post(f"{CAMPAIGNS}/{early}/stop")
    await run_jobs(portal)
    assert await queued_to(portal, early) == []
    body = (await operator.get(f"{CAMPAIGNS}/{early}")).json()
    assert (body["state"], body["stopped_by"]) == ("STOPPED", "bootstrap")
    assert body["ended_at"] is not None


async def test_counts_stay_when_the_mails_are_gone(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
) -> None:
    """Mails are kept for ninety days; the campaign names nobody."""
    await agreeing(client, world, portal)
    campaign = await begin(operator)
    await run_jobs(portal)
    await deliver(portal, "campaign")
    await later(portal, world, today, minutes=2)
    await run_jobs(portal)
    await later(portal, world, today, days=91)
    await run_jobs(portal)
    assert await queued_to(portal, campaign) == []
    assert await shown(operator, campaign) == ("SENT", 1, 1, 0)


async def test_a_draft_is_written_anew_and_tried_out(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    outbox: Outbox,
    today: date,
) -> None:
    await agreeing(client, world, portal)
    campaign = await draft(operator)
    path = f"{CAMPAIGNS}/{campaign}"
    changed = await operator.put(path, json=words(subject_ko="다른 제목"))
    assert (changed.status_code, changed.json()["subject_ko"]) == (200, "다른 제목")
    address = f"{uuid4().hex[:10]}@daou.example"
    tried = await operator.post(f"{path}/test", json={"email": address})
    assert (tried.status_code, tried.content) == (204, b"")
    await run_jobs(portal)
    await deliver(portal, "campaign", "campaign_test")
    (mail,) = outbox.to(address)
    assert mail.subject == "(광고) 다른 제목"
    assert portal.state.deps.settings.supplier_address in mail.text
    assert "#token=" not in mail.text
    assert await queued_to(portal, campaign) == []
    await operator.post(f"{path}/send", headers=once())
    late = await operator.put(path, json=words())
    assert refused(late) == (409, "campaign_state_conflict")
    listed = (await operator.get(f"{CAMPAIGNS}?size=1")).json()
    assert [row["id"] for row in listed["items"]] == [campaign]
    await draft(operator)
    newest = (await operator.get(f"{CAMPAIGNS}?size=1")).json()
    older = (await operator.get(f"{CAMPAIGNS}?size=1&cursor={newest['next_cursor']}")).json()
    assert [row["id"] for row in older["items"]] == [campaign]


async def test_what_a_campaign_may_not_be(operator: httpx.AsyncClient, today: date) -> None:
    cases = [
        (words(subject_ko="(광고) 새 요금제"), "campaign_subject_marked"),
        (words(subject_en="\u3000[광 고] A new plan"), "campaign_subject_marked"),
        (words(subject_ko="\uff08광고\uff09새 요금제"), "campaign_subject_marked"),
        (words(subject_ko="두\n줄"), "invalid_request"),
        (words(subject_ko=""), "invalid_request"),
        (words(body_ko=" \n "), "invalid_request"),
        (words(audience="EVERYBODY"), "invalid_request"),
    ]
    for body, code in cases:
        assert refused(await operator.post(CAMPAIGNS, json=body)) == (422, code), body
    nobody = f"{CAMPAIGNS}/{uuid4()}"
    for answer in (
        await operator.get(nobody),
        await operator.put(nobody, json=words()),
        await operator.post(f"{nobody}/test", json={"email": "kim@daou.example"}),
        await operator.post(f"{nobody}/send", headers=once()),
        await operator.post(f"{nobody}/stop"),
    ):
        assert refused(answer) == (404, "campaign_not_found")
    campaign = await draft(operator)
    not_begun = await operator.post(f"{CAMPAIGNS}/{campaign}/stop")
    assert refused(not_begun) == (409, "campaign_state_conflict")


async def test_thirty_tests_an_hour_are_enough(
    portal: FastAPI, operator: httpx.AsyncClient, today: date
) -> None:
    path = f"{CAMPAIGNS}/{await draft(operator)}/test"
    body = {"email": "kim@daou.example"}
    headers = token_of_operator(OperatorRole.SUPPORT, "busy")
    async with operator_client(portal, OperatorRole.SUPPORT, "busy") as inner:
        for _ in range(TESTS.hits):
            assert (await inner.post(path, json=body, headers=headers)).status_code == 204
        assert refused(await inner.post(path, json=body, headers=headers)) == (429, "rate_limited")
    assert (await operator.post(path, json=body)).status_code == 204


async def test_an_audience_is_who_it_says(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    person = await agreeing(client, world, portal)
    prospect = await sign_up(client, world, consents=AGREED)
    paying = await customer(client, world, portal)
    free = await sign_up(client, world, consents=AGREED)
    await place(client, free, order_body(free_item(), total=0))
    await run_jobs(portal)
    await change(client, paying, agreed=True)
    members: list[Person | Member] = [prospect, paying, free]
    for member in members:
        await verify(portal, member)
    found = {}
    for audience in ("ALL", "SUPER_ADMINS", "FREE_PLAN"):
        campaign = await begin(operator, audience=audience)
        await run_jobs(portal)
        found[audience] = set(await queued_to(portal, campaign))
    assert found["ALL"] == {each.account_id for each in (person, *members)}
    assert found["SUPER_ADMINS"] == {paying.account_id, free.account_id}
    assert found["FREE_PLAN"] == {free.account_id}


async def test_every_step_is_in_the_log(
    portal: FastAPI, operator: httpx.AsyncClient, today: date
) -> None:
    campaign = await draft(operator)
    path = f"{CAMPAIGNS}/{campaign}"
    await operator.put(path, json=words())
    await operator.post(f"{path}/test", json={"email": "kim@daou.example"})
    await operator.post(f"{path}/send", headers=once())
    await operator.post(f"{path}/stop")
    rows = await execute(
        portal,
        "SELECT action, actor, details FROM audit_events WHERE subject = :id ORDER BY id",
        id=campaign,
    )
    assert [row.action.partition(".")[2] for row in rows][:2] == ["created", "changed"]
    assert {row.actor for row in rows} == {"operator:bootstrap"}
    assert "kim@" not in str(rows)
