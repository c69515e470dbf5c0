"""Money goes back once, to the won, and never more than came (PRODUCT.md section 11, Refunds)."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.adapters.portone_payments import PortOnePayments
from app.clock import wire_now
from app.db.tables.orders import Order
from app.domain.errors import DomainError
from app.domain.operators import OperatorRole
from app.domain.provider_payments import ReportedPayment
from app.domain.refunds import Money, RefundReason
from app.services.refunds import GivingBack, give_back
from app.settings import Settings
from sandbox.faults import Fault
from sandbox.portone.console_actions import (
    answer_cancellations,
    approve,
    cancel_at_console,
    finish_cancellations,
)
from sandbox.world import World
from tests.contracts import set_clock
from tests.flows import (
    Member,
    complete,
    customer,
    item,
    key,
    order_body,
    pay,
    place,
    read_order,
    run_jobs,
    sign_up,
    start_payment,
)
from tests.integration.test_payment_rules import fresh_breaker
from tests.mails import mails_to
from tests.operators import once, operator_client, token_of


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """A shop that offers 실시간 계좌이체, too."""
    return settings.model_copy(update={"portone_transfer_channel_key": "channel-key-transfer"})


@pytest.fixture(autouse=True)
def the_circuit_is_closed_at_last(portal: FastAPI) -> Iterator[None]:
    yield
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)


async def paid(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    """A company whose site for 583,000 won is open: the member, the order, the payment."""
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await pay(client, world, member, order)
    await run_jobs(portal)
    return member, order, payment


async def give(portal: FastAPI, order: dict[str, Any], amount: int, vat: int) -> list[UUID]:
    """As any service does: under the order's lock. The jobs are left to the test."""
    deps = portal.state.deps
    async with deps.database.system_session("test: give back") as session:
        row = await session.get_one(Order, UUID(order["id"]), with_for_update=True)
        now = await deps.clock.now(session)
        why = GivingBack(RefundReason.NOT_DELIVERED)
        made = await give_back(session, row, Money(amount, vat), why, now)
        return [refund.id for refund in made]


async def refunds_of(client: httpx.AsyncClient, member: Member) -> list[dict[str, Any]]:
    answer = await client.get("/v1/refunds", headers=member.headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def state_of(client: httpx.AsyncClient, member: Member, payment: dict[str, Any]) -> str:
    answer = await client.get(f"/v1/payments/{payment['id']}", headers=member.headers)
    return str(answer.json()["status"])


def given_back(world: World, payment: dict[str, Any]) -> list[tuple[int, int]]:
    """What the provider's books say, amounts and VAT."""
    return [
        (c.total, c.vat)
        for c in world.portone.payments[payment["id"]].cancellations
        if c.status == "SUCCEEDED"
    ]


async def test_a_part_goes_back_with_its_vat_and_everybody_sees_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world, portal)
    await give(portal, order, 360_000, 36_000)
    await run_jobs(portal)
    assert given_back(world, payment) == [(360_000, 36_000)]
    assert await state_of(client, member, payment) == "PARTIALLY_REFUNDED"
    assert (await read_order(client, member, order))["payment_status"] == "PARTIALLY_REFUNDED"
    (row,) = await refunds_of(client, member)
    assert (row["amount"], row["vat"], row["state"]) == (360_000, 36_000, "DONE")
    assert (row["order_number"], row["destination_label"]) == (order["number"], "결제 취소")
    assert row["done_at"] is not None
    await give(portal, order, 223_000, 17_000)
    await run_jobs(portal)
    assert given_back(world, payment) == [(360_000, 36_000), (223_000, 17_000)]
    assert await state_of(client, member, payment) == "REFUNDED"
    assert (await read_order(client, member, order))["payment_status"] == "REFUNDED"


async def test_more_than_was_paid_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world, portal)
    with pytest.raises(DomainError, match="refund_exceeds_payment"):
        await give(portal, order, 583_001, 53_000)
    await give(portal, order, 500_000, 45_454)
    with pytest.raises(DomainError, match="refund_exceeds_payment"):
        await give(portal, order, 83_001, 7_546)
    await run_jobs(portal)
    assert given_back(world, payment) == [(500_000, 45_454)]
    assert len(await refunds_of(client, member)) == 1


