"""환불 계좌 by a bank book: the operator looks where the bank cannot be asked (PRODUCT.md 7)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.operators import OperatorRole
from sandbox.portone.console_actions import answer_cancellations
from sandbox.world import World
from tests.contracts import refused
from tests.flows import Member, link_to_site, pay, place, run_jobs, sign_up, sign_up_individual
from tests.integration.test_refunds import give, later, payment_of, set_account
from tests.mails import mails_to
from tests.operators import operator_client, token_of
from tests.papers import PDF, TOO_LARGE, ZIP, form, paper

PATH = "/v1/company/refund-account-requests"
CASES = "/v1/operator/cases"
BOOK = {"bank": "SHINHAN", "number": "330-000-000777", "holder": "한빛상사 홍길동"}
NUMBER = "330000000777"
WHY = {"reason": "DECIDING"}


@pytest.fixture
async def member(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Member:
    """The account of a company that has paid, and is PROVEN by it."""
    made = await sign_up(client, world)
    await pay(client, world, made, await place(client, made))
    await run_jobs(portal)
    return made


async def ask(
    client: httpx.AsyncClient, member: Member, *files: Any, **changed: str
) -> httpx.Response:
    return await client.post(PATH, headers=member.headers, **form(*files, **(BOOK | changed)))


async def filed(client: httpx.AsyncClient, member: Member, **changed: str) -> str:
    answer = await ask(client, member, **changed)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def decide(
    operator: httpx.AsyncClient, case: str, step: str, reason: str | None = None
) -> httpx.Response:
    body = None if reason is None else {"reason": reason}
    return await operator.post(f"{CASES}/{case}/{step}", json=body)


async def account_of(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    seen = await client.get("/v1/company/refund-account", headers=member.headers)
    shown: dict[str, Any] = seen.json()
    return shown


async def count(portal: FastAPI, table: str, member: Member) -> int:
    async with portal.state.deps.database.system_session("test: count") as session:
        found = await session.execute(
            text(f"SELECT count(*) FROM {table} WHERE company_id = :id"),
            {"id": UUID(member.company_id)},
        )
        return int(found.scalar_one())


async def test_what_the_bank_does_not_confirm_is_accepted_on_its_book_and_used_after_72_hours(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    member: Member,
    operator: httpx.AsyncClient,
) -> None:
    world.portone.account_holders[NUMBER] = BOOK["holder"]
    by_itself = await set_account(client, member, number=BOOK["number"])
    assert refused(by_itself) == (422, "refund_account_holder_mismatch")
    assert (await set_account(client, member)).status_code == 200
    await later(portal, world, timedelta(hours=73))
    present = (await account_of(client, member))["current"]

    sent = await ask(client, member, note="대표자 병기 계좌입니다.")
    assert sent.status_code == 201, sent.text
    shown = sent.json()
    assert (shown["state"], shown["bank_label"], shown["files"]) == ("IN_PROGRESS", "신한은행", 1)
    assert (shown["number_masked"], shown["holder_masked"][0]) == ("330*****0777", "한")
    assert NUMBER not in sent.text
    assert await account_of(client, member) == {"current": present, "pending": None}
    assert refused(await ask(client, member)) == (409, "case_open")

    listed = await operator.get(CASES)
    (line,) = (case for case in listed.json()["items"] if case["id"] == shown["id"])
    assert line["kind"] == "BANK_ACCOUNT_CHANGE"
    assert NUMBER not in listed.text
    read = (await operator.post(f"{CASES}/{shown['id']}/read", json=WHY)).json()
    assert read["account"] == {
        "bank": "SHINHAN",
        "bank_label": "신한은행",
        "number": NUMBER,
        "holder": BOOK["holder"],
    }
    assert (read["wanted"], read["note"]) == (None, "대표자 병기 계좌입니다.")
    file = f"{CASES}/{shown['id']}/files/{read['files'][0]['id']}/read"
    assert (await operator.post(file, json=WHY)).content == PDF

    done = await decide(operator, shown["id"], "approve")
    assert done.json() == {"state": "APPROVED", "waits": False}
    view = await account_of(client, member)
    assert view["current"] == present
    assert view["pending"]["number_masked"] == "330*****0777"
    (told,) = await mails_to(portal, member.email, "account_change_done")
    assert told["number"] == "330*****0777"
    everybody = await mails_to(portal, member.email, "refund_account_set")
    assert [mail["number"] for mail in everybody] == ["110*****6789", "330*****0777"]
    assert everybody[-1]["usable_at"] == told["usable_at"]

    await later(portal, world, timedelta(hours=71))
    assert (await account_of(client, member))["current"] == present
    await later(portal, world, timedelta(hours=1, minutes=1))
    assert (await account_of(client, member))["current"]["number_masked"] == "330*****0777"
    mine = (await client.get(PATH, headers=member.headers)).json()["items"]
    assert [(request["state"], request["state_label"]) for request in mine] == [
        ("APPROVED", "승인")
    ]
    log = (await client.get("/v1/company/audit-log", headers=member.headers)).json()["items"]
    done_by = {line["action"]: line["actor"] for line in log}
    assert {"refund_account.requested", "case.approved", "refund_account.set"} <= set(done_by)
    assert NUMBER not in str(log)


async def test_money_in_flight_goes_to_the_former_account_until_the_accepted_one_may_be_used(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    member: Member,
    operator: httpx.AsyncClient,
) -> None:
    order = (await client.get("/v1/orders", headers=member.headers)).json()["items"][0]
    assert (await set_account(client, member)).status_code == 200
    await later(portal, world, timedelta(hours=73))
    await decide(operator, await filed(client, member), "approve")
    payment = (await payment_of(client, member, order))["id"]
    answer_cancellations(world, payment, "REFUSED")
    (refund,) = await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    path = f"/v1/operator/refunds/{refund}/account"
    to = (await operator.post(path, json={"reason": "BANK_PAYOUT"})).json()
    assert to["number"] == "110123456789"
    await later(portal, world, timedelta(hours=72))
    to = (await operator.post(path, json={"reason": "BANK_PAYOUT"})).json()
    assert to == {"bank": "SHINHAN", "number": NUMBER, "holder": BOOK["holder"]}


async def test_a_bank_that_the_provider_does_not_list_is_called_by_its_name(
    client: httpx.AsyncClient, member: Member, operator: httpx.AsyncClient
) -> None:
    case = await filed(client, member, bank="미래에셋증권")
    assert (await decide(operator, case, "approve")).status_code == 200
    pending = (await account_of(client, member))["pending"]
    assert (pending["bank"], pending["bank_label"]) == ("미래에셋증권", "미래에셋증권")


async def test_a_hold_says_what_is_missing_and_the_next_book_may_name_another_account(
    client: httpx.AsyncClient, portal: FastAPI, member: Member, operator: httpx.AsyncClient
) -> None:
    case = await filed(client, member)
    held = await decide(operator, case, "hold", "사본이 흐립니다.")
    assert held.json()["state"] == "ON_HOLD"
    (told,) = await mails_to(portal, member.email, "account_change_held")
    assert told["reason"] == "사본이 흐립니다."
    (mine,) = (await client.get(PATH, headers=member.headers)).json()["items"]
    assert (mine["state"], mine["reason"]) == ("ON_HOLD", "사본이 흐립니다.")
    again = await ask(client, member, number="330-000-000888")
    assert (again.json()["id"], again.json()["files"]) == (case, 2)
    assert again.json()["number_masked"] == "330*****0888"
    await decide(operator, case, "approve")
    assert (await account_of(client, member))["pending"]["number_masked"] == "330*****0888"


async def test_a_refusal_says_why_and_sets_nothing(
    client: httpx.AsyncClient, portal: FastAPI, member: Member, operator: httpx.AsyncClient
) -> None:
    case = await filed(client, member)
    assert (await decide(operator, case, "refuse", "다른 사람의 계좌입니다.")).status_code == 200
    (told,) = await mails_to(portal, member.email, "account_change_refused")
    assert told["reason"] == "다른 사람의 계좌입니다."
    assert refused(await decide(operator, case, "approve")) == (409, "case_decided")
    assert await account_of(client, member) == {"current": None, "pending": None}
    assert await mails_to(portal, member.email, "refund_account_set") == []
    assert (await ask(client, member)).status_code == 201


async def test_approved_by_several_at_once_it_is_set_once(
    client: httpx.AsyncClient, portal: FastAPI, member: Member
) -> None:
    case = await filed(client, member)

    async def approve(index: int) -> httpx.Response:
        role, name = OperatorRole.SUPPORT, f"books-{index}"
        async with operator_client(portal, role, name) as operator:
            return await operator.post(f"{CASES}/{case}/approve", headers=token_of(role, name))

    answers = await asyncio.gather(*(approve(index) for index in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await count(portal, "refund_accounts", member) == 1
    assert len(await mails_to(portal, member.email, "refund_account_set")) == 1
    assert len(await mails_to(portal, member.email, "account_change_done")) == 1


async def test_asked_twice_at_once_it_is_one_case(
    client: httpx.AsyncClient, portal: FastAPI, member: Member
) -> None:
    answers = await asyncio.gather(*(ask(client, member) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert await count(portal, "cases", member) == 1


async def test_an_unproven_company_has_no_account(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    newcomer = await sign_up(client, world)
    assert refused(await ask(client, newcomer)) == (403, "company_unproven")


async def test_it_takes_the_password_first(
    client: httpx.AsyncClient, portal: FastAPI, member: Member
) -> None:
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text(
                "UPDATE sessions SET reauthenticated_at = reauthenticated_at"
                " - interval '11 minutes' WHERE account_id = :id"
            ),
            {"id": UUID(member.account_id)},
        )
    assert refused(await ask(client, member)) == (401, "reauthentication_required")
    assert await count(portal, "cases", member) == 0


async def test_an_administrator_may_see_what_became_of_it_and_not_ask(
    client: httpx.AsyncClient, world: World, portal: FastAPI, member: Member
) -> None:
    case = await filed(client, member)
    memberships = await client.get("/v1/memberships", headers=member.headers)
    site_id = memberships.json()["items"][0]["site"]["id"]
    person = await sign_up_individual(client, world)
    await link_to_site(portal, person, member.company_id, site_id, member=True)
    denied = await client.post(PATH, headers=person.headers, **form(**BOOK))
    assert refused(denied) == (403, "permission_denied")
    (seen,) = (await client.get(PATH, headers=person.headers)).json()["items"]
    assert seen["id"] == case


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([paper(ZIP)], "file_type_not_allowed"),
        ([paper(PDF, "book.png", "image/png")], "file_type_mismatch"),
        ([paper(TOO_LARGE)], "file_too_large"),
        ([paper(b"")], "file_empty"),
    ],
)
async def test_a_file_that_is_no_paper_files_nothing(
    client: httpx.AsyncClient, portal: FastAPI, member: Member, files: list[Any], code: str
) -> None:
    answer = await ask(client, member, *files)
    assert (answer.status_code in {413, 422}, answer.json()["code"]) == (True, code)
    assert await count(portal, "cases", member) == 0


async def test_without_a_book_nothing_is_filed(
    client: httpx.AsyncClient, portal: FastAPI, member: Member
) -> None:
    words = [(name, (None, value.encode())) for name, value in BOOK.items()]
    assert refused(await client.post(PATH, headers=member.headers, files=words)) == (
        422,
        "file_required",
    )
    assert await count(portal, "cases", member) == 0


async def test_a_company_that_left_meanwhile_gets_no_account(
    client: httpx.AsyncClient, portal: FastAPI, member: Member, operator: httpx.AsyncClient
) -> None:
    case = await filed(client, member)
    async with portal.state.deps.database.system_session("test: it left") as session:
        await session.execute(
            text("UPDATE companies SET withdrawn_at = created_at WHERE id = :id"),
            {"id": UUID(member.company_id)},
        )
    answer = await decide(operator, case, "approve")
    assert refused(answer) == (409, "company_not_registered")
    assert await count(portal, "refund_accounts", member) == 0


async def test_billing_pays_and_does_not_decide(
    client: httpx.AsyncClient, portal: FastAPI, member: Member
) -> None:
    case = await filed(client, member)
    for role, status in ((OperatorRole.BILLING, 403), (OperatorRole.SUPPORT, 200)):
        async with operator_client(portal, role) as operator:
            path = f"{CASES}/{case}/approve"
            answer = await operator.post(path, headers=token_of(role))
            assert answer.status_code == status, answer.text
