"""회사법인정보관리 (PRODUCT.md section 7; the guide's page): the record and its changes."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.domain.periods import seoul_date
from sandbox.faults import Fault
from sandbox.nts import Standing
from sandbox.world import World
from tests.contracts import noon, refused, set_clock
from tests.flows import (
    Member,
    business_number,
    customer,
    run_jobs,
    sign_up,
    verify_business,
)
from tests.mails import mails_to
from tests.operators import TOKEN, operator_client
from tests.papers import form

COMPANY = "/v1/company"
REQUESTS = "/v1/company/change-requests"
ADDRESS = {
    "postcode": "04524",
    "road_address": "서울특별시 중구 세종대로 110",
    "address_detail": "3층",
    "business_type": "도소매",
    "business_class": "사무용품",
}


@pytest.fixture
async def newcomer(client: httpx.AsyncClient, world: World, portal: FastAPI) -> Member:
    """Without what invoices need: the flow's sign-up gives it, so it is taken away."""
    member = await sign_up(client, world)
    await run(portal, "DELETE FROM tax_invoice_contacts WHERE company_id = :id", member)
    return member


async def run(portal: FastAPI, statement: str, member: Member, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        found = await session.execute(text(statement), {"id": UUID(member.company_id)} | values)
        return list(found.all()) if found.returns_rows else []


async def read(client: httpx.AsyncClient, member: Member) -> tuple[dict[str, Any], str]:
    """The record and its ETag."""
    answer = await client.get(COMPANY, headers=member.headers)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record, answer.headers["etag"]


async def change(
    client: httpx.AsyncClient, member: Member, etag: str | None = None, **changed: Any
) -> httpx.Response:
    seen = etag if etag is not None else (await read(client, member))[1]
    return await client.patch(COMPANY, json=changed, headers=member.headers | {"If-Match": seen})


async def own_number(portal: FastAPI, member: Member) -> str:
    ((number,),) = await run(portal, "SELECT business_number FROM companies WHERE id = :id", member)
    return str(number)


async def verified(client: httpx.AsyncClient, number: str, name: str, **changed: str) -> str:
    """The token of a verification with 대표자 and opening date."""
    body = {
        "business_number": number,
        "company_name": name,
        "representative_name": "김새롬",
        "opened_on": "2015-03-02",
    } | changed
    answer = await client.post("/v1/business-verifications", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["level"] == "IDENTITY"
    return str(answer.json()["verification_token"])


async def ask(client: httpx.AsyncClient, member: Member, **words: str) -> httpx.Response:
    return await client.post(REQUESTS, headers=member.headers, **form(**words))


async def decide(
    portal: FastAPI, case_id: str, step: str, reason: str | None = None
) -> httpx.Response:
    body = None if reason is None else {"reason": reason}
    async with operator_client(portal) as operator:
        return await operator.post(f"/v1/operator/cases/{case_id}/{step}", json=body, headers=TOKEN)


class TestRecord:
    async def test_a_new_company_knows_its_name_and_number(
        self, client: httpx.AsyncClient, newcomer: Member
    ) -> None:
        record, etag = await read(client, newcomer)
        assert etag == '"r1.0.0"'
        assert (record["legal_name"], record["representative_name"]) == ("한빛상사", None)
        assert record["address"] == {"postcode": None, "road_address": None, "detail": None}
        assert record["verification"]["level"] == "STATUS"
        assert record["verification"]["status"] == "ACTIVE"
        assert record["verification"]["proven"] is False
        assert (record["tax_invoice_contacts"], record["refund_account"]) == ([], None)
        assert record["change_request"] is None

    async def test_what_is_sent_changes_and_the_rest_stays(
        self, client: httpx.AsyncClient, newcomer: Member
    ) -> None:
        done = await change(client, newcomer, **ADDRESS)
        assert (done.status_code, done.headers["etag"]) == (200, '"r1.1.0"')
        done = await change(client, newcomer, address_detail=None, business_class="문구")
        record = done.json()
        assert record["address"] == {
            "postcode": "04524",
            "road_address": "서울특별시 중구 세종대로 110",
            "detail": None,
        }
        assert (record["business_type"], record["business_class"]) == ("도소매", "문구")
        assert (await read(client, newcomer))[0] == record

    async def test_contacts_that_were_given_stay(
        self, client: httpx.AsyncClient, world: World
    ) -> None:
        member = await sign_up(client, world)
        before, _ = await read(client, member)
        assert before["tax_invoice_contacts"]
        done = await change(client, member, road_address="부산광역시 중구 중앙대로 1")
        assert done.json()["tax_invoice_contacts"] == before["tax_invoice_contacts"]
        assert done.json()["representative_name"] == before["representative_name"]

    @pytest.mark.parametrize(
        ("changed", "pointer"),
        [
            ({"postcode": "4524"}, "/postcode"),
            ({"road_address": "두\n줄"}, "/road_address"),
            ({"business_type": "x" * 101}, "/business_type"),
            ({"legal_name": "새이름"}, "/legal_name"),
            ({"business_number": "124-81-00998"}, "/business_number"),
        ],
    )
    async def test_bad_input_is_pointed_at(
        self, client: httpx.AsyncClient, newcomer: Member, changed: dict[str, str], pointer: str
    ) -> None:
        before = await read(client, newcomer)
        answer = await change(client, newcomer, **changed)
        assert refused(answer) == (422, "invalid_request")
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert await read(client, newcomer) == before

    async def test_of_two_who_read_the_same_one_is_told_to_read_again(
        self, client: httpx.AsyncClient, newcomer: Member
    ) -> None:
        _, etag = await read(client, newcomer)
        answers = await asyncio.gather(
            *(change(client, newcomer, etag, postcode=f"0452{n}") for n in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        without = await client.patch(COMPANY, json={}, headers=newcomer.headers)
        assert refused(without) == (400, "precondition_required")
        for nonsense in ('"r1"', "*", '"r1.1.1.1"', '"rx.y.z"', 'W/"r1.1.0"'):
            stale = await change(client, newcomer, nonsense, postcode="04524")
            assert refused(stale) == (412, "precondition_failed")

    async def test_any_part_makes_the_page_stale(
        self, client: httpx.AsyncClient, world: World
    ) -> None:
        member = await sign_up(client, world)
        _, etag = await read(client, member)
        path = f"{COMPANY}/tax-invoice-contact"
        seen = await client.get(path, headers=member.headers)
        given = seen.json()
        put = await client.put(
            path, json=given, headers=member.headers | {"If-Match": seen.headers["etag"]}
        )
        assert put.status_code == 200, put.text
        assert refused(await change(client, member, etag, postcode="04524")) == (
            412,
            "precondition_failed",
        )


class TestVerifiedAnew:
    async def test_name_and_ceo_become_what_the_register_says(
        self, client: httpx.AsyncClient, portal: FastAPI, newcomer: Member
    ) -> None:
        token = await verified(client, await own_number(portal, newcomer), "한빛산업")
        done = await change(client, newcomer, business_verification_token=token)
        assert done.status_code == 200, done.text
        record = done.json()
        assert (record["legal_name"], record["representative_name"]) == ("한빛산업", "김새롬")
        assert (record["verification"]["level"], record["verification"]["proven"]) == (
            "IDENTITY",
            True,
        )
        again = await change(client, newcomer, business_verification_token=token)
        assert refused(again) == (422, "business_verification_invalid")

    async def test_the_number_alone_is_not_enough(
        self, client: httpx.AsyncClient, portal: FastAPI, newcomer: Member
    ) -> None:
        token = await verify_business(client, await own_number(portal, newcomer), "한빛산업")
        answer = await change(client, newcomer, business_verification_token=token)
        assert refused(answer) == (422, "business_identity_required")
        assert (await read(client, newcomer))[0]["legal_name"] == "한빛상사"

    async def test_another_business_is_refused(
        self, client: httpx.AsyncClient, newcomer: Member
    ) -> None:
        token = await verified(client, business_number(), "남의회사")
        answer = await change(client, newcomer, postcode="04524", business_verification_token=token)
        assert refused(answer) == (422, "business_verification_invalid")
        assert (await read(client, newcomer))[0]["address"]["postcode"] is None


class TestRequests:
    async def test_a_name_is_changed_by_documents(
        self, client: httpx.AsyncClient, portal: FastAPI, newcomer: Member
    ) -> None:
        sent = await ask(client, newcomer, legal_name="한빛산업", representative_name="김새롬")
        assert sent.status_code == 201, sent.text
        case = sent.json()
        assert (case["state"], case["legal_name"]) == ("IN_PROGRESS", "한빛산업")
        assert (await read(client, newcomer))[0]["change_request"]["id"] == case["id"]
        open_one = await ask(client, newcomer, legal_name="다른이름")
        assert refused(open_one) == (409, "case_open")
        unsaid = await decide(portal, case["id"], "hold", "")
        assert refused(unsaid) == (422, "invalid_request")
        held = await decide(portal, case["id"], "hold", "등기부등본이 필요합니다.")
        assert held.json()["state"] == "ON_HOLD"
        shown = (await client.get(REQUESTS, headers=newcomer.headers)).json()["items"][0]
        assert (shown["state"], shown["reason"]) == ("ON_HOLD", "등기부등본이 필요합니다.")
        more = await ask(client, newcomer, legal_name="한빛산업(주)", representative_name="김새롬")
        assert (more.json()["id"], more.json()["files"]) == (case["id"], 2)
        assert (await decide(portal, case["id"], "approve")).json()["state"] == "APPROVED"
        record, _ = await read(client, newcomer)
        assert (record["legal_name"], record["representative_name"]) == ("한빛산업(주)", "김새롬")
        assert record["verification"]["level"] == "DOCUMENT"
        assert record["change_request"] is None
        shown = (await client.get(REQUESTS, headers=newcomer.headers)).json()["items"][0]
        assert shown["state"] == "DONE"
        kinds = ("change_held", "change_done")
        assert [len(await mails_to(portal, newcomer.email, kind)) for kind in kinds] == [1, 1]

    async def test_what_is_refused_stays_as_it_is(
        self, client: httpx.AsyncClient, portal: FastAPI, newcomer: Member
    ) -> None:
        case = (await ask(client, newcomer, legal_name="한빛산업")).json()
        await decide(portal, case["id"], "refuse", "서류가 다릅니다.")
        assert (await read(client, newcomer))[0]["legal_name"] == "한빛상사"
        assert (await ask(client, newcomer, legal_name="한빛산업")).status_code == 201

    async def test_a_number_holds_from_its_day_on_and_its_sites_follow(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI
    ) -> None:
        member = await customer(client, world, portal)
        former, number = await own_number(portal, member), business_number()
        day = seoul_date(wire_now()) + timedelta(days=10)
        sent = await ask(client, member, business_number=number, effective_on=str(day))
        assert sent.status_code == 201, sent.text
        assert sent.json()["effective_on"] == str(day)
        async with operator_client(portal) as operator:
            path = f"/v1/operator/cases/{sent.json()['id']}/read"
            opened = await operator.post(path, json={"reason": "DECIDING"}, headers=TOKEN)
        assert opened.json()["wanted"]["business_number"] == number
        await decide(portal, sent.json()["id"], "approve")
        await run_jobs(portal)
        assert await own_number(portal, member) == former
        await set_clock(portal, world, noon(day))
        for _ in range(4):
            await run_jobs(portal)
            later = "UPDATE sites SET put_due_at = put_due_at - interval '1 hour'"
            await run(portal, f"{later} WHERE company_id = :id AND put_due_at IS NOT NULL", member)
        assert await own_number(portal, member) == number
        ((site_id, held),) = await run(
            portal, "SELECT id, business_number FROM sites WHERE company_id = :id", member
        )
        assert held == number
        assert world.groupware.sites[str(site_id)].wanted.business_number == number
        await set_clock(portal, world, wire_now())

    @pytest.mark.parametrize(
        ("words", "code", "pointer"),
        [
            ({}, "nothing_to_change", None),
            ({"effective_on": "2030-01-01"}, "nothing_to_change", None),
            (
                {"legal_name": "새이름", "effective_on": "2030-01-01"},
                "effective_date_required",
                "/effective_on",
            ),
            ({"business_number": "NEW"}, "effective_date_required", "/effective_on"),
            (
                {"business_number": "124-81-00999", "effective_on": "2030-01-01"},
                "business_number_invalid",
                "/business_number",
            ),
            ({"legal_name": "새이름", "effective_on": "soon"}, "invalid_request", "/effective_on"),
        ],
    )
    async def test_what_makes_no_sense_is_refused(
        self,
        client: httpx.AsyncClient,
        newcomer: Member,
        words: dict[str, str],
        code: str,
        pointer: str | None,
    ) -> None:
        if words.get("business_number") == "NEW":
            words = words | {"business_number": business_number()}
        answer = await ask(client, newcomer, **words)
        assert refused(answer) == (422, code)
        if pointer is not None:
            assert answer.json()["errors"][0]["pointer"] == pointer
        assert (await client.get(REQUESTS, headers=newcomer.headers)).json()["items"] == []

    async def test_a_number_that_another_company_has_is_refused(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI, newcomer: Member
    ) -> None:
        other = await sign_up(client, world)
        taken = await own_number(portal, other)
        answer = await ask(client, newcomer, business_number=taken, effective_on="2030-01-01")
        assert refused(answer) == (409, "company_already_registered")


class TestMonthlyCheck:
    async def check(self, portal: FastAPI, member: Member) -> None:
        await run(portal, "UPDATE companies SET status_due_at = verified_at WHERE id = :id", member)
        await run_jobs(portal)

    async def test_a_business_that_closed_is_noticed_once(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI, newcomer: Member
    ) -> None:
        world.nts.overrides[await own_number(portal, newcomer)] = Standing.CLOSED
        for _ in range(2):
            await self.check(portal, newcomer)
        record, _ = await read(client, newcomer)
        assert record["verification"]["status"] == "CLOSED"
        assert record["verification"]["checked_at"] > record["verification"]["verified_at"]
        told = await mails_to(portal, newcomer.email, "business_status_changed")
        assert told == [{"company": "한빛상사", "state": "CLOSED"}]
        operator = portal.state.deps.settings.operator_email
        mails = await mails_to(portal, operator, "business_not_active")
        assert [m["state"] for m in mails if m["company_id"] == newcomer.company_id] == ["CLOSED"]

    async def test_nothing_is_guessed_while_the_tax_service_is_down(
        self, client: httpx.AsyncClient, world: World, portal: FastAPI, newcomer: Member
    ) -> None:
        before, _ = await read(client, newcomer)
        world.faults.put("nts", Fault(down=True))
        await self.check(portal, newcomer)
        world.faults.clear()
        assert (await read(client, newcomer))[0] == before
        ((wait,),) = await run(
            portal,
            "SELECT status_due_at - :now FROM companies WHERE id = :id",
            newcomer,
            now=wire_now(),
        )
        assert timedelta(hours=23) < wait < timedelta(hours=25)

    async def test_one_that_stands_well_is_asked_again_in_a_month(
        self, client: httpx.AsyncClient, portal: FastAPI, newcomer: Member
    ) -> None:
        await self.check(portal, newcomer)
        ((wait,),) = await run(
            portal,
            "SELECT status_due_at - status_checked_at FROM companies WHERE id = :id",
            newcomer,
        )
        assert wait == timedelta(days=30)
        assert await mails_to(portal, newcomer.email, "business_status_changed") == []
