"""The operator's catalogue, coupons and price agreements over HTTP."""

import asyncio
import copy
import json
import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.operators import OperatorPermission, OperatorRole
from app.operator_app import OPERATOR_MODULES
from app.routers.access import PUBLIC_MARK
from app.routers.operators import RequiresOperator, RequiresOperatorSession
from sandbox.world import World
from tests.contracts import bring_in, noon, order, preview, refused, set_clock
from tests.flows import Member, customer, item, sign_up
from tests.operators import TOKEN, operator_client, token_of

ROUTES = [r for module in OPERATOR_MODULES for r in module.router.routes if isinstance(r, APIRoute)]
TIERED = json.loads((Path(__file__).parents[1] / "data" / "tiered.json").read_text("utf-8"))
VERSIONS = "/v1/operator/catalogue-versions"
_far_days = iter(date(2120 + 2 * turn, 5, 1) for turn in range(40))
_days = iter(date(2028 + 2 * turn, 5, 1) for turn in range(40))


@pytest.fixture
async def today(portal: FastAPI, world: World) -> date:
    """A 1 May of this test's own, at noon in Seoul."""
    day = next(_days)
    await set_clock(portal, world, noon(day))
    return day


@pytest.fixture
async def far(portal: FastAPI, world: World) -> date:
    """The same for tests that put a version in force: behind every day of those that do not."""
    day = next(_far_days)
    await set_clock(portal, world, noon(day))
    return day


def version(day: date, unit_price: int = 6_000, **changed: Any) -> dict[str, Any]:
    document = copy.deepcopy(TIERED) | {
        "code": f"v-{uuid4().hex[:8]}",
        "effective_from": str(day),
        "tiers": [],
    }
    next(plan for plan in document["plans"] if plan["code"] == "SHARED")["unit_price"] = unit_price
    return document | changed


async def draft(operator: httpx.AsyncClient, document: dict[str, Any]) -> str:
    answer = await operator.post(VERSIONS, json=document)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "DRAFT"
    return str(answer.json()["code"])


def path_of(route: APIRoute) -> str:
    return route.path.format(
        code="NONE",
        agreement_id=uuid.UUID(int=7),
        refund_id=uuid.UUID(int=7),
        goodwill_id=uuid.UUID(int=7),
        account_id=uuid.UUID(int=7),
        campaign_id=uuid.UUID(int=7),
        day="2020-01-01",
        company_id=uuid.UUID(int=7),
        deposit_id=uuid.UUID(int=7),
        item_id=uuid.UUID(int=7),
        termination_id=uuid.UUID(int=7),
        faq_id=uuid.UUID(int=7),
        invoice_id=uuid.UUID(int=7),
        notice_id=uuid.UUID(int=7),
        inquiry_id=uuid.UUID(int=7),
        case_id=uuid.UUID(int=7),
        mail_id=uuid.UUID(int=7),
        import_id=uuid.UUID(int=7),
        failed_job_id=uuid.UUID(int=7),
        file_id=uuid.UUID(int=7),
        attachment_id=uuid.UUID(int=7),
        payment_id=uuid.UUID(int=7),
        receipt_id=uuid.UUID(int=7),
        decision_id=uuid.UUID(int=7),
    )


def permission_of(route: APIRoute) -> OperatorPermission | None:
    """The one that its signature names."""
    (asked,) = (
        inner.call.permission
        for inner in route.dependant.dependencies
        if isinstance(inner.call, RequiresOperator | RequiresOperatorSession)
    )
    return asked


