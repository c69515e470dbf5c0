"""대표 계정 인계 where its person has left: papers, time to object, two operators."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.operators import OperatorRole
from sandbox.world import World
from tests.contracts import refused
from tests.flows import (
    PASSWORD,
    SIGN_UP_CONSENTS,
    Member,
    business_number,
    customer,
    link_to_site,
    phone_number,
    run_jobs,
    sign_up,
    sign_up_individual,
    verify_person,
)
from tests.imported import imported_company
from tests.integration.test_company_claims import number_of, rows
from tests.integration.test_refunds import later
from tests.mails import link_token, mails_to
from tests.operators import operator_client, token_of
from tests.papers import PDF, TOO_LARGE, ZIP, form, paper

PATH = "/v1/assisted-handovers"
ACCEPT = "/v1/handovers/accept"
CASES = "/v1/operator/cases"
NEW_PASSWORD = "another horse battery"
OBJECTED_BY_THEN = timedelta(hours=72, minutes=1)
ONE, OTHER = "handover-kim", "handover-lee"


class Staff:
    """Two operators who may decide cases."""

    def __init__(self, clients: dict[str, httpx.AsyncClient]) -> None:
        self.clients = clients

    async def ask(self, step: str, case: str, by: str = ONE, **body: str) -> httpx.Response:
        headers = token_of(OperatorRole.SUPPORT, by)
        path = f"{CASES}/{case}/{step}"
        return await self.clients[by].post(path, json=body or None, headers=headers)

    async def approve(self, case: str) -> httpx.Response:
        first = await self.ask("approve", case)
        assert first.json() == {"state": "IN_PROGRESS", "waits": True}, first.text
        return await self.ask("approve", case, OTHER)

    async def line(self, case: str) -> dict[str, Any]:
        listed = await self.clients[ONE].get(CASES, headers=token_of(OperatorRole.SUPPORT, ONE))
        return next(line for line in listed.json()["items"] if line["id"] == case)


@pytest.fixture
async def staff(portal: FastAPI) -> AsyncIterator[Staff]:
    async with (
        operator_client(portal, OperatorRole.SUPPORT, ONE) as kim,
        operator_client(portal, OperatorRole.SUPPORT, OTHER) as lee,
    ):
        yield Staff({ONE: kim, OTHER: lee})


@pytest.fixture
async def holder(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Member:
    """The account of a company that has paid, and is PROVEN by it."""
    return await customer(client, world, portal)


@pytest.fixture
def heir() -> str:
    """The successor's address."""
    return f"heir-{phone_number()}@hanbit.example"


async def ask(
    client: httpx.AsyncClient, world: World, number: str, email: str, *files: Any, **changed: str
) -> httpx.Response:
    words = {"business_number": number, "email": email} | changed
    if "identity_verification_token" not in words:
        words["identity_verification_token"] = await verify_person(client, world, "HANDOVER")
    return await client.post(PATH, **form(*files, **words))


