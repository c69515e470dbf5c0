"""알림 설정 (PRODUCT.md section 14): chosen where law and contract allow, copies for ADMINs."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.mails import OutgoingMail
from sandbox.world import World
from tests.cast import Stage
from tests.flows import (
    Member,
    Person,
    customer,
    order_body,
    pay,
    place,
    run_jobs,
    sign_up_individual,
)
from tests.inquiries import inquiry
from tests.mails import mails_to
from tests.operators import TOKEN, operator_client

PATH = "/v1/me/notification-preferences"


class Inbox:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.mails: list[OutgoingMail] = []

    async def send(self, mail: OutgoingMail) -> None:
        self.mails.append(mail)


@pytest.fixture(autouse=True)
def inbox(portal: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    inbox = Inbox()
    monkeypatch.setattr(portal.state.deps.mails, "_transport", inbox)
    return inbox


async def send_all(portal: FastAPI) -> None:
    """What workers do with mails, copies of them, too."""
    await run_jobs(portal)
    while True:
        async with portal.state.deps.database.system_session("test mails") as session:
            queued = "SELECT id FROM mails WHERE state = 'QUEUED' ORDER BY id"
            ids = (await session.execute(text(queued))).scalars().all()
        if not ids:
            return
        for mail_id in ids:
            await portal.state.deps.mails.send(mail_id)


async def choose(
    client: httpx.AsyncClient, headers: dict[str, str], **wanted: bool
) -> httpx.Response:
    items = [{"topic": topic, "mail": mail} for topic, mail in wanted.items()]
    return await client.put(PATH, json={"items": items}, headers=headers)


async def shown(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, tuple[bool, bool]]:
    items = (await client.get(PATH, headers=headers)).json()["items"]
    return {item["topic"]: (item["mail"], item["changeable"]) for item in items}


async def states(portal: FastAPI, account_id: str, kind: str) -> list[str]:
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(
            text("SELECT state FROM mails WHERE account_id = :id AND kind = :kind ORDER BY id"),
            {"id": account_id, "kind": kind},
        )
        return list(found.scalars())


async def answered(client: httpx.AsyncClient, portal: FastAPI, who: Member | Person) -> None:
    asked = await client.post("/v1/inquiries", json=inquiry(), headers=who.headers)
    path = f"/v1/operator/inquiries/{asked.json()['id']}/messages"
    async with operator_client(portal) as operator:
        done = await operator.post(path, json={"text": "답변입니다."}, headers=TOKEN)
    assert done.status_code == 200, done.text
    await send_all(portal)


async def test_a_companys_own_account_is_mailed_what_its_contract_needs(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    assert await shown(client, member.headers) == {
        "ORDERS": (True, False),
        "MEMBERSHIPS": (True, False),
        "USAGE": (True, True),
        "INQUIRIES": (True, True),
        "SECURITY": (True, False),
    }
    for topic in ("ORDERS", "MEMBERSHIPS", "SECURITY"):
        answer = await choose(client, member.headers, INQUIRIES=False, **{topic: False})
        assert (answer.status_code, answer.json()["code"]) == (422, "notification_required")
        assert answer.json()["errors"][0]["pointer"] == "/items/1/mail"
    assert (await shown(client, member.headers))["INQUIRIES"] == (True, True)


async def test_a_person_chooses_all_but_security(client: httpx.AsyncClient, world: World) -> None:
    person = await sign_up_individual(client, world)
    assert await shown(client, person.headers) == {
        "ORDERS": (False, True),
        "MEMBERSHIPS": (False, True),
        "USAGE": (False, True),
        "INQUIRIES": (True, True),
        "SECURITY": (True, False),
    }
    assert (await choose(client, person.headers, ORDERS=True)).status_code == 200
    assert (await shown(client, person.headers))["ORDERS"] == (True, True)
    assert (await shown(client, person.headers))["MEMBERSHIPS"] == (False, True)


async def test_a_topic_that_is_named_twice_is_pointed_at(
    client: httpx.AsyncClient, world: World
) -> None:
    person = await sign_up_individual(client, world)
    items = [{"topic": "USAGE", "mail": True}, {"topic": "USAGE", "mail": False}]
    answer = await client.put(PATH, json={"items": items}, headers=person.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "notification_twice")
    assert answer.json()["errors"][0]["pointer"] == "/items/1/topic"


async def test_who_wants_no_mail_about_an_answer_is_told_in_the_portal_only(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    person = await sign_up_individual(client, world)
    await answered(client, portal, person)
    await choose(client, person.headers, INQUIRIES=False)
    await answered(client, portal, person)
    assert await states(portal, person.account_id, "inquiry_answered") == ["SENT", "UNWANTED"]
    news = (await client.get("/v1/notifications", headers=person.headers)).json()["items"]
    assert [each["kind"] for each in news] == ["inquiry_answered"] * 2


@pytest.mark.parametrize(
    ("wanted", "state", "copies"),
    [
        ({"ORDERS": True}, "ACTIVE", 2),
        ({"MEMBERSHIPS": True}, "ACTIVE", 0),
        ({}, "ACTIVE", 0),
        ({"ORDERS": True}, "SUSPENDED", 0),
    ],
    ids=["wanted", "another topic", "by itself", "suspended"],
)
async def test_an_admin_has_copies_of_what_is_mailed_about_the_company(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    wanted: dict[str, bool],
    state: str,
    copies: int,
) -> None:
    """Of one order: that it was placed, and that it was paid."""
    stage = Stage(portal, world, client)
    admin = await stage.make("ADMIN")
    assert admin.owner is not None
    assert admin.account is not None
    await stage.execute(
        "UPDATE accounts SET email_verified_at = created_at WHERE id = cast(:id AS uuid)",
        id=admin.account.account_id,
    )
    if wanted:
        assert (await choose(client, admin.headers, **wanted)).status_code == 200
    await send_all(portal)
    await stage.execute(
        "UPDATE company_members SET state = :state WHERE account_id = cast(:id AS uuid)",
        id=admin.account.account_id,
        state=state,
    )
    before = await orders_told(portal, admin.account.account_id)
    await paid_again(client, world, portal, admin.owner)
    assert await orders_told(portal, admin.account.account_id) - before == copies


async def orders_told(portal: FastAPI, account_id: str) -> int:
    kinds = ("order_placed", "payment_received")
    sent = [await states(portal, account_id, kind) for kind in kinds]
    assert {state for each in sent for state in each} <= {"SENT"}
    return sum(len(each) for each in sent)


async def paid_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI, member: Member
) -> None:
    order = await place(client, member, order_body(confirm_duplicate=True))
    await pay(client, world, member, order)
    await send_all(portal)
    told: list[dict[str, Any]] = list(await mails_to(portal, member.email, "payment_received"))
    assert told