GUARDED = [route for route in ROUTES if not hasattr(route.endpoint, PUBLIC_MARK)]
ALLOWED = {
    "catalogue.manage": {"CATALOGUE", "ADMIN"},
    "coupons.manage": {"CATALOGUE", "ADMIN"},
    "price_agreements.manage": {"BILLING", "ADMIN"},
    "terminations.record": {"SUPPORT", "BILLING", "ADMIN"},
    "refunds.manage": {"BILLING", "ADMIN"},
    "goodwill.give": {"BILLING", "ADMIN"},
    "books.read": {"BILLING", "ADMIN"},
    "deposits.manage": {"BILLING", "ADMIN"},
    "holidays.manage": {"BILLING", "ADMIN"},
    "payment_terms.manage": {"BILLING", "ADMIN"},
    "tax_invoices.manage": {"BILLING", "ADMIN"},
    "faq.manage": {"SUPPORT", "ADMIN"},
    "notices.manage": {"SUPPORT", "ADMIN"},
    "inquiries.manage": {"SUPPORT", "ADMIN"},
    "cases.manage": {"SUPPORT", "ADMIN"},
    "companies.read": {"SUPPORT", "BILLING", "ADMIN"},
    "members.manage": {"SUPPORT", "ADMIN"},
    "mails.manage": {"SUPPORT", "ADMIN"},
    "campaigns.manage": {"SUPPORT", "ADMIN"},
    "jobs.manage": {"ADMIN"},
    "contracts.import": {"ADMIN"},
    "reports.read": {"BILLING", "ADMIN"},
    "session": {"SUPPORT", "BILLING", "CATALOGUE", "ADMIN"},
}
"""Which roles may what (PRODUCT.md section 16; docs/decisions/0031-operators.md)."""


def test_signing_in_alone_is_for_everybody() -> None:
    open_to_all = [route.operation_id for route in ROUTES if hasattr(route.endpoint, PUBLIC_MARK)]
    assert open_to_all == ["operator_sign_in"]
    assert set(ALLOWED) == {str(permission) for permission in OperatorPermission}


@pytest.mark.parametrize("role", list(OperatorRole))
@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.operation_id)
async def test_a_role_does_what_the_table_says_and_no_more(
    portal: FastAPI, route: APIRoute, role: OperatorRole
) -> None:
    may = role in ALLOWED[str(permission_of(route))]
    method = sorted(route.methods)[0]
    name = f"{role}-{route.operation_id}".lower().replace("_", "-")
    async with operator_client(portal, role, name) as inner:
        headers = token_of(role, name)
        answer = await inner.request(method, path_of(route), headers=headers, json=body(route))
    denied = answer.status_code == 403 and answer.json()["code"] == "permission_denied"
    assert denied is not may, answer.text
    assert may or answer.status_code == 403
    assert answer.status_code != 401 or answer.json()["code"] != "not_authenticated"


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.operation_id)
async def test_nobody_but_the_operator_comes_in(
    client: httpx.AsyncClient, portal: FastAPI, world: World, route: APIRoute
) -> None:
    """Nobody, whoever guesses, and a customer."""
    method = sorted(route.methods)[0]
    assert permission_of(route) is not None
    assert (route.operation_id or "").startswith("operator_")
    member = await sign_up(client, world)
    wrong = [{}, {"Authorization": "Bearer " + "x" * 40}, {"Authorization": "Bearer "}]
    async with operator_client(portal) as inner:
        for headers in (*wrong, {"Authorization": TOKEN["Authorization"][:-1]}, member.headers):
            answer = await inner.request(method, path_of(route), headers=headers, json=body(route))
            assert refused(answer) == (401, "not_authenticated")
        let_in = await inner.request(method, path_of(route), headers=TOKEN, json=body(route))
        assert let_in.status_code != 401 or refused(let_in) == (401, "invalid_credentials")
    there = await client.request(method, path_of(route), headers=TOKEN, json=body(route))
    assert refused(there) == (404, "not_found")


def faq() -> dict[str, Any]:
    """Seen by nobody."""
    words = dict.fromkeys(("question_ko", "answer_ko", "question_en", "answer_en"), "a")
    return {"category": "SUPPORT", "position": 1, "published": False} | words


def campaign() -> dict[str, Any]:
    """A draft, which nobody is sent."""
    words = dict.fromkeys(("subject_ko", "body_ko", "subject_en", "body_en"), "a")
    return {"audience": "FREE_PLAN"} | words


