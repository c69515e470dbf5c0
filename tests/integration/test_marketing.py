"""Advertising: answers by link, asked again after two years, one click (docs/decisions/0035)."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.services.marketing_answers import ANSWERS, GUESSES
from sandbox.world import World
from tests.contracts import SEOUL, noon, refused, set_clock
from tests.flows import Member, Person, run_jobs, sign_up, sign_up_individual
from tests.mails import mails_to
from tests.marketing import AGREED, Outbox, agreeing, change, deliver, execute, token_of

_days = iter(date(2030 + 4 * turn, 3, 4) for turn in range(60))


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


@pytest.fixture
def outbox(portal: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    box = Outbox()
    monkeypatch.setattr(portal.state.deps.mails, "_transport", box)
    return box


async def history(client: httpx.AsyncClient, person: Person | Member) -> list[bool]:
    """What was answered about marketing, the newest first."""
    shown = (await client.get("/v1/me/consents", headers=person.headers)).json()
    return [row["agreed"] for row in shown["history"] if row["kind"] == "MARKETING"]


async def due(portal: FastAPI, person: Person | Member) -> list[datetime]:
    """When each of the account's answers is asked for again."""
    rows = await execute(
        portal,
        "SELECT renewal_due_at FROM consents WHERE account_id = :id"
        " AND renewal_due_at IS NOT NULL ORDER BY id",
        id=UUID(person.account_id),
    )
    return [row[0] for row in rows]


async def by_link(client: httpx.AsyncClient, token: str, agreed: bool) -> httpx.Response:
    return await client.post("/v1/marketing-answers", json={"token": token, "agreed": agreed})


async def test_every_answer_is_confirmed_with_its_date_content_and_sender(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date, outbox: Outbox
) -> None:
    """제50조 제7항: at sign-up, too, and to an address that nobody verified."""
    person = await sign_up_individual(client, world, consents=AGREED)
    member = await sign_up(client, world, consents=AGREED)
    silent = await sign_up_individual(client, world)
    await change(client, person, agreed=False)
    told = await mails_to(portal, person.email, "marketing_answered")
    assert [mail["agreed"] for mail in told] == ["yes", ""]
    assert told[0]["at"].startswith(str(today))
    assert len(await mails_to(portal, member.email, "marketing_answered")) == 1
    assert await mails_to(portal, silent.email, "marketing_answered") == []
    await deliver(portal, "marketing_answered")
    yes, no = outbox.to(person.email)
    assert "수신 동의" in yes.text
    assert "거부" in no.text
    assert f"{today} 12:00 (KST)" in yes.text
    assert portal.state.deps.settings.supplier_name in yes.text
    assert f"/unsubscribe#token={token_of(portal, person)}" in yes.text
    assert yes.unsubscribe is None


async def test_a_consent_is_asked_for_again_700_days_on(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date, outbox: Outbox
) -> None:
    """Thirty days before its two years end: not a second earlier, and once."""
    person = await agreeing(client, world, portal)
    (asked_at,) = await due(portal, person)
    given_at = asked_at - timedelta(days=700)
    assert given_at.astimezone(SEOUL).date() == today
    await set_clock(portal, world, asked_at - timedelta(seconds=30))
    await run_jobs(portal)
    assert await mails_to(portal, person.email, "marketing_renewal") == []
    await set_clock(portal, world, asked_at)
    await run_jobs(portal)
    await run_jobs(portal)
    (facts,) = await mails_to(portal, person.email, "marketing_renewal")
    assert facts["given_at"].startswith(str(today))
    assert facts["ends_at"].startswith(str(today + timedelta(days=730)))
    assert await due(portal, person) == []
    await deliver(portal, "marketing_renewal")
    (mail,) = [m for m in outbox.to(person.email) if "유지" in m.subject]
    assert f"/unsubscribe#token={token_of(portal, person)}" in mail.text
    assert not mail.subject.startswith("(광고)")