async def asked(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str, **more: str
) -> str:
    answer = await ask(client, world, await number_of(portal, holder), heir, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def answer_as_holder(
    client: httpx.AsyncClient, portal: FastAPI, holder: Member, step: str
) -> httpx.Response:
    token = await link_token(portal, holder.email, "assisted_handover_asked")
    return await client.post(f"{PATH}/{step}", json={"token": token})


async def sign_in(client: httpx.AsyncClient, member: Member, password: str) -> httpx.Response:
    body = {"login_id": member.login_id, "password": password, "client_type": "NATIVE"}
    return await client.post("/v1/auth/login", json=body)


async def is_signed_in(client: httpx.AsyncClient, member: Member) -> bool:
    return (await client.get("/v1/me", headers=member.headers)).status_code == 200


def acceptance(link: str, identity: str) -> dict[str, Any]:
    return {
        "token": link,
        "identity_verification_token": identity,
        "password": NEW_PASSWORD,
        "consents": SIGN_UP_CONSENTS,
    }


async def state_of(portal: FastAPI, case: str) -> str:
    return str((await rows(portal, "SELECT state FROM cases WHERE id = :id", id=UUID(case)))[0])


async def handovers_of(portal: FastAPI, holder: Member) -> int:
    wanted = "SELECT id FROM handovers WHERE company_id = :id"
    return len(await rows(portal, wanted, id=UUID(holder.company_id)))


async def test_the_successor_gets_the_account_after_a_week_and_two_operators(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    memberships = await client.get("/v1/memberships", headers=holder.headers)
    site_id = memberships.json()["items"][0]["site"]["id"]
    admin = await sign_up_individual(client, world)
    await link_to_site(portal, admin, holder.company_id, site_id, member=True)
    phone = phone_number()
    identity = await verify_person(client, world, "HANDOVER", phone=phone)
    number = await number_of(portal, holder)
    sent = await ask(
        *(client, world, number, heir),
        note="전임자가 퇴사했습니다.",
        identity_verification_token=identity,
    )
    assert (sent.status_code, sent.json()["state"]) == (201, "IN_PROGRESS"), sent.text
    case = str(sent.json()["id"])

    (told,) = await mails_to(portal, holder.email, "assisted_handover_asked")
    assert (told["company"], told["name"]) == ("한빛상사", "홍*동")
    (noticed,) = await mails_to(portal, admin.email, "assisted_handover_noticed")
    assert "link" not in noticed
    assert noticed["until"] == told["until"]
    token = await link_token(portal, holder.email, "assisted_handover_asked")
    shown = (await client.post(f"{PATH}/preview", json={"token": token})).json()
    assert (shown["company_name"], shown["name_masked"], shown["answer"]) == (
        *("한빛상사", "홍*동"),
        None,
    )
    waits = datetime.fromisoformat(shown["waits_until"]) - datetime.fromisoformat(shown["asked_at"])
    assert waits == timedelta(hours=72)

    line = await staff.line(case)
    assert (line["kind"], line["holder_answer"]) == ("ASSISTED_HANDOVER", None)
    read = (await staff.ask("read", case, reason="DECIDING")).json()
    assert (read["name"], read["email"], read["note"]) == ("홍길동", heir, "전임자가 퇴사했습니다.")
    assert (read["wanted"], read["account"], len(read["files"])) == (None, None, 1)
    early = await staff.ask("approve", case)
    assert refused(early) == (409, "objection_time_running")
    assert early.json()["until"].startswith(shown["waits_until"][:19])
    assert (await staff.line(case))["approved_by"] is None
    await later(portal, world, timedelta(hours=71))
    assert refused(await staff.ask("approve", case)) == (409, "objection_time_running")
    await later(portal, world, timedelta(hours=1, minutes=1))
    assert (await staff.ask("approve", case)).json() == {"state": "IN_PROGRESS", "waits": True}
    assert refused(await staff.ask("approve", case)) == (409, "second_operator_required")
    assert await is_signed_in(client, holder)
    done = await staff.ask("approve", case, OTHER)
    assert done.json() == {"state": "APPROVED", "waits": False}

    assert not await is_signed_in(client, holder)
    assert (await sign_in(client, holder, PASSWORD)).status_code == 401
    refreshed = await client.post(
        "/v1/auth/refresh",
        json={"client_type": "NATIVE", "refresh_token": holder.session["refresh_token"]},
    )
    assert refreshed.status_code == 401
    assert await mails_to(portal, holder.email, "assisted_handover_opened") == [
        {"company": "한빛상사"}
    ]
    link = await link_token(portal, heir, "assisted_handover_done")
    seen = await client.post("/v1/handovers/preview", json={"token": link})
    assert (seen.json()["company_name"], seen.json()["name_masked"]) == ("한빛상사", "홍*동")
    namesake = await verify_person(client, world, "HANDOVER")
    another = await client.post(ACCEPT, json=acceptance(link, namesake))
    assert refused(another) == (422, "handover_name_mismatch")
    identity = await verify_person(client, world, "HANDOVER", phone=phone)
    taken = await client.post(ACCEPT, json=acceptance(link, identity))
    assert (taken.status_code, taken.json()["login_id"]) == (200, holder.login_id), taken.text

    signed_in = (await sign_in(client, holder, NEW_PASSWORD)).json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    me = (await client.get("/v1/me", headers=headers)).json()
    assert (me["role"], me["account"]["email"]) == ("SUPER_ADMIN", heir)
    users = (await client.get("/v1/users", headers=headers)).json()
    assert admin.email in str(users), "whom the company named stays"
    mails = "SELECT kind FROM mails WHERE recipient_index = :index"
    index = portal.state.deps.vault.index("email", holder.email.lower())
    assert await rows(portal, mails, index=index) == ["handed_over"], "the former person is erased"
    log = (await client.get("/v1/company/audit-log", headers=headers)).json()["items"]
    assert {
        *("handover.asked", "case.approved_once", "case.approved", "handover.opened"),
        "handover.accepted",
    } <= {entry["action"] for entry in log}


async def test_a_holder_who_agrees_spares_the_week(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    agreed = await answer_as_holder(client, portal, holder, "agree")
    assert (agreed.status_code, agreed.json()["answer"]) == (200, "AGREED")
    assert (await answer_as_holder(client, portal, holder, "agree")).status_code == 200
    assert (await staff.line(case))["holder_answer"] == "AGREED"
    assert (await staff.approve(case)).json() == {"state": "APPROVED", "waits": False}
    late = await answer_as_holder(client, portal, holder, "object")
    assert refused(late) == (409, "case_decided")
    assert await is_signed_in(client, holder) is False
    log = "SELECT count(*) FROM audit_events WHERE subject = :id AND action = 'handover.agreed'"
    assert await rows(portal, log, id=case) == [1]


async def test_an_objection_ends_it_and_tells_who_asked(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "agree")
    assert (await staff.ask("approve", case)).json()["waits"] is True
    objected = await answer_as_holder(client, portal, holder, "object")
    assert (objected.status_code, objected.json()["answer"]) == (200, "OBJECTED")
    assert refused(await staff.ask("approve", case, OTHER)) == (409, "case_decided")
    (told,) = await mails_to(portal, heir, "assisted_handover_refused")
    assert told["reason"].startswith("현재 담당자가 이의를 제기했습니다.")
    read = (await staff.ask("read", case, reason="DECIDING")).json()
    assert (read["case"]["state"], read["case"]["holder_answer"]) == ("REFUSED", "OBJECTED")
    assert (read["decided_by"], read["reason"]) == (None, told["reason"])
    assert await is_signed_in(client, holder)
    assert await handovers_of(portal, holder) == 0
    for step in ("preview", "agree", "object"):
        again = await answer_as_holder(client, portal, holder, step)
        assert refused(again) == (409, "case_decided")
    log = (await client.get("/v1/company/audit-log", headers=holder.headers)).json()["items"]
    assert {"handover.asked", "handover.objected"} <= {entry["action"] for entry in log}


async def test_objection_and_second_approval_at_once_have_one_winner(
    client: httpx.AsyncClient, world: World, portal: FastAPI, staff: Staff, heir: str
) -> None:
    """Counted in the database; in both orders, as it falls."""
    for turn in range(6):
        holder = await customer(client, world, portal)
        email = f"{turn}-{heir}"
        case = await asked(client, world, portal, holder, email)
        await answer_as_holder(client, portal, holder, "agree")
        await staff.ask("approve", case)
        works = [
            answer_as_holder(client, portal, holder, "object"),
            staff.ask("approve", case, OTHER),
            staff.ask("approve", case, OTHER),
        ]
        answers = await asyncio.gather(*(works if turn % 2 else reversed(works)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        approved = await state_of(portal, case) == "APPROVED"
        assert await handovers_of(portal, holder) == int(approved)
        assert len(await mails_to(portal, email, "assisted_handover_done")) == int(approved)
        refusals = await mails_to(portal, email, "assisted_handover_refused")
        assert len(refusals) == int(not approved)
        assert await is_signed_in(client, holder) is not approved
        decided = "SELECT action FROM audit_events WHERE subject = :id AND action LIKE 'case.%ed'"
        assert await rows(portal, decided, id=case) == [
            "case.approved" if approved else "case.refused"
        ]


async def test_a_link_that_nobody_was_sent_says_nothing(client: httpx.AsyncClient) -> None:
    for step in ("preview", "agree", "object"):
        answer = await client.post(f"{PATH}/{step}", json={"token": "x" * 43})
        assert refused(answer) == (422, "objection_invalid")


async def test_a_hold_asks_for_more_and_neither_the_week_nor_the_link_begins_anew(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    phone = phone_number()
    token = await verify_person(client, world, "HANDOVER", phone=phone)
    case = await asked(client, world, portal, holder, heir, identity_verification_token=token)
    before = (await staff.line(case))["waits_until"]
    token = await verify_person(client, world, "HANDOVER", phone=phone)
    number = await number_of(portal, holder)
    twice = await ask(client, world, number, heir, identity_verification_token=token)
    assert refused(twice) == (409, "case_open")
    await later(portal, world, OBJECTED_BY_THEN)
    await staff.ask("approve", case)
    await staff.ask("hold", case, OTHER, reason="위임장이 필요합니다.")
    (told,) = await mails_to(portal, heir, "assisted_handover_held")
    assert told["reason"] == "위임장이 필요합니다."
    token = await verify_person(client, world, "HANDOVER", phone=phone)
    more = (await ask(client, world, number, heir, identity_verification_token=token)).json()
    assert (more["id"], more["state"], more["files"]) == (case, "IN_PROGRESS", 2)
    line = await staff.line(case)
    assert (line["waits_until"], line["approved_by"]) == (before, None)
    assert len(await mails_to(portal, holder.email, "assisted_handover_asked")) == 1
    assert (await answer_as_holder(client, portal, holder, "preview")).status_code == 200
    assert (await staff.approve(case)).json()["state"] == "APPROVED"


async def test_a_refusal_says_why(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await staff.ask("refuse", case, reason="재직증명서가 아닙니다.")
    (told,) = await mails_to(portal, heir, "assisted_handover_refused")
    assert told == {"company": "한빛상사", "reason": "재직증명서가 아닙니다."}
    assert await is_signed_in(client, holder)
    assert refused(await answer_as_holder(client, portal, holder, "object"))[0] == 409


async def test_of_two_who_ask_the_other_is_refused(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    winner = await asked(client, world, portal, holder, heir)
    loser = await asked(client, world, portal, holder, f"other-{heir}")
    await later(portal, world, OBJECTED_BY_THEN)
    for case in (winner, loser):
        await staff.ask("approve", case)
    answers = await asyncio.gather(
        staff.ask("approve", winner, OTHER), staff.ask("approve", loser, OTHER)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    states = {await state_of(portal, winner), await state_of(portal, loser)}
    assert states == {"APPROVED", "REFUSED"}
    assert await handovers_of(portal, holder) == 1
    told = [
        mail
        for email in (heir, f"other-{heir}")
        for mail in await mails_to(portal, email, "assisted_handover_refused")
    ]
    assert [mail["reason"] for mail in told] == ["다른 신청으로 확인이 완료되었습니다."]


async def test_a_holder_who_hands_over_meanwhile_answers_by_that(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "agree")
    own = {"name": "홍길동", "email": f"own-{heir}", "phone": "010-1234-5678"}
    begun = await client.post("/v1/company/handover", json=own, headers=holder.headers)
    assert begun.status_code == 201
    await staff.ask("approve", case)
    assert refused(await staff.ask("approve", case, OTHER)) == (409, "handover_open")
    link = await link_token(portal, f"own-{heir}", "handover")
    identity = await verify_person(client, world, "HANDOVER")
    assert (await client.post(ACCEPT, json=acceptance(link, identity))).status_code == 200
    assert await state_of(portal, case) == "REFUSED"
    (told,) = await mails_to(portal, heir, "assisted_handover_refused")
    assert told["reason"] == "대표 계정의 담당자가 이미 변경되었습니다."


async def test_what_operators_approved_the_former_holder_neither_sees_nor_takes_back(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "agree")
    await staff.approve(case)
    again = "UPDATE sessions SET revoked_at = NULL WHERE account_id = :id RETURNING 1"
    assert await rows(portal, again, id=UUID(holder.account_id))
    own = "/v1/company/handover"
    assert refused(await client.get(own, headers=holder.headers)) == (404, "handover_not_found")
    assert refused(await client.delete(own, headers=holder.headers)) == (404, "handover_not_found")
    body = {"name": "김새롬", "email": "mine@hanbit.example", "phone": "010-1234-5678"}
    other = await client.post(own, json=body, headers=holder.headers)
    assert refused(other) == (409, "handover_open")
    assert await handovers_of(portal, holder) == 1


async def test_a_link_that_nobody_used_ends_after_14_days_and_the_holder_gets_in_by_the_phone(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "agree")
    await staff.approve(case)
    link = await link_token(portal, heir, "assisted_handover_done")
    await later(portal, world, timedelta(days=13, hours=23))
    seen = await client.post("/v1/handovers/preview", json={"token": link})
    assert seen.status_code == 200
    await later(portal, world, timedelta(hours=2))
    seen = await client.post("/v1/handovers/preview", json={"token": link})
    assert refused(seen) == (422, "handover_invalid")
    await run_jobs(portal)
    assert await handovers_of(portal, holder) == 0
    whose = (
        "SELECT count(*) FROM accounts WHERE id = :id AND status = 'ACTIVE' AND name IS NOT NULL"
    )
    assert await rows(portal, whose, id=UUID(holder.account_id)) == [1]


async def test_a_company_that_left_meanwhile_is_nobodys(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "agree")
    left = "UPDATE companies SET withdrawn_at = created_at WHERE id = :id RETURNING 1"
    await rows(portal, left, id=UUID(holder.company_id))
    await staff.ask("approve", case)
    answer = await staff.ask("approve", case, OTHER)
    assert refused(answer) == (409, "company_not_registered")
    assert await state_of(portal, case) == "IN_PROGRESS"
    assert (await staff.ask("refuse", case, reason="탈퇴한 기업입니다.")).status_code == 200


async def test_an_account_that_was_suspended_is_handed_over_when_it_is_restored(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    staff: Staff,
    heir: str,
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "agree")
    await staff.ask("approve", case)
    for status, code in (("SUSPENDED", 403), ("ACTIVE", 200)):
        switch = "UPDATE accounts SET status = :status WHERE id = :id RETURNING 1"
        await rows(portal, switch, id=UUID(holder.account_id), status=status)
        answer = await staff.ask("approve", case, OTHER)
        assert answer.status_code == code, answer.text


async def test_the_holder_does_not_ask_for_the_own_account(
    client: httpx.AsyncClient, world: World, portal: FastAPI, heir: str
) -> None:
    phone = phone_number()
    token = await verify_person(client, world, phone=phone)
    holder = await sign_up(client, world, identity_verification_token=token)
    proven = "UPDATE companies SET proven_at = created_at WHERE id = :id RETURNING 1"
    await rows(portal, proven, id=UUID(holder.company_id))
    token = await verify_person(client, world, "HANDOVER", phone=phone)
    number = await number_of(portal, holder)
    answer = await ask(client, world, number, heir, identity_verification_token=token)
    assert refused(answer) == (409, "company_yours")


async def test_only_a_company_that_was_shown_to_be_real_is_handed_over(
    client: httpx.AsyncClient, world: World, portal: FastAPI, heir: str
) -> None:
    unproven = await sign_up(client, world)
    number = await number_of(portal, unproven)
    assert refused(await ask(client, world, number, heir)) == (409, "claim_instead")
    nobody = await ask(client, world, business_number(), heir)
    assert refused(nobody) == (409, "company_not_registered")
    imported = await imported_company(portal)
    answer = await ask(client, world, imported.number, heir)
    assert refused(answer) == (409, "corporate_invitation_required")


async def test_it_needs_a_phone_that_was_verified_for_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str
) -> None:
    number = await number_of(portal, holder)
    for token in ("x" * 43, await verify_person(client, world)):
        answer = await ask(client, world, number, heir, identity_verification_token=token)
        assert refused(answer) == (422, "identity_verification_invalid")
    assert await mails_to(portal, holder.email, "assisted_handover_asked") == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([paper(ZIP)], "file_type_not_allowed"),
        ([paper(PDF, "paper.png", "image/png")], "file_type_mismatch"),
        ([paper(TOO_LARGE)], "file_too_large"),
        ([paper(b"")], "file_empty"),
    ],
)
async def test_a_file_that_is_no_paper_tells_nobody(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    holder: Member,
    heir: str,
    files: list[Any],
    code: str,
) -> None:
    number = await number_of(portal, holder)
    answer = await ask(client, world, number, heir, *files)
    assert answer.json()["code"] == code
    assert await mails_to(portal, holder.email, "assisted_handover_asked") == []
    assert await rows(portal, "SELECT id FROM cases WHERE business_number = :n", n=number) == []


async def test_without_papers_nothing_is_asked(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str
) -> None:
    token = await verify_person(client, world, "HANDOVER")
    words = {
        "business_number": await number_of(portal, holder),
        "email": heir,
        "identity_verification_token": token,
    }
    files = [(name, (None, value.encode())) for name, value in words.items()]
    assert refused(await client.post(PATH, files=files)) == (422, "file_required")


async def test_the_same_person_asks_once_also_when_at_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str
) -> None:
    number, phone = await number_of(portal, holder), phone_number()
    tokens = [await verify_person(client, world, "HANDOVER", phone=phone) for _ in range(3)]
    answers = await asyncio.gather(
        *(ask(client, world, number, heir, identity_verification_token=t) for t in tokens)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert len(await mails_to(portal, holder.email, "assisted_handover_asked")) == 1


async def test_a_companys_people_are_mailed_five_times_a_day_at_most(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str
) -> None:
    number = await number_of(portal, holder)
    for turn in range(5):
        assert (await ask(client, world, number, f"{turn}-{heir}")).status_code == 201
    assert refused(await ask(client, world, number, f"6-{heir}")) == (429, "rate_limited")
    assert len(await mails_to(portal, holder.email, "assisted_handover_asked")) == 5


async def test_the_holder_sees_in_the_portal_neither_the_case_nor_who_asks(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str
) -> None:
    await asked(client, world, portal, holder, heir)
    deps = portal.state.deps
    async with deps.database.tenant_session(holder.account_id, holder.company_id) as session:
        for table in ("cases", "case_files"):
            found = await session.execute(text(f"SELECT count(*) FROM {table}"))
            assert found.scalar_one() == 0


async def test_a_decided_case_and_its_papers_are_gone_after_three_years(
    client: httpx.AsyncClient, world: World, portal: FastAPI, holder: Member, heir: str
) -> None:
    case = await asked(client, world, portal, holder, heir)
    await answer_as_holder(client, portal, holder, "object")
    (key,) = await rows(
        portal, "SELECT storage_key FROM case_files WHERE case_id = :id", id=UUID(case)
    )
    kept = portal.state.deps.settings.files_dir / key
    for days, left in ((1095, True), (1097, False)):
        decided = (
            "UPDATE cases SET decided_at = now() - make_interval(days => :days) WHERE id = :id"
            " RETURNING 1"
        )
        async with portal.state.deps.database.system_session("test: clock back") as session:
            await session.execute(text("DELETE FROM business_clock"))
        world.clock.ahead = timedelta()
        await rows(portal, decided, id=UUID(case), days=days)
        await run_jobs(portal)
        assert kept.exists() is left