def body(route: APIRoute) -> dict[str, Any] | None:
    """One that its schema takes and nothing comes of."""
    return {
        "operator_create_catalogue_version": version(date(2020, 1, 1)),
        "operator_preview_catalogue_version": {"membership_ids": [str(uuid4())]},
        "operator_create_coupon": coupon(date(2020, 1, 1), date(2020, 1, 1)),
        "operator_grant_goodwill": {
            "kind": "CREDIT",
            "company_id": str(uuid4()),
            "amount": 1,
            "reason": "OTHER",
            "note": "a",
        },
        "operator_issue_held_tax_invoice": {"reason": "a"},
        "operator_create_campaign": campaign(),
        "operator_update_campaign": campaign(),
        "operator_test_campaign": {"email": "kim@daou.example"},
        "operator_read_refund_account": {"reason": "BANK_PAYOUT"},
        "operator_record_termination": {
            "membership_id": str(uuid4()),
            "last_day": "2020-01-01",
            "received_on": "2020-01-01",
            "channel": "PHONE",
            "reason": "OTHER",
        },
        "operator_change_password": {
            "password": "x",
            "totp_code": "123456",
            "new_password": "correct horse battery",
        },
        "operator_read_case": {"reason": "DECIDING"},
        "operator_find_members": {"query": "a"},
        "operator_read_member": {"reason": "CALLED_US"},
        "operator_suspend_member": {"reason": "ABUSE"},
        "operator_restore_member": {"reason": "RESOLVED"},
        "operator_put_holiday": {"name": "a"},
        "operator_read_company": {"reason": "CALLED_US"},
        "operator_read_case_file": {"reason": "DECIDING"},
        "operator_hold_case": {"reason": "a"},
        "operator_refuse_case": {"reason": "a"},
        "operator_read_inquiry": {"reason": "ANSWERING"},
        "operator_read_inquiry_attachment": {"reason": "ANSWERING"},
        "operator_answer_inquiry": {"text": "a"},
        "operator_put_payment_terms": {"days": 30},
        "operator_record_dispute_decision": {
            "outcome": "WON",
            "amount": 0,
            "decided_on": "2020-01-01",
        },
        "operator_create_notice": {
            "kind": "NOTICE",
            **dict.fromkeys(("title_ko", "body_ko", "title_en", "body_en"), "a"),
            "shown_from": "2020-01-01T00:00:00Z",
            "shown_until": "2020-01-02T00:00:00Z",
        },
        "operator_create_faq": faq(),
        "operator_update_faq": faq(),
        "operator_add_bank_deposit": {"amount": 1, "name": "a", "deposited_on": "1999-01-01"},
        "operator_import_bank_deposits": {"csv": "a"},
        "operator_confirm_bank_deposit": {"payment_id": str(uuid4())},
        "operator_reject_bank_deposit": {"note": "a"},
        "operator_create_price_agreement": agreement(str(uuid4()), date(2020, 1, 1)),
    }.get(route.operation_id or "")


async def test_a_version_is_drafted_looked_at_activated_and_in_force_from_its_midnight(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    far: date,
) -> None:
    """Ten at 4,000 or 6,000 for a year: 528,000 or 792,000 with VAT."""
    member = await customer(client, world, portal)
    membership = (await client.get("/v1/memberships", headers=member.headers)).json()["items"][0]
    prices = [(1, {"DEDICATED_USER": 5_000})]
    other = await bring_in(portal, member, far, prices, 5, plan="DEDICATED")
    free = await bring_in(portal, member, far, [], 9, plan="SHARED_FREE")
    first_day = far + timedelta(days=10)
    code = await draft(operator, version(first_day))
    ids = [membership["id"], other, free]
    effect = await operator.post(f"{VERSIONS}/{code}/preview", json={"membership_ids": ids})
    rows = effect.json()["items"]
    assert [(r["before"], r["after"], r["difference"]) for r in rows] == [
        (528_000, 792_000, 264_000),
        (247_500, 247_500, 0),
        (None, None, None),
    ]
    assert rows[0]["renewed_on"] == f"{far.year + 1}-05-01"
    site = item("SHARED", 1, 1)
    assert (await preview(client, {}, site))["total"] == 59_400
    activated = await operator.post(f"{VERSIONS}/{code}/activate")
    assert (activated.status_code, activated.json()["state"]) == (200, "SCHEDULED")
    assert (await preview(client, {}, site))["total"] == 59_400
    await set_clock(portal, world, noon(first_day))
    assert (await preview(client, {}, site))["total"] == 61_600
    listed = (await operator.get(VERSIONS)).json()["items"]
    states = {row["code"]: row["state"] for row in listed}
    assert (states[code], states["2023-09"]) == ("IN_FORCE", "PAST")
    one = (await operator.get(f"{VERSIONS}/{code}")).json()
    assert one["version"]["plans"][1]["unit_price"] == 6_000
    assert refused(await operator.post(f"{VERSIONS}/{code}/activate")) == (
        409,
        "catalogue_version_active",
    )
    actions = await audited(portal, code)
    assert actions == ["catalogue_version.drafted", "catalogue_version.activated"]


