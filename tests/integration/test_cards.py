"""A company registers cards, and nobody else's; each is told, ranked, replaced and removed."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.services.card_rows import cards_to_charge
from sandbox.faults import Fault
from sandbox.portone.billing_keys import delete_billing_key, issue_billing_key
from sandbox.world import World
from tests.flows import (
    CARD,
    Member,
    customer,
    key,
    open_card_window,
    register_card,
    run_jobs,
    sign_up,
)
from tests.mails import mails_to


async def listed(client: httpx.AsyncClient, member: Member) -> list[dict[str, Any]]:
    answer = await client.get("/v1/payment-methods", headers=member.headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def registering(
    client: httpx.AsyncClient, member: Member, issue_id: str, billing_key: str, **more: Any
) -> tuple[int, str | None]:
    body = {"issue_id": issue_id, "billing_key": billing_key} | more
    answer = await client.post("/v1/payment-methods", json=body, headers=member.headers)
    return answer.status_code, answer.json().get("code")


async def execute(portal: FastAPI, statement: str, **values: object) -> list[Any]:
    async with portal.state.deps.database.system_session("test data") as session:
        done = await session.execute(text(statement), values)
        return list(done.all()) if done.returns_rows else []


async def step_up_ran_out(portal: FastAPI, member: Member) -> None:
    await execute(
        portal,
        "UPDATE sessions SET reauthenticated_at = reauthenticated_at - interval '11 minutes'"
        " WHERE account_id = :id",
        id=member.account_id,
    )


async def test_a_card_is_registered_and_shown_masked(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    window = await open_card_window(client, member)
    assert window["store_id"] == "store-sandbox"
    assert window["channel_key"] == "channel-key-billing"
    assert window["customer"]["customer_id"] == member.company_id
    assert await listed(client, member) == []
    card = await register_card(client, world, member)
    assert (card["kind"], card["issuer"], card["last4"]) == ("CARD", "SHINHAN_CARD", "1234")
    assert (card["role"], card["role_label"], card["state"]) == ("DEFAULT", "기본 카드", "ACTIVE")
    billing_key = card.pop("billing_key")
    assert await listed(client, member) == [card]
    await run_jobs(portal)
    mails = await mails_to(portal, member.email, "card_registered")
    assert [mail["card"] for mail in mails] == ["샌드박스카드 (****1234)"]
    (row,) = await execute(
        portal, "SELECT billing_key FROM payment_methods WHERE id = :id", id=card["id"]
    )
    assert billing_key.encode() not in row.billing_key


async def test_a_repeated_registration_changes_nothing(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    card = await register_card(client, world, member)
    assert await registering(client, member, card["id"], card["billing_key"]) == (201, None)
    assert len(await listed(client, member)) == 1


@pytest.mark.parametrize(
    "forged",
    [
        {"issue_id": "of somebody"},
        {"customer_id": str(uuid4())},
        {"store_id": "store-of-somebody"},
        {"issue_id": None},
    ],
)
async def test_a_key_of_another_window_customer_or_store_is_refused(
    client: httpx.AsyncClient, world: World, forged: dict[str, Any]
) -> None:
    member = await sign_up(client, world)
    window = await open_card_window(client, member)
    ours = {"issue_id": window["issue_id"], "customer_id": member.company_id}
    stolen = issue_billing_key(world, CARD, **(ours | forged))
    answer = await registering(client, member, window["issue_id"], stolen.key)
    assert answer == (422, "billing_key_refused")
    assert await listed(client, member) == []


async def test_a_neighbours_window_and_key_are_of_no_use(
    client: httpx.AsyncClient, world: World
) -> None:
    member, stranger = await sign_up(client, world), await sign_up(client, world)
    card = await register_card(client, world, member)
    theirs = await open_card_window(client, stranger)
    refused = (422, "billing_key_refused")
    assert await registering(client, stranger, card["id"], card["billing_key"]) == refused
    assert await registering(client, stranger, theirs["issue_id"], card["billing_key"]) == refused
    mine = await open_card_window(client, member)
    assert await registering(client, member, mine["issue_id"], card["billing_key"]) == refused
    assert await registering(client, member, mine["issue_id"], "billing-key-unknown") == refused


async def test_a_window_is_good_for_an_hour_and_then_forgotten(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    window = await open_card_window(client, member)
    issued = issue_billing_key(
        world, CARD, issue_id=window["issue_id"], customer_id=member.company_id
    )
    await execute(
        portal,
        "UPDATE payment_methods SET created_at = created_at - interval '1 hour',"
        " due_at = due_at - interval '1 hour' WHERE id = :id",
        id=window["issue_id"],
    )
    refused = await registering(client, member, window["issue_id"], issued.key)
    assert refused == (422, "billing_key_refused")
    await run_jobs(portal)
    count = "SELECT count(*) AS n FROM payment_methods WHERE id = :id"
    assert (await execute(portal, count, id=window["issue_id"]))[0].n == 0


async def test_a_provider_that_is_down_registers_nothing_and_the_repeat_does(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    window = await open_card_window(client, member)
    issued = issue_billing_key(
        world, CARD, issue_id=window["issue_id"], customer_id=member.company_id
    )
    world.faults.put("portone", Fault(drop_after=0))
    status, code = await registering(client, member, window["issue_id"], issued.key)
    assert (status, code) == (503, "provider_unavailable")
    assert await listed(client, member) == []
    world.faults.clear()
    assert (await registering(client, member, window["issue_id"], issued.key))[0] == 201


async def test_the_second_card_is_the_backup_and_they_change_places(
    client: httpx.AsyncClient, world: World
) -> None:
    member = await sign_up(client, world)
    first, second, third = [await register_card(client, world, member) for _ in range(3)]
    assert [c["role"] for c in await listed(client, member)] == ["DEFAULT", "BACKUP", "OTHER"]
    path = f"/v1/payment-methods/{third['id']}"
    changed = await client.patch(path, json={"role": "DEFAULT"}, headers=member.headers)
    assert (changed.status_code, changed.json()["role"]) == (200, "DEFAULT")
    assert [c["role"] for c in await listed(client, member)] == ["OTHER", "BACKUP", "DEFAULT"]
    refused = await client.patch(path, json={"role": "OTHER"}, headers=member.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_method_is_default")
    removed = await client.delete(path, headers=member.headers)
    assert removed.status_code == 204
    left = await listed(client, member)
    assert [(c["id"], c["role"]) for c in left] == [
        (first["id"], "BACKUP"),
        (second["id"], "DEFAULT"),
    ]


async def test_a_removed_card_is_removed_at_the_provider_also_when_it_was_down(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    card = await register_card(client, world, member)
    await run_jobs(portal)
    world.faults.put("portone", Fault(drop_after=0))
    path = f"/v1/payment-methods/{card['id']}"
    assert (await client.delete(path, headers=member.headers)).status_code == 204
    assert await listed(client, member) == []
    await run_jobs(portal)  # the provider has done it, and its answer was lost
    assert world.portone.billing_keys[card["billing_key"]].status == "DELETED"
    world.faults.clear()
    state = "SELECT state, billing_key, last4 FROM payment_methods WHERE id = :id"
    assert (await execute(portal, state, id=card["id"]))[0].state == "DELETING"
    await execute(portal, "UPDATE payment_methods SET due_at = created_at WHERE state = 'DELETING'")
    portal.state.deps.payment_provider._portone.http._watch._breaker = type(
        portal.state.deps.payment_provider._portone.http._watch._breaker
    )()
    await run_jobs(portal)
    assert tuple((await execute(portal, state, id=card["id"]))[0]) == ("DELETED", None, None)


async def test_a_card_takes_the_place_of_another_without_a_gap(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    old = await register_card(client, world, member)
    other = await register_card(client, world, member)
    membership = await attach(client, member, old["id"])
    new = await register_card(client, world, member, "4518420000005678", replaces=old["id"])
    assert new["role"] == "DEFAULT"
    assert [c["id"] for c in new["memberships"]] == [membership["id"]]
    assert [c["id"] for c in await listed(client, member)] == [other["id"], new["id"]]
    shown = await read_membership(client, member, membership["id"])
    assert (shown["payment_method"]["last4"], shown["auto_card_payment"]) == ("5678", True)
    await run_jobs(portal)
    assert world.portone.billing_keys[old["billing_key"]].status == "DELETED"


async def read_membership(
    client: httpx.AsyncClient, member: Member, membership_id: str
) -> dict[str, Any]:
    answer = await client.get(f"/v1/memberships/{membership_id}", headers=member.headers)
    body: dict[str, Any] = answer.json()
    return body | {"etag": answer.headers["etag"]}


async def attach(client: httpx.AsyncClient, member: Member, card_id: str | None) -> dict[str, Any]:
    """To the company's first membership."""
    page = await client.get("/v1/memberships", headers=member.headers)
    found = await read_membership(client, member, page.json()["items"][0]["id"])
    answer = await client.patch(
        f"/v1/memberships/{found['id']}",
        json={"payment_method_id": card_id},
        headers=member.headers | {"If-Match": found["etag"]},
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_membership_says_which_card_pays_it(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    card = await register_card(client, world, member)
    await run_jobs(portal)
    attached = await attach(client, member, card["id"])
    assert attached["auto_card_payment"] is True
    assert attached["auto_renew"] is False
    assert attached["payment_method"]["id"] == card["id"]
    await run_jobs(portal)
    mails = await mails_to(portal, member.email, "card_registered")
    assert [mail["sites"] for mail in mails] == ["-", "한빛 본사"]
    assert (await listed(client, member))[0]["memberships"] == [
        {"id": attached["id"], "site_name": "한빛 본사"}
    ]
    alone = await attach(client, member, None)
    assert (alone["auto_card_payment"], alone["payment_method"]) == (False, None)


async def test_what_a_removed_card_paid_is_paid_by_the_default(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    first = await register_card(client, world, member)
    second = await register_card(client, world, member)
    membership = await attach(client, member, first["id"])
    path = "/v1/payment-methods/"
    await client.delete(path + first["id"], headers=member.headers)
    shown = await read_membership(client, member, membership["id"])
    assert shown["payment_method"]["id"] == second["id"]
    await client.delete(path + second["id"], headers=member.headers)
    shown = await read_membership(client, member, membership["id"])
    assert (shown["payment_method"], shown["auto_card_payment"]) == (None, False)


async def test_a_neighbours_card_pays_nothing_of_ours(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member, stranger = await customer(client, world, portal), await sign_up(client, world)
    theirs = await register_card(client, world, stranger)
    page = await client.get("/v1/memberships", headers=member.headers)
    found = await read_membership(client, member, page.json()["items"][0]["id"])
    answer = await client.patch(
        f"/v1/memberships/{found['id']}",
        json={"payment_method_id": theirs["id"]},
        headers=member.headers | {"If-Match": found["etag"]},
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "payment_method_not_found")


async def test_a_key_deleted_at_the_provider_is_shown_and_told(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await customer(client, world, portal)
    card = await register_card(client, world, member)
    backup = await register_card(client, world, member)
    membership = await attach(client, member, card["id"])
    await run_jobs(portal)
    delete_billing_key(world, card["billing_key"])
    await world.webhooks.settled()
    await run_jobs(portal)
    lost, default = await listed(client, member)
    assert (lost["state"], lost["state_label"]) == ("LOST", "카드사 해지")
    assert (default["id"], default["role"]) == (backup["id"], "DEFAULT")
    shown = await read_membership(client, member, membership["id"])
    assert (shown["payment_method"]["state"], shown["auto_card_payment"]) == ("LOST", False)
    assert len(await mails_to(portal, member.email, "card_lost")) == 1
    payloads = await execute(
        portal, "SELECT payload FROM received_webhooks WHERE kind LIKE 'BillingKey.%'"
    )
    assert payloads
    assert all(row.payload == {} for row in payloads)


async def test_its_owner_is_warned_before_a_card_expires(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    month = f"{wire_now():%Y-%m}"
    soon = await register_card(client, world, member, expires=month)
    assert soon["expires"] == month
    later = await register_card(client, world, member, expires="2099-12")
    await run_jobs(portal)
    await run_jobs(portal)
    assert [m["month"] for m in await mails_to(portal, member.email, "card_expires")] == [month]
    due = "SELECT due_at FROM payment_methods WHERE id = :id"
    assert f"{(await execute(portal, due, id=later['id']))[0].due_at:%Y-%m-%d}" == "2099-11-30"
    path = f"/v1/payment-methods/{soon['id']}"
    past = await client.patch(path, json={"expires": "2020-01"}, headers=member.headers)
    assert (past.status_code, past.json()["code"]) == (422, "card_expired")


async def test_every_change_needs_the_password_once_more(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    card = await register_card(client, world, member)
    await step_up_ran_out(portal, member)
    path = f"/v1/payment-methods/{card['id']}"
    body = {"issue_id": card["id"], "billing_key": card["billing_key"]}
    answers = [
        await client.post("/v1/payment-methods/start", headers=member.headers),
        await client.post("/v1/payment-methods", json=body, headers=member.headers),
        await client.patch(path, json={"role": "DEFAULT"}, headers=member.headers),
        await client.delete(path, headers=member.headers),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (401, "reauthentication_required")
    ] * 4
    assert len(await listed(client, member)) == 1


async def test_a_company_that_leaves_takes_its_cards_along(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    card = await register_card(client, world, member)
    left = await client.request("DELETE", "/v1/me", headers=member.headers)
    assert left.status_code == 204, left.text
    await run_jobs(portal)
    assert world.portone.billing_keys[card["billing_key"]].status == "DELETED"
    row = "SELECT state, billing_key, issuer, last4 FROM payment_methods WHERE id = :id"
    assert tuple((await execute(portal, row, id=card["id"]))[0]) == ("DELETED", None, None, None)


async def test_a_company_has_ten_cards_at_most(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    card = await register_card(client, world, member)
    await execute(
        portal,
        "INSERT INTO payment_methods (company_id, account_id, state, role, check_wanted,"
        " created_at, updated_at) SELECT company_id, account_id, 'LOST', 'OTHER', false,"
        " created_at, updated_at FROM payment_methods, generate_series(1, 9) WHERE id = :id",
        id=card["id"],
    )
    answer = await client.post("/v1/payment-methods/start", headers=member.headers | key())
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_payment_methods")


async def test_a_memberships_card_is_tried_first_then_default_and_backup(
    client: httpx.AsyncClient, world: World, portal: FastAPI
) -> None:
    member = await sign_up(client, world)
    default, backup, other = [
        UUID((await register_card(client, world, member))["id"]) for _ in range(3)
    ]
    async with portal.state.deps.database.system_session("test data") as session:
        company = UUID(member.company_id)

        async def tried(first: UUID | None) -> list[UUID]:
            return [card.id for card in await cards_to_charge(session, company, first)]

        assert await tried(other) == [other, default, backup]
        assert await tried(backup) == [backup, default]
        assert await tried(None) == [default, backup]
        assert await tried(uuid4()) == [default, backup]
