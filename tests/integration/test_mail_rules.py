"""The rules of mails, at the point where they are queued."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import text

from app.domain import mail_rules
from app.domain.mail_rules import MailPurpose
from app.services.mails import NewMail
from sandbox.world import World
from tests.cast import Stage
from tests.flows import Member, Person, ask_for_quote, run_jobs, sign_up_individual
from tests.mails import mails_to

STOP = {"unsubscribe": "https://portal.example/stop#token=x"}


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch, portal: FastAPI) -> None:
    """A notice and two advertisements; the portal has none of its own yet."""
    known = dict(mail_rules.PURPOSES) | {
        "news": MailPurpose.NOTICE,
        "offer": MailPurpose.MARKETING,
        "unmarked": MailPurpose.MARKETING,
    }
    monkeypatch.setattr("app.services.mails.PURPOSES", known)
    texts = {
        "news.ko.txt": "점검 안내\n내용",
        "offer.ko.txt": "(광고) 새 요금제\n내용 {{ unsubscribe }}",
        "unmarked.ko.txt": "새 요금제\n내용 {{ unsubscribe }}",
    }
    known = portal.state.deps.mails._texts.loader
    loader = ChoiceLoader([DictLoader(texts), known])
    monkeypatch.setattr(portal.state.deps.mails._texts, "loader", loader)


async def tell(portal: FastAPI, person: Person | Member, kind: str, to: str | None = None) -> Any:
    """The row of the mail, or None where it was not queued."""
    deps = portal.state.deps
    mail = NewMail(
        kind, to or person.email, STOP if kind != "news" else {}, account_id=UUID(person.account_id)
    )
    async with deps.database.system_session("test mail") as session:
        now = await deps.clock.now(session)
        job = await deps.mails.queue_if_allowed(session, mail, now)
        await session.flush()
        if job is None:
            return None
        found = await session.execute(
            text("SELECT due_at, state FROM mails WHERE id = :id"), {"id": job.row}
        )
        return found.one()


async def verify(stage: Stage, person: Person) -> None:
    await stage.execute(
        "UPDATE accounts SET email_verified_at = created_at WHERE id = :id",
        id=UUID(person.account_id),
    )


async def agree(client: httpx.AsyncClient, person: Person, agreed: bool = True) -> None:
    body = {"consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": agreed}]}
    answer = await client.patch("/v1/me/consents", json=body, headers=person.headers)
    assert answer.status_code == 200


async def test_a_notice_goes_to_a_verified_address_only(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    stage = Stage(portal, world, client)
    person = await sign_up_individual(client, world)
    assert await tell(portal, person, "news") is None
    await verify(stage, person)
    assert await tell(portal, person, "news") is not None
    assert await tell(portal, person, "news", "former@person.example") is None
    await stage.execute(
        "UPDATE accounts SET status = 'SUSPENDED' WHERE id = :id", id=UUID(person.account_id)
    )
    assert await tell(portal, person, "news") is None


async def test_advertising_follows_the_newest_answer(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    stage = Stage(portal, world, client)
    person = await sign_up_individual(client, world)
    await verify(stage, person)
    assert await tell(portal, person, "offer") is None
    await agree(client, person)
    assert await tell(portal, person, "offer") is not None
    await stage.execute(
        "UPDATE consents SET given_at = given_at - interval '730 days'"
        " WHERE account_id = :id AND kind = 'MARKETING'",
        id=UUID(person.account_id),
    )
    assert await tell(portal, person, "offer") is None
    await agree(client, person)
    assert await tell(portal, person, "offer") is not None
    await agree(client, person, agreed=False)
    assert await tell(portal, person, "offer") is None


async def test_the_consent_of_who_handed_over_is_not_the_successors(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    """It is kept as proof, and gives nobody leave to write to another person."""
    stage = Stage(portal, world, client)
    person = await sign_up_individual(client, world)
    await verify(stage, person)
    await agree(client, person)
    await stage.execute(
        "UPDATE consents SET erase_due_at = given_at + interval '5 years' WHERE account_id = :id",
        id=UUID(person.account_id),
    )
    assert await tell(portal, person, "offer") is None


async def test_advertising_by_night_is_due_in_the_morning(
    portal: FastAPI, client: httpx.AsyncClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(portal, world, client)
    person = await sign_up_individual(client, world)
    await verify(stage, person)
    await agree(client, person)
    monkeypatch.setattr("app.services.mails.next_daytime", lambda now: now + timedelta(hours=7))
    queued = await tell(portal, person, "offer")
    async with portal.state.deps.database.system_session("test clock") as session:
        now = await portal.state.deps.clock.now(session)
    assert timedelta(hours=6) < queued.due_at - now < timedelta(hours=8)


async def test_advertising_that_does_not_say_so_is_not_queued(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    stage = Stage(portal, world, client)
    person = await sign_up_individual(client, world)
    await verify(stage, person)
    await agree(client, person)
    with pytest.raises(ValueError, match="advertising"):
        await tell(portal, person, "unmarked")


@pytest.mark.parametrize("kind", ["news", "offer", "nobody_said_what_for"])
async def test_what_needs_a_look_is_not_queued_without_one(portal: FastAPI, kind: str) -> None:
    deps = portal.state.deps
    async with deps.database.system_session("test mail") as session:
        now = await deps.clock.now(session)
        with pytest.raises(ValueError, match=kind):
            deps.mails.queue(session, NewMail(kind, "a@b.example", {}), now)


async def test_a_quote_for_the_company_contact_needs_a_verified_contact(
    portal: FastAPI, client: httpx.AsyncClient, world: World
) -> None:
    """It is somebody else's doing; to the asker's own address it goes in any case."""
    stage = Stage(portal, world, client)
    admin = await stage.admin()
    assert isinstance(admin.account, Person)
    assert admin.owner is not None

    async def asked() -> tuple[int, int]:
        assert isinstance(admin.account, Person)
        assert admin.owner is not None
        await ask_for_quote(client, admin.account, recipients=["OWN", "COMPANY_CONTACT"])
        await run_jobs(portal)
        own = await mails_to(portal, admin.account.email, "quote_issued")
        return len(own), len(await mails_to(portal, admin.owner.email, "quote_issued"))

    assert await asked() == (1, 0)
    await stage.execute(
        "UPDATE accounts SET email_verified_at = created_at WHERE id = :id",
        id=UUID(admin.owner.account_id),
    )
    assert await asked() == (2, 1)