async def audited(portal: FastAPI, subject: str) -> list[str]:
    async with portal.state.deps.database.system_session("test: the log") as session:
        rows = await session.execute(
            text("SELECT action, actor FROM audit_events WHERE subject = :subject ORDER BY id"),
            {"subject": subject},
        )
        found = rows.all()
    assert {row.actor for row in found} == {"operator:bootstrap"}
    return [row.action for row in found]


async def test_what_is_no_version_is_refused_whole(
    operator: httpx.AsyncClient, today: date
) -> None:
    day = today + timedelta(days=10)
    broken = version(day)
    broken["add_ons"] = broken["add_ons"][1:]
    broken["plans"][1]["fixed_users"] = 5
    answer = await operator.post(VERSIONS, json=broken)
    assert refused(answer) == (422, "catalogue_invalid")
    assert len(answer.json()["flaws"]) == 2
    twice = version(day)
    twice["add_ons"].append(twice["add_ons"][0])
    answer = await operator.post(VERSIONS, json=twice)
    assert answer.json()["flaws"] == [{"pointer": "/add_ons", "reason": "a code stands twice"}]
    for wrong in ({"plans": None}, {"tiers": [{"first": 0, "percent": 1}]}, {"more": 1}):
        answer = await operator.post(VERSIONS, json=version(day) | wrong)
        assert refused(answer) == (422, "invalid_request")
    assert refused(await operator.post(VERSIONS, json=version(today))) == (
        409,
        "catalogue_day_passed",
    )
    known = version(day, code="2023-09")
    assert refused(await operator.post(VERSIONS, json=known)) == (409, "catalogue_code_taken")
    code = await draft(operator, version(day))
    again = await operator.post(VERSIONS, json=version(day, code=code))
    assert refused(again) == (409, "catalogue_code_taken")
    for missing in ("activate", "preview"):
        answer = await operator.post(
            f"{VERSIONS}/none/{missing}", json={"membership_ids": [str(uuid4())]}
        )
        assert refused(answer) == (404, "catalogue_version_not_found")
    nobody = await operator.post(
        f"{VERSIONS}/{code}/preview", json={"membership_ids": [str(uuid4())]}
    )
    assert refused(nobody) == (404, "membership_not_found")


async def test_a_draft_whose_day_has_come_is_never_activated(
    portal: FastAPI, world: World, operator: httpx.AsyncClient, today: date
) -> None:
    day = today + timedelta(days=1)
    code = await draft(operator, version(day))
    await set_clock(portal, world, noon(day))
    assert refused(await operator.post(f"{VERSIONS}/{code}/activate")) == (
        409,
        "catalogue_day_passed",
    )