async def test_one_refund_by_two_workers_is_sent_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    _, order, payment = await paid(client, world, portal)
    (refund,) = await give(portal, order, 100_000, 9_090)
    await asyncio.gather(*(portal.state.deps.refunds.send(refund) for _ in range(4)))
    await run_jobs(portal)
    assert given_back(world, payment) == [(100_000, 9_090)]


async def test_two_refunds_of_a_payment_at_once_both_go_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """Each asks with the rest it has read; one comes second, reads again, and is sent as well."""
    member, order, payment = await paid(client, world, portal)
    one = await give(portal, order, 100_000, 9_090)
    two = await give(portal, order, 200_000, 18_181)
    await asyncio.gather(*(portal.state.deps.refunds.send(refund) for refund in one + two))
    await run_jobs(portal)
    assert sorted(given_back(world, payment)) == [(100_000, 9_090), (200_000, 18_181)]
    assert {row["state"] for row in await refunds_of(client, member)} == {"DONE"}


async def test_two_whole_refunds_asked_for_at_once_are_one(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world, portal)
    asked = (give(portal, order, 583_000, 53_000) for _ in range(2))
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results].count(DomainError) == 1
    await run_jobs(portal)
    assert given_back(world, payment) == [(583_000, 53_000)]
    assert await state_of(client, member, payment) == "REFUNDED"


async def test_a_lost_answer_is_found_and_not_sent_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """The payment is read, the cancellation is made, and its answer and all others are lost."""
    member, order, payment = await paid(client, world, portal)
    (refund,) = await give(portal, order, 100_000, 9_090)
    world.faults.put("portone", Fault(drop_after=1))
    await portal.state.deps.refunds.send(refund)
    assert given_back(world, payment) == [(100_000, 9_090)]
    assert (await refunds_of(client, member))[0]["state"] == "REQUESTED"
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    await make_due(portal, refund)
    await run_jobs(portal)
    assert given_back(world, payment) == [(100_000, 9_090)]
    assert (await refunds_of(client, member))[0]["state"] == "DONE"


async def make_due(portal: FastAPI, refund: UUID) -> None:
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text("UPDATE refunds SET due_at = created_at WHERE id = :id AND due_at IS NOT NULL"),
            {"id": refund},
        )


async def test_a_provider_that_is_down_is_asked_again_later(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world, portal)
    (refund,) = await give(portal, order, 583_000, 53_000)
    world.faults.put("portone", Fault(down=True))
    await run_jobs(portal)
    assert (given_back(world, payment), await state_of(client, member, payment)) == (
        [],
        "REFUND_DUE",
    )
    world.faults.clear()
    portal.state.deps.payment_provider._portone.http._watch._breaker = fresh_breaker(portal)
    await make_due(portal, refund)
    await run_jobs(portal)
    assert given_back(world, payment) == [(583_000, 53_000)]


