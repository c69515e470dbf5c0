"""Races against two API processes and two workers; winners are counted in the books."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.e2e.stack import Stack
from tests.flows import (
    IDENTITY_CONSENTS,
    Member,
    item,
    key,
    name_tax_contact,
    order_body,
    phone_number,
    sign_up_body,
    verify_business,
)
from tools.postgres import EmbeddedPostgres

TRANSFER = {"PORTONE_TRANSFER_CHANNEL_KEY": "channel-key-transfer"}


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedPostgres, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with Stack(
        postgres, database_name, folder, SANDBOX_OPERATION_SECONDS="1.5", **TRANSFER
    ) as running:
        yield running


@pytest.fixture(scope="module")
async def apis(stack: Stack) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client for each API process."""
    limits = httpx.Limits(max_connections=100)
    clients = [
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=limits)
        for port in stack.ports
    ]
    yield clients
    for client in clients:
        await client.aclose()


async def sign_up(stack: Stack, client: httpx.AsyncClient) -> Member:
    phone = phone_number()
    start = {
        "purpose": "SIGN_UP",
        "method": "SMS",
        "carrier": "SKT",
        "name": "홍길동",
        "birth_date": "1985-03-01",
        "gender_digit": "1",
        "phone": phone,
        "consents": IDENTITY_CONSENTS,
    }
    started = (await client.post("/v1/identity-verifications", json=start)).json()
    messages = await asyncio.to_thread(stack.sandbox, "GET", f"/messages?to={phone}")
    confirmed = await client.post(
        f"/v1/identity-verifications/{started['id']}/confirm",
        json={
            "client_secret": started["client_secret"],
            "otp": messages["items"][-1]["otp"],
        },
    )
    body = sign_up_body(await verify_business(client), confirmed.json()["verification_token"])
    answer = (await client.post("/v1/accounts/corporate", json=body)).json()
    account = answer["account"]
    return Member(
        login_id=account["login_id"],
        account_id=account["id"],
        company_id=account["company_id"],
        session=answer["session"],
        email=body["contact"]["email"],
    )


async def wait_for_status(
    client: httpx.AsyncClient, member: Member, order_id: str, status: str, seconds: float = 25
) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        answer = await client.get(f"/v1/orders/{order_id}", headers=member.headers)
        order: dict[str, Any] = answer.json()
        if order["status"] == status:
            return order
        assert time.monotonic() < deadline, order
        await asyncio.sleep(0.1)