async def test_of_two_versions_for_a_day_activated_at_once_one_is(
    operator: httpx.AsyncClient, far: date
) -> None:
    day = far + timedelta(days=10)
    codes = [await draft(operator, version(day, 4_000)) for _ in range(2)]
    answers = await asyncio.gather(
        *(operator.post(f"{VERSIONS}/{code}/activate") for code in (*codes, *codes))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {
        "catalogue_day_taken",
        "catalogue_version_active",
    }
    states = [row["state"] for row in (await operator.get(VERSIONS)).json()["items"]]
    assert states.count("SCHEDULED") == 1


async def test_a_version_is_never_changed_or_removed(portal: FastAPI) -> None:
    for statement in (
        "UPDATE catalogue_versions SET document = '{}'",
        "DELETE FROM catalogue_versions",
        "UPDATE catalogue_drafts SET document = '{}'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with portal.state.deps.database.system_session("test: append-only") as session:
                await session.execute(text(statement))


def coupon(first_day: date, last_day: date, **changed: Any) -> dict[str, Any]:
    return {
        "code": f"C-{uuid4().hex[:10].upper()}",
        "name": {"ko": "봄 쿠폰", "en": "Spring"},
        "scope": "ALL",
        "percent": 10,
        "first_day": str(first_day),
        "last_day": str(last_day),
    } | changed


async def made(operator: httpx.AsyncClient, wanted: dict[str, Any]) -> str:
    answer = await operator.post("/v1/operator/coupons", json=wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


async def test_a_coupon_is_made_used_and_ended(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    """10 % of 530,000: 477,000 and 47,700 VAT."""
    member, other = await sign_up(client, world), await sign_up(client, world)
    wanted = coupon(today, today + timedelta(days=30), uses_per_company=1, plans=["SHARED"])
    code = await made(operator, wanted)
    used = await order(client, member, item(), total=524_700, coupon_code=code)
    assert used.status_code == 201, used.text
    twice = await order(client, member, item(), total=1, coupon_code=code, confirm_duplicate=True)
    assert refused(twice) == (409, "coupon_unknown")
    dedicated = await order(client, other, item("DEDICATED"), total=1, coupon_code=code)
    assert refused(dedicated) == (409, "coupon_not_applicable")
    quote = await client.post(
        "/v1/quotes",
        json={
            "items": [{"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}],
            "coupon_code": code,
            "recipients": ["OWN"],
        },
        headers=other.headers,
    )
    for _ in range(2):
        ended = await operator.post(f"/v1/operator/coupons/{code}/end")
        assert (ended.status_code, ended.json()["uses"]) == (200, 1)
    late = await order(client, other, item(), total=524_700, coupon_code=code)
    assert refused(late) == (409, "coupon_unknown")
    by_quote = await client.post(
        "/v1/orders",
        json={
            "quote_id": quote.json()["id"],
            "sites": [item()["site"]],
            "expected_total": 524_700,
            "payment_method": "CARD",
            "consents": [],
        },
        headers=other.headers | {"Idempotency-Key": "k" * 20},
    )
    assert refused(by_quote) == (409, "coupon_unknown")
    page = await operator.get("/v1/operator/coupons", params={"cursor": code[:-1], "size": 1})
    assert [row["code"] for row in page.json()["items"]] == [code]
    assert await audited(portal, code) == ["coupon.created", "coupon.ended"]


async def test_which_coupons_cannot_be_made(operator: httpx.AsyncClient, today: date) -> None:
    day = today + timedelta(days=1)
    code = await made(operator, coupon(today, day))
    for wrong, expected in (
        ({"code": code}, (409, "coupon_code_taken")),
        ({"amount": 1_000}, (422, "coupon_value_invalid")),
        ({"percent": None}, (422, "coupon_value_invalid")),
        ({"first_day": str(day + timedelta(days=1))}, (422, "coupon_days_invalid")),
        ({"last_day": str(today - timedelta(days=1))}, (422, "coupon_days_invalid")),
        ({"plans": ["GOLD"]}, (422, "plan_unknown")),
        ({"order_types": ["RENEWAL"]}, (422, "invalid_request")),
        ({"percent": 101}, (422, "invalid_request")),
        ({"code": "한글"}, (422, "invalid_request")),
    ):
        answer = await operator.post("/v1/operator/coupons", json=coupon(today, day) | wrong)
        assert refused(answer) == expected, answer.text
    assert refused(await operator.post("/v1/operator/coupons/NONE/end")) == (
        404,
        "coupon_not_found",
    )


async def test_a_coupon_of_another_plan_of_the_past_and_of_the_future_takes_nothing_off(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member = await sign_up(client, world)
    day = timedelta(days=1)
    codes = [
        await made(operator, coupon(today, today + 9 * day, plans=["DEDICATED"])),
        await made(operator, coupon(today + 5 * day, today + 9 * day)),
        await made(operator, coupon(today, today + 9 * day, order_types=["CHANGE"])),
        await made(operator, coupon(today, today + 9 * day, minimum_amount=530_001)),
    ]
    for code in codes:
        answer = await order(client, member, item(), total=583_000, coupon_code=code)
        assert refused(answer) == (409, "coupon_not_applicable")
        asked = {k: v for k, v in item().items() if k != "site"}
        shown = await client.post(
            "/v1/price-previews", json={"items": [asked], "coupon_code": code}
        )
        assert (shown.json()["total"], shown.json()["coupon"]["rejected"]) == (
            583_000,
            "coupon_unknown",
        )
    await set_clock(portal, world, noon(today + 10 * day))
    answer = await order(client, member, item(), total=583_000, coupon_code=codes[1])
    assert refused(answer) == (409, "coupon_not_applicable")


def agreed(code: str, unit_price: int) -> dict[str, Any]:
    return {"code": code, "unit_price": unit_price}


def agreement(company_id: str, day: date, **changed: Any) -> dict[str, Any]:
    return {
        "company_id": company_id,
        "unit_prices": [{"code": "SHARED_USER", "unit_price": 3_000}],
        "first_day": str(day),
        "last_day": str(day + timedelta(days=30)),
        "reason": "3년 대량 계약",
    } | changed


async def test_prices_are_agreed_seen_in_the_companys_log_and_ended(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
) -> None:
    member = await customer(client, world, portal)
    path = "/v1/operator/price-agreements"
    answer = await operator.post(path, json=agreement(member.company_id, today))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["made_by"], answer.json()["ended_at"]) == ("bootstrap", None)
    # 10 × 3,000 × 12 + 50,000 = 410,000.
    assert (await preview(client, member.headers, item()))["total"] == 451_000
    log = await client.get("/v1/company/audit-log", headers=member.headers)
    assert log.json()["items"][0]["action"] == "price_agreement.made"
    for _ in range(2):
        ended = await operator.post(f"{path}/{answer.json()['id']}/end")
        assert (ended.status_code, ended.json()["ended_by"]) == (200, "bootstrap")
    assert (await preview(client, member.headers, item()))["total"] == 583_000
    listed = await operator.get(path, params={"company_id": member.company_id})
    assert [row["id"] for row in listed.json()["items"]] == [answer.json()["id"]]
    assert await audited(portal, answer.json()["id"]) == [
        "price_agreement.made",
        "price_agreement.ended",
    ]


async def test_which_prices_cannot_be_agreed(
    client: httpx.AsyncClient, world: World, operator: httpx.AsyncClient, today: date
) -> None:
    first: Member = await sign_up(client, world)
    path = "/v1/operator/price-agreements"
    for wrong, expected in (
        ({"company_id": str(uuid4())}, (404, "company_not_found")),
        ({"membership_id": str(uuid4())}, (404, "membership_not_found")),
        ({"unit_prices": [agreed("MOON", 1)]}, (422, "agreed_code_unknown")),
        ({"unit_prices": [agreed("SHARED_FREE_USER", 1)]}, (422, "agreed_code_unknown")),
        ({"unit_prices": [agreed("SHARED_USER", 1)] * 2}, (422, "agreed_code_twice")),
        ({"unit_prices": []}, (422, "invalid_request")),
        ({"unit_prices": [agreed("SHARED_USER", -1)]}, (422, "invalid_request")),
        ({"last_day": str(today - timedelta(days=1))}, (422, "agreement_days_invalid")),
    ):
        answer = await operator.post(path, json=agreement(first.company_id, today) | wrong)
        assert refused(answer) == expected, answer.text
    assert refused(await operator.post(f"{path}/{uuid4()}/end")) == (
        404,
        "price_agreement_not_found",
    )


async def test_the_last_use_of_a_coupon_goes_to_one_of_fifty_orders_at_once(
    client: httpx.AsyncClient,
    world: World,
    portal: FastAPI,
    operator: httpx.AsyncClient,
    today: date,
    owner_engine: AsyncEngine,
) -> None:
    """Ten companies, five orders each; the coupon is counted once and given back by a cancel."""
    code = await made(operator, coupon(today, today + timedelta(days=1), uses_in_all=1))
    members = [await sign_up(client, world) for _ in range(10)]
    answers = await asyncio.gather(
        *(
            order(
                client,
                member,
                item("SHARED", 10, 12),
                total=524_700,
                coupon_code=code,
                confirm_duplicate=True,
            )
            for member in members
            for _ in range(5)
        )
    )
    placed = [answer for answer in answers if answer.status_code == 201]
    assert len(placed) == 1
    lost = {refused(answer) for answer in answers if answer.status_code != 201}
    assert lost <= {(409, "coupon_used_up"), (409, "coupon_unknown")}
    uses = text(
        "SELECT c.uses, (SELECT count(*) FROM coupon_uses u WHERE u.coupon_code = c.code) AS rows"
        " FROM coupons c WHERE c.code = :code"
    )
    async with owner_engine.connect() as connection:
        assert tuple((await connection.execute(uses, {"code": code})).one()) == (1, 1)
    assert UUID(placed[0].json()["id"])