async def test_an_issuer_that_refuses_leaves_it_to_the_operators_hand(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await paid(client, world, portal)
    answer_cancellations(world, payment["id"], "REFUSED")
    (refund,) = await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    (row,) = await refunds_of(client, member)
    assert (row["state"], row["state_label"]) == ("MANUAL_REQUIRED", "환불 확인 중")
    listed = (await operator.get("/v1/operator/refunds")).json()["items"]
    mine = next(found for found in listed if found["id"] == str(refund))
    assert (mine["failure"], mine["amount"]) == ("refused_rejected", 583_000)
    for _ in range(2):
        done = await operator.post(f"/v1/operator/refunds/{refund}/done", headers=once())
        assert (done.status_code, done.json()["done_by"]) == (200, "operator:bootstrap")
    assert await state_of(client, member, payment) == "REFUNDED"
    assert given_back(world, payment) == []
    again = await operator.post(f"/v1/operator/refunds/{refund}/retry", headers=once())
    assert (again.status_code, again.json()["code"]) == (409, "refund_state_conflict")


async def test_a_large_refund_by_hand_is_confirmed_by_two(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    """25 users for a year: 1,375,000 won with VAT. A new try forgets the first confirmation."""
    member = await sign_up(client, world)
    order = await place(client, member, order_body(item(users=25), total=1_375_000))
    payment = await pay(client, world, member, order)
    await run_jobs(portal)
    answer_cancellations(world, payment["id"], "REFUSED")
    (refund,) = await give(portal, order, 1_375_000, 125_000)
    await run_jobs(portal)
    path = f"/v1/operator/refunds/{refund}"
    first = (await operator.post(f"{path}/done", headers=once())).json()
    assert (first["state"], first["approved_by"]) == ("MANUAL_REQUIRED", "bootstrap")
    own = (await operator.post(f"{path}/done", headers=once())).json()
    assert own["code"] == "second_operator_required"
    assert await state_of(client, member, payment) == "REFUND_DUE"
    await operator.post(f"{path}/retry", headers=once())
    await run_jobs(portal)
    async with operator_client(portal, OperatorRole.BILLING, "another") as other:
        headers = token_of(OperatorRole.BILLING, "another")
        answers = [
            (await other.post(f"{path}/done", headers=headers | once())).json(),
            (await operator.post(f"{path}/done", headers=once())).json(),
        ]
    assert [(row["state"], row["approved_by"]) for row in answers] == [
        ("MANUAL_REQUIRED", "another"),
        ("DONE", "another"),
    ]
    assert answers[1]["done_by"] == "operator:bootstrap"
    assert await state_of(client, member, payment) == "REFUNDED"


async def test_the_operator_has_it_tried_once_more(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    _, order, payment = await paid(client, world, portal)
    answer_cancellations(world, payment["id"], "REFUSED")
    (refund,) = await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    answer_cancellations(world, payment["id"], "AT_ONCE")
    assert (
        await operator.post(f"/v1/operator/refunds/{refund}/retry", headers=once())
    ).status_code == 200
    await run_jobs(portal)
    assert given_back(world, payment) == [(583_000, 53_000)]


async def test_what_is_being_sent_cannot_be_confirmed_by_hand(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    _, order, _ = await paid(client, world, portal)
    (refund,) = await give(portal, order, 583_000, 53_000)
    early = await operator.post(f"/v1/operator/refunds/{refund}/done", headers=once())
    assert (early.status_code, early.json()["code"]) == (409, "refund_state_conflict")
    unknown = await operator.post(f"/v1/operator/refunds/{order['id']}/done", headers=once())
    assert (unknown.status_code, unknown.json()["code"]) == (404, "refund_not_found")


@pytest.mark.parametrize(("end", "state"), [("SUCCEEDED", "DONE"), ("FAILED", "MANUAL_REQUIRED")])
async def test_what_the_provider_finishes_later_is_read_again(
    client: httpx.AsyncClient, world: World, portal: FastAPI, end: Any, state: str
) -> None:
    member, order, payment = await paid(client, world, portal)
    answer_cancellations(world, payment["id"], "LATER")
    (refund,) = await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    assert (await refunds_of(client, member))[0]["state"] == "SENT"
    world.webhooks.muted = True
    try:
        finish_cancellations(world, payment["id"], end)
    finally:
        world.webhooks.muted = False
    await make_due(portal, refund)
    await run_jobs(portal)
    assert (await refunds_of(client, member))[0]["state"] == state
    assert len(world.portone.payments[payment["id"]].cancellations) == 1


async def test_a_cancellation_that_failed_is_tried_once_more_by_the_operators_wish(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await paid(client, world, portal)
    answer_cancellations(world, payment["id"], "LATER")
    (refund,) = await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    finish_cancellations(world, payment["id"], "FAILED")
    await make_due(portal, refund)
    await run_jobs(portal)
    assert (await refunds_of(client, member))[0]["state"] == "MANUAL_REQUIRED"
    answer_cancellations(world, payment["id"], "AT_ONCE")
    assert (
        await operator.post(f"/v1/operator/refunds/{refund}/retry", headers=once())
    ).status_code == 200
    await run_jobs(portal)
    assert (await refunds_of(client, member))[0]["state"] == "DONE"
    assert given_back(world, payment) == [(583_000, 53_000)]


# To an account


async def paid_by_transfer(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    member = await sign_up(client, world)
    order = await place(client, member)
    await client.put(
        f"/v1/orders/{order['id']}/payment-method",
        json={"payment_method": "TRANSFER"},
        headers=member.headers,
    )
    started = await client.post(
        f"/v1/orders/{order['id']}/payments",
        json={"method": "TRANSFER"},
        headers=member.headers | key(),
    )
    payment = started.json()
    await approve(world, payment["id"], method="TRANSFER")
    assert (await complete(client, member, payment))["status"] == "PAID"
    await run_jobs(portal)
    return member, order, payment


ACCOUNT = {"bank": "SHINHAN", "number": "110-123-456789"}


async def set_account(client: httpx.AsyncClient, member: Member, **changed: Any) -> httpx.Response:
    seen = await client.get("/v1/company/refund-account", headers=member.headers)
    return await client.put(
        "/v1/company/refund-account",
        json=ACCOUNT | changed,
        headers=member.headers | {"If-Match": seen.headers["etag"]},
    )


async def test_money_of_a_transfer_waits_for_a_checked_account_and_72_hours(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid_by_transfer(client, world, portal)
    await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    (row,) = await refunds_of(client, member)
    assert (row["destination"], row["state"]) == ("ACCOUNT", "MANUAL_REQUIRED")
    assert (await mails_to(portal, member.email, "refund_account_wanted"))[0]["amount"] == "583,000"
    answer = await set_account(client, member)
    assert answer.status_code == 200, answer.text
    pending = answer.json()["pending"]
    assert (pending["bank_label"], pending["number_masked"]) == ("신한은행", "110*****6789")
    assert answer.json()["current"] is None
    (told,) = await mails_to(portal, member.email, "refund_account_set")
    assert told["number"] == "110*****6789"
    await later(portal, world, timedelta(hours=71))
    await run_jobs(portal)
    assert given_back(world, payment) == []
    await later(portal, world, timedelta(hours=1, minutes=1))
    await run_jobs(portal)
    assert given_back(world, payment) == [(583_000, 53_000)]
    seen = await client.get("/v1/company/refund-account", headers=member.headers)
    assert (seen.json()["pending"], seen.json()["current"]["bank"]) == (None, "SHINHAN")


async def test_the_former_account_is_paid_to_until_the_new_one_may_be(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, _ = await paid_by_transfer(client, world, portal)
    await set_account(client, member)
    await later(portal, world, timedelta(hours=73))
    await set_account(client, member, number="220987654321")
    answer_cancellations(world, (await payment_of(client, member, order))["id"], "REFUSED")
    (refund,) = await give(portal, order, 583_000, 53_000)
    await run_jobs(portal)
    path = f"/v1/operator/refunds/{refund}/account"
    read = await operator.post(path, json={"reason": "BANK_PAYOUT"})
    assert (read.status_code, read.json()["number"]) == (200, "110123456789")
    await later(portal, world, timedelta(hours=72))
    read = await operator.post(path, json={"reason": "BANK_PAYOUT"})
    assert read.json() == {"bank": "SHINHAN", "number": "220987654321", "holder": "한빛상사"}
    log = await client.get("/v1/company/audit-log", headers=member.headers)
    assert [e["action"] for e in log.json()["items"]][:2] == ["refund_account.read"] * 2


async def payment_of(
    client: httpx.AsyncClient, member: Member, order: dict[str, Any]
) -> dict[str, Any]:
    deps = client._transport.app.state.deps  # type: ignore[attr-defined]
    async with deps.database.system_session("test: payment") as session:
        found = await session.execute(
            text("SELECT id FROM payments WHERE order_id = :id AND status = 'PAID'"),
            {"id": UUID(order["id"])},
        )
        return {"id": str(found.scalar_one())}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"number": "110123456000"}, "refund_account_unknown"),
        ({"bank": "NO_BANK"}, "refund_account_unknown"),
        ({"number": "330000000001"}, "refund_account_holder_mismatch"),
    ],
)
async def test_an_account_of_nobody_or_of_somebody_else_is_refused(
    client: httpx.AsyncClient, world: World, portal: FastAPI, changed: dict[str, str], code: str
) -> None:
    world.portone.account_holders["330000000001"] = "남의 회사"
    member, _, _ = await paid(client, world, portal)
    answer = await set_account(client, member, **changed)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    seen = await client.get("/v1/company/refund-account", headers=member.headers)
    assert seen.json() == {"current": None, "pending": None}


async def test_an_unproven_company_names_no_account(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    answer = await set_account(client, member)
    assert (answer.status_code, answer.json()["code"]) == (403, "company_unproven")


async def test_it_takes_the_password_and_what_was_read(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, _, _ = await paid(client, world, portal)
    assert (await set_account(client, member)).status_code == 200
    stale = await client.put(
        "/v1/company/refund-account", json=ACCOUNT, headers=member.headers | {"If-Match": '"r0"'}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    async with portal.state.deps.database.system_session("test: time passes") as session:
        await session.execute(
            text(
                "UPDATE sessions SET reauthenticated_at = reauthenticated_at"
                " - interval '11 minutes' WHERE account_id = :id"
            ),
            {"id": UUID(member.account_id)},
        )
    old = await set_account(client, member)
    assert (old.status_code, old.json()["code"]) == (401, "reauthentication_required")


# Past the portal


async def test_cancelled_at_the_console_while_we_capture(
    client: httpx.AsyncClient, world: World, portal: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We read PAID, somebody gives all of it back, we write PAID: the webhook sets it right."""
    member = await sign_up(client, world)
    order = await place(client, member, order_body(item(), starts_on=await in_a_week(portal)))
    payment = await start_payment(client, member, order)
    await approve(world, payment["id"])
    read = PortOnePayments.get

    async def read_then_cancelled(self: PortOnePayments, payment_id: str) -> ReportedPayment | None:
        reported = await read(self, payment_id)
        if not world.portone.payments[payment_id].cancellations:
            cancel_at_console(world, payment_id, 583_000)
        return reported

    monkeypatch.setattr(PortOnePayments, "get", read_then_cancelled)
    assert (await complete(client, member, payment))["status"] == "PAID"
    monkeypatch.undo()
    await world.webhooks.settled()
    await run_jobs(portal)
    assert await state_of(client, member, payment) == "REFUNDED"
    ended = await read_order(client, member, order)
    assert (ended["status"], ended["payment_status"]) == ("REFUNDED", "REFUNDED")
    assert order["items"][0]["site"]["id"] not in world.groupware.sites
    (row,) = await refunds_of(client, member)
    assert (row["reason"], row["amount"], row["vat"]) == ("AT_PROVIDER", 583_000, 53_000)


async def in_a_week(portal: FastAPI) -> str:
    deps = portal.state.deps
    async with deps.database.system_session("test: today") as session:
        return str(((await deps.clock.now(session)) + timedelta(days=8)).date())


async def test_a_payment_of_which_a_part_is_gone_pays_nothing_and_the_rest_goes_back(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    order = await place(client, member)
    payment = await start_payment(client, member, order)
    await approve(world, payment["id"])
    cancel_at_console(world, payment["id"], 291_500)
    assert (await complete(client, member, payment))["status"] == "REFUNDED"
    assert sum(amount for amount, _ in given_back(world, payment)) == 583_000
    assert (await read_order(client, member, order))["status"] == "PENDING_PAYMENT"
    assert len(await refunds_of(client, member)) == 2


async def test_what_the_console_gave_back_already_is_not_given_twice(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world, portal)
    (refund,) = await give(portal, order, 360_000, 36_000)
    cancel_at_console(world, payment["id"], 360_000)
    await world.webhooks.settled()
    await make_due(portal, refund)
    await run_jobs(portal)
    assert [amount for amount, _ in given_back(world, payment)] == [360_000]
    (row,) = await refunds_of(client, member)
    assert row["state"] == "DONE"


async def test_what_does_not_fit_any_more_after_the_console_takes_a_hand(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await paid(client, world, portal)
    (refund,) = await give(portal, order, 360_000, 36_000)
    cancel_at_console(world, payment["id"], 300_000)
    await make_due(portal, refund)
    await run_jobs(portal)
    states = {row["reason"]: row["state"] for row in await refunds_of(client, member)}
    assert states == {"AT_PROVIDER": "DONE", "NOT_DELIVERED": "MANUAL_REQUIRED"}
    assert [amount for amount, _ in given_back(world, payment)] == [300_000]


# Openings that fail


async def failed(
    client: httpx.AsyncClient, world: World, portal: FastAPI, *others: dict[str, Any], total: int
) -> tuple[Member, dict[str, Any], dict[str, Any]]:
    """An order whose first site cannot be opened: the member, the order, the payment."""
    member = await sign_up(client, world)
    bad = item("SHARED", 1, 1)
    bad["site"]["subdomain"] = "fail-" + bad["site"]["subdomain"]
    order = await place(client, member, order_body(bad, *others, total=total))
    payment = await pay(client, world, member, order)
    for _ in range(4):
        await run_jobs(portal)
        await later(portal, world, timedelta(minutes=1))
    return member, order, payment


async def later(portal: FastAPI, world: World, by: timedelta) -> None:
    await set_clock(portal, world, wire_now() + world.clock.ahead + by)


async def test_an_opening_nobody_looks_after_is_given_back_after_24_hours(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    """One user for a month: 4,000 and 50,000 set-up, 59,400 with VAT."""
    member, order, payment = await failed(client, world, portal, total=59_400)
    assert (await read_order(client, member, order))["status"] == "PROVISIONING_FAILED"
    await later(portal, world, timedelta(hours=23, minutes=50))
    await run_jobs(portal)
    assert given_back(world, payment) == []
    await later(portal, world, timedelta(minutes=10))
    await run_jobs(portal)
    assert given_back(world, payment) == [(59_400, 5_400)]
    ended = await read_order(client, member, order)
    assert (ended["status"], ended["payment_status"]) == ("REFUNDED", "REFUNDED")
    (row,) = await refunds_of(client, member)
    assert row["reason_label"] == "서비스 개설 실패"
    name = order["items"][0]["site"]["subdomain"]
    assert (await place(client, member, order_body(named(name), total=59_400)))["id"]


def named(subdomain: str) -> dict[str, Any]:
    wanted = item("SHARED", 1, 1)
    wanted["site"]["subdomain"] = subdomain
    return wanted


async def test_of_two_sites_the_one_that_failed_is_given_back_with_its_part_of_the_vat(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, payment = await failed(client, world, portal, item(), total=642_400)
    await later(portal, world, timedelta(hours=24))
    await run_jobs(portal)
    assert given_back(world, payment) == [(59_400, 5_400)]
    partly = await read_order(client, member, order)
    assert (partly["status"], partly["payment_status"]) == (
        "PARTIALLY_COMPLETED",
        "PARTIALLY_REFUNDED",
    )


async def test_the_operator_tries_again_and_the_day_begins_anew(
    client: httpx.AsyncClient, world: World, portal: FastAPI, operator: httpx.AsyncClient
) -> None:
    member, order, payment = await failed(client, world, portal, total=59_400)
    await later(portal, world, timedelta(hours=23))
    await run_jobs(portal)
    path = f"/v1/operator/order-items/{order['items'][0]['id']}/retry"
    assert (await operator.post(path)).status_code == 204
    again = await operator.post(path)
    assert (again.status_code, again.json()["code"]) == (409, "order_state_conflict")
    await later(portal, world, timedelta(hours=1))
    for _ in range(4):
        await run_jobs(portal)
        await later(portal, world, timedelta(minutes=1))
    assert (await read_order(client, member, order))["status"] == "PROVISIONING_FAILED"
    assert given_back(world, payment) == []


async def test_a_refund_is_told_by_mail_once(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, _ = await paid(client, world, portal)
    await give(portal, order, 100_000, 9_090)
    await run_jobs(portal)
    async with portal.state.deps.database.system_session("test: mails") as session:
        found = await session.execute(
            text("SELECT count(*) FROM mails WHERE company_id = :id AND kind = 'refund_sent'"),
            {"id": UUID(member.company_id)},
        )
        assert found.scalar_one() == 1


async def test_a_refund_is_seen_by_its_company_only(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, order, _ = await paid(client, world, portal)
    await give(portal, order, 100_000, 9_090)
    stranger = await customer(client, world, portal)
    assert len(await refunds_of(client, member)) == 1
    assert await refunds_of(client, stranger) == []