async def start_payment(client: httpx.AsyncClient, member: Member, order_id: str) -> dict[str, Any]:
    answer = await client.post(
        f"/v1/orders/{order_id}/payments",
        json={"method": "CARD"},
        headers=member.headers | key(),
    )
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def test_two_hundred_orders_with_one_key_are_one_order(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    member = await sign_up(stack, apis[0])
    body, headers = order_body(), member.headers | key()

    async def place(index: int) -> httpx.Response:
        for _ in range(100):
            answer = await apis[index % 2].post("/v1/orders", json=body, headers=headers)
            if answer.status_code != 409:
                return answer
            assert answer.json()["code"] == "request_in_progress"
            await asyncio.sleep(0.05)
        raise AssertionError("never answered")

    answers = await asyncio.gather(*(place(index) for index in range(200)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert replayed.count("true") == 199
    count = "SELECT count(*) FROM orders WHERE company_id = :company"
    assert await stack.count(count, company=member.company_id) == 1


async def test_the_same_items_under_two_keys_at_once_are_one_order(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    for _ in range(5):
        member = await sign_up(stack, apis[0])
        body = order_body()
        answers = await asyncio.gather(
            *(api.post("/v1/orders", json=body, headers=member.headers | key()) for api in apis)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert loser.json()["code"] == "order_already_open"


async def test_one_subdomain_for_two_companies_at_once_goes_to_one(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    members = [await sign_up(stack, api) for api in apis]
    for _ in range(3):
        wanted = item()
        answers = await asyncio.gather(
            *(
                api.post("/v1/orders", json=order_body(wanted), headers=member.headers | key())
                for api, member in zip(apis, members, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert loser.json()["code"] == "subdomain_taken"
        winner = next(i for i, answer in enumerate(answers) if answer.status_code == 201)
        cancel = f"/v1/orders/{answers[winner].json()['id']}/cancel"
        assert (await apis[0].post(cancel, headers=members[winner].headers)).status_code == 200


async def test_fifty_webhooks_around_completions_capture_once_and_open_once(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    member = await sign_up(stack, apis[0])
    order = (
        await apis[0].post("/v1/orders", json=order_body(), headers=member.headers | key())
    ).json()
    payment = await start_payment(apis[0], member, order["id"])
    made = stack.sandbox("GET", "/sites")["made"]
    await asyncio.to_thread(stack.sandbox, "POST", f"/payments/{payment['id']}/approve", {})
    sent = stack.sandbox("GET", "/webhooks")["items"]
    webhook = next(w for w in reversed(sent) if payment["id"] in w["body"])
    resend = f"/webhooks/{webhook['id']}/resend?times=50"
    complete = f"/v1/payments/{payment['id']}/complete"
    results = await asyncio.gather(
        asyncio.to_thread(stack.sandbox, "POST", resend),
        *(apis[i % 2].post(complete, headers=member.headers) for i in range(20)),
    )
    assert {answer.status_code for answer in results[1:]} == {200}
    await wait_for_status(apis[0], member, order["id"], "COMPLETED")
    values = {"company": member.company_id}
    captured = "SELECT count(*) FROM payments WHERE company_id = :company AND status = 'PAID'"
    assert await stack.count(captured, **values) == 1
    memberships = "SELECT count(*) FROM memberships WHERE company_id = :company"
    assert await stack.count(memberships, **values) == 1
    paid_steps = "SELECT count(*) FROM order_events WHERE company_id = :company AND status = 'PAID'"
    assert await stack.count(paid_steps, **values) == 1
    assert stack.sandbox("GET", "/sites")["made"] == made + 1


async def test_a_card_paid_in_two_tabs_is_kept_once_and_sent_back_once(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    member = await sign_up(stack, apis[0])
    order = (
        await apis[0].post("/v1/orders", json=order_body(), headers=member.headers | key())
    ).json()
    tabs = [await start_payment(api, member, order["id"]) for api in apis]
    await asyncio.gather(
        *(
            asyncio.to_thread(stack.sandbox, "POST", f"/payments/{tab['id']}/approve", {})
            for tab in tabs
        )
    )
    await asyncio.gather(
        *(
            api.post(f"/v1/payments/{tab['id']}/complete", headers=member.headers)
            for api, tab in zip(apis, tabs, strict=True)
        )
    )
    deadline = time.monotonic() + 20
    books: dict[str, str] = {}
    while sorted(books.values()) != ["CANCELLED", "PAID"]:
        assert time.monotonic() < deadline, books
        await asyncio.sleep(0.2)
        listed = stack.sandbox("GET", "/payments")["items"]
        ids = {tab["id"] for tab in tabs}
        books = {p["id"]: p["status"] for p in listed if p["id"] in ids}
    kept = next(payment_id for payment_id, status in books.items() if status == "PAID")
    ours = "SELECT count(*) FROM payments WHERE id = :id AND status = 'PAID'"
    assert await stack.count(ours, id=kept) == 1


async def test_another_method_and_a_capture_at_once_end_in_one_payment(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    """Whoever is first: the money that came pays the order, and its method is what paid."""
    for turn in range(12):
        if turn % 3 == 0:  # a company holds three sub-domains
            member = await sign_up(stack, apis[0])
            await name_tax_contact(apis[0], member)
        body = order_body(confirm_duplicate=True)
        placed = await apis[0].post("/v1/orders", json=body, headers=member.headers | key())
        order_id = placed.json()["id"]
        card = await start_payment(apis[0], member, order_id)
        change, begin = f"/v1/orders/{order_id}/payment-method", f"/v1/orders/{order_id}/payments"

        async def other_way(turn: int, change: str, begin: str, member: Member) -> int:
            await asyncio.sleep(turn * 0.004)
            body = {"payment_method": "TRANSFER"}
            changed = await apis[1].put(change, json=body, headers=member.headers)
            if changed.status_code == 200:
                headers = member.headers | key()
                await apis[1].post(begin, json={"method": "TRANSFER"}, headers=headers)
            return changed.status_code

        async def capture(card: dict[str, Any], member: Member) -> None:
            await asyncio.to_thread(stack.sandbox, "POST", f"/payments/{card['id']}/approve", {})
            complete = f"/v1/payments/{card['id']}/complete"
            assert (await apis[0].post(complete, headers=member.headers)).status_code == 200

        status, *_ = await asyncio.gather(
            other_way(turn, change, begin, member), capture(card, member)
        )
        read = (await apis[turn % 2].get(f"/v1/orders/{order_id}", headers=member.headers)).json()
        assert (read["payment_status"], read["payment_method"]) == ("PAID", "CARD"), (status, read)
        paid = "SELECT count(*) FROM payments WHERE order_id = :id AND status = 'PAID'"
        assert await stack.count(paid, id=order_id) == 1
        assert status in {200, 409}


async def test_two_additions_of_one_membership_are_applied_one_after_another(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    """Both are paid at once, each worker takes one up: the second waits for the first."""
    member = await sign_up(stack, apis[0])
    headers = member.headers
    first = await apis[0].post("/v1/orders", json=order_body(), headers=headers | key())
    await pay_in_the_sandbox(stack, apis[0], member, first.json()["id"])
    await wait_for_status(apis[0], member, first.json()["id"], "COMPLETED")
    listed = (await apis[0].get("/v1/memberships", headers=headers)).json()["items"][0]
    orders = []
    for users, total in ((1, 52_800), (2, 105_600), (3, 158_400)):  # 4,000 × 12 a user, and VAT
        addition = {
            "type": "ADD_EXTEND",
            "membership_id": listed["id"],
            "add_users": users,
            "add_ons": [],
            "extend_months": 0,
        }
        body = order_body(addition, total=total)
        placed = await apis[0].post("/v1/orders", json=body, headers=headers | key())
        assert placed.status_code == 201, placed.text
        orders.append(placed.json()["id"])
    made = stack.sandbox("GET", "/sites")["made"]
    await asyncio.gather(
        *(
            pay_in_the_sandbox(stack, apis[n % 2], member, order_id)
            for n, order_id in enumerate(orders)
        )
    )
    done = [await wait_for_status(apis[0], member, order_id, "COMPLETED") for order_id in orders]
    worked = []
    for order in done:
        at = {step["status"]: step["at"] for step in order["history"]}
        worked.append((at["PROVISIONING"], at["COMPLETED"]))
    worked.sort()
    assert all(before[1] <= after[0] for before, after in pairwise(worked)), worked
    now = (await apis[1].get(f"/v1/memberships/{listed['id']}", headers=headers)).json()
    assert (now["users"]["total"], now["monthly_fee"]) == (16, 64_000)
    assert stack.sandbox("GET", "/sites")["made"] == made


async def pay_in_the_sandbox(
    stack: Stack, client: httpx.AsyncClient, member: Member, order_id: str
) -> None:
    payment = await start_payment(client, member, order_id)
    await asyncio.to_thread(stack.sandbox, "POST", f"/payments/{payment['id']}/approve", {})


async def test_a_worker_killed_while_opening_is_finished_by_the_other(
    stack: Stack, apis: list[httpx.AsyncClient]
) -> None:
    member = await sign_up(stack, apis[0])
    order = (
        await apis[0].post("/v1/orders", json=order_body(), headers=member.headers | key())
    ).json()
    payment = await start_payment(apis[0], member, order["id"])
    made = stack.sandbox("GET", "/sites")["made"]
    await asyncio.to_thread(stack.sandbox, "POST", f"/payments/{payment['id']}/approve", {})
    await wait_for_status(apis[0], member, order["id"], "PROVISIONING")
    for worker in stack.workers:
        worker.kill()
        worker.wait()
    stack.workers = [stack.start_worker()]
    await wait_for_status(apis[0], member, order["id"], "COMPLETED")
    assert stack.sandbox("GET", "/sites")["made"] == made + 1
    memberships = "SELECT count(*) FROM memberships WHERE company_id = :company"
    assert await stack.count(memberships, company=member.company_id) == 1