async def test_confirmed_by_link_it_holds_for_two_more_years(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    person = await agreeing(client, world, portal)
    later = today + timedelta(days=701)
    await set_clock(portal, world, noon(later))
    await run_jobs(portal)
    answer = await by_link(client, token_of(portal, person), agreed=True)
    assert (answer.status_code, answer.content) == (204, b"")
    rows = await execute(
        portal,
        "SELECT agreed, given_at FROM consents WHERE account_id = :id AND kind = 'MARKETING'"
        " ORDER BY given_at",
        id=UUID(person.account_id),
    )
    assert [row.agreed for row in rows] == [True, True]
    assert rows[1].given_at.astimezone(SEOUL).date() == later
    (again,) = await due(portal, person)
    assert again - rows[1].given_at == timedelta(days=700)
    told = await mails_to(portal, person.email, "marketing_answered")
    assert told[-1]["at"].startswith(str(later))
    events = await execute(
        portal,
        "SELECT details FROM audit_events WHERE account_id = :id AND action = 'consents.changed'",
        id=UUID(person.account_id),
    )
    assert [event.details for event in events] == [{"agreed": True, "by": "LINK"}]


async def test_a_consent_that_nobody_confirmed_is_over_after_two_years(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """By the link it is not had again then; signed in it is."""
    person = await agreeing(client, world, portal)
    await set_clock(portal, world, noon(today + timedelta(days=731)))
    answer = await by_link(client, token_of(portal, person), agreed=True)
    assert refused(answer) == (409, "marketing_consent_needs_sign_in")
    assert await history_of(portal, person) == [True]


async def history_of(portal: FastAPI, person: Person | Member) -> list[bool]:
    rows = await execute(
        portal,
        "SELECT agreed FROM consents WHERE account_id = :id AND kind = 'MARKETING'"
        " ORDER BY given_at DESC, id DESC",
        id=UUID(person.account_id),
    )
    return [row.agreed for row in rows]


async def test_what_was_ended_is_not_asked_for_again_nor_had_by_link(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    person = await agreeing(client, world, portal)
    token = token_of(portal, person)
    assert (await by_link(client, token, agreed=False)).status_code == 204
    assert await history(client, person) == [False, True]
    assert await due(portal, person) == []
    back = await by_link(client, token, agreed=True)
    assert refused(back) == (409, "marketing_consent_needs_sign_in")
    stranger = await sign_up_individual(client, world)
    never = await by_link(client, token_of(portal, stranger), agreed=True)
    assert refused(never) == (409, "marketing_consent_needs_sign_in")
    await change(client, person, agreed=True)
    assert await history(client, person) == [True, False, True]
    assert len(await due(portal, person)) == 1


async def test_the_same_answer_again_on_one_day_adds_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """Five at once, and once more; on the next day it is an answer of its own."""
    person = await agreeing(client, world, portal)
    token = token_of(portal, person)
    answers = await asyncio.gather(*(by_link(client, token, agreed=False) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {204}
    assert (await by_link(client, token, agreed=False)).status_code == 204
    assert await history_of(portal, person) == [False, True]
    assert len(await mails_to(portal, person.email, "marketing_answered")) == 2
    await set_clock(portal, world, noon(today + timedelta(days=1)))
    await by_link(client, token, agreed=False)
    assert await history_of(portal, person) == [False, False, True]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b"", None),
        (b"<", "text/xml"),
    ],
)
async def test_a_mail_client_ends_it_by_one_click(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    today: date,
    content: bytes,
    kind: str | None,
) -> None:
    person = await agreeing(client, world, portal)
    path = f"/v1/marketing/unsubscribe/{token_of(portal, person)}"
    headers = {"Content-Type": kind} if kind else {}
    answer = await client.post(path, content=content, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await history_of(portal, person) == [False, True]
    assert (await client.get(path)).status_code == 405


def tampered(token: str) -> list[str]:
    other = "A" if token[0] != "A" else "B"
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return [
        other + token[1:],
        token[:-1] + last[last.index(token[-1]) ^ 1],
        token[:-1],
        token + "A",
        token[:22] + "A" * 21,
        "x" * 43,
        "가" * 43,
        str(uuid4()),
    ]


async def test_a_wrong_token_is_answered_alike_and_changes_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    person = await agreeing(client, world, portal)
    links = portal.state.deps.mails.links
    bodies = set()
    for token in [*tampered(token_of(portal, person)), links.token(uuid4())]:
        answer = await by_link(client, token, agreed=False)
        assert refused(answer) == (404, "marketing_link_invalid"), token
        bodies.add(tuple(sorted((answer.json() | {"request_id": ""}).keys())))
        clicked = await client.post(f"/v1/marketing/unsubscribe/{token}")
        assert (clicked.status_code, clicked.content) == (204, b""), token
    assert len(bodies) == 1
    assert await history_of(portal, person) == [True]


async def test_somebody_who_left_has_no_link(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    person = await agreeing(client, world, portal)
    await execute(
        portal,
        "UPDATE accounts SET status = 'WITHDRAWN', withdrawn_at = created_at WHERE id = :id",
        id=UUID(person.account_id),
    )
    answer = await by_link(client, token_of(portal, person), agreed=False)
    assert refused(answer) == (404, "marketing_link_invalid")
    assert await history_of(portal, person) == [True]


async def test_guesses_are_limited_by_address_and_answers_by_account(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    """A provider's mail clients post from one address for all who have their mailbox there."""
    person = await agreeing(client, world, portal)
    for _ in range(GUESSES.hits):
        await by_link(client, "x" * 43, agreed=False)
    assert refused(await by_link(client, "x" * 43, agreed=False)) == (429, "rate_limited")
    limited = await client.post(f"/v1/marketing/unsubscribe/{'x' * 43}")
    assert limited.status_code == 429
    token = token_of(portal, person)
    assert (await by_link(client, token, agreed=False)).status_code == 204
    for _ in range(ANSWERS.hits - 1):
        assert (await by_link(client, token, agreed=False)).status_code == 204
    assert refused(await by_link(client, token, agreed=False)) == (429, "rate_limited")
    clicked = await client.post(f"/v1/marketing/unsubscribe/{token}")
    assert clicked.status_code == 204


async def test_nobody_is_asked_at_an_address_that_was_not_verified(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    person = await sign_up_individual(client, world, consents=AGREED)
    await set_clock(portal, world, noon(today + timedelta(days=701)))
    await run_jobs(portal)
    assert await mails_to(portal, person.email, "marketing_renewal") == []
    assert await due(portal, person) == []


async def test_a_consent_that_ran_out_unasked_is_not_asked_for(
    client: httpx.AsyncClient, world: World, portal: FastAPI, today: date
) -> None:
    person = await agreeing(client, world, portal)
    await set_clock(portal, world, noon(today + timedelta(days=731)))
    await run_jobs(portal)
    assert await mails_to(portal, person.email, "marketing_renewal") == []
    assert await due(portal, person) == []
