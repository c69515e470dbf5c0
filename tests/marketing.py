"""Who agreed to advertising, and what they are mailed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.mails import OutgoingMail
from sandbox.world import World
from tests.contracts import SEOUL
from tests.flows import SIGN_UP_CONSENTS, Member, Person, sign_up_individual

MARKETING = {"kind": "MARKETING", "version": "2023-09", "agreed": True}
AGREED = [*SIGN_UP_CONSENTS, MARKETING]


@dataclass
class Outbox:
    """What went out, instead of a mail server."""

    sent: list[OutgoingMail] = field(default_factory=list)

    async def send(self, mail: OutgoingMail) -> None:
        self.sent.append(mail)

    def to(self, address: str) -> list[OutgoingMail]:
        return [mail for mail in self.sent if mail.to == address]


async def execute(portal: FastAPI, statement: str, **values: object) -> Sequence[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        done = await session.execute(text(statement), values)
        return done.all() if done.returns_rows else []  # type: ignore[attr-defined]


async def verify(portal: FastAPI, person: Person | Member) -> None:
    await execute(
        portal,
        "UPDATE accounts SET email_verified_at = created_at WHERE id = :id",
        id=UUID(person.account_id),
    )


async def agreeing(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Person:
    """Somebody who agreed at sign-up and whose address is verified."""
    person = await sign_up_individual(client, world, consents=AGREED)
    await verify(portal, person)
    return person


async def change(client: httpx.AsyncClient, person: Person | Member, agreed: bool) -> None:
    body = {"consents": [MARKETING | {"agreed": agreed}]}
    answer = await client.patch("/v1/me/consents", json=body, headers=person.headers)
    assert answer.status_code == 200, answer.text


def token_of(portal: FastAPI, person: Person | Member) -> str:
    return str(portal.state.deps.mails.links.token(UUID(person.account_id)))


async def deliver(portal: FastAPI, *kinds: str) -> None:
    """What workers do with mails that are due."""
    deps = portal.state.deps
    async with deps.database.system_session("test mails") as session:
        rows = await session.execute(
            text(
                "SELECT id FROM mails WHERE state = 'QUEUED' AND kind = ANY (:kinds)"
                " AND due_at <= :now ORDER BY id"
            ),
            {"kinds": list(kinds), "now": await deps.clock.now(session)},
        )
        due = [row.id for row in rows]
    for mail_id in due:
        await deps.mails.send(mail_id)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=SEOUL).astimezone(UTC)
