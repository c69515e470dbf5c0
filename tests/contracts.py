"""Contracts brought in as the import does, and orders that touch them."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.clock import wire_now
from app.db.ids import new_id
from app.db.tables.sites import HeldLine, Membership, Segment, Site
from app.domain.periods import boundary
from sandbox.world import World
from tests.flows import ORDER_CONSENTS, Member, key

SEOUL = ZoneInfo("Asia/Seoul")


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=SEOUL).astimezone(UTC)


async def set_clock(portal: FastAPI, world: World, to: datetime) -> None:
    """Business time from now on, the providers' as well; jobs are the test's to run."""
    world.clock.ahead = to - wire_now()
    ahead = world.clock.ahead // timedelta(microseconds=1)
    async with portal.state.deps.database.system_session("test clock") as session:
        await session.execute(
            text(
                "INSERT INTO business_clock (id, ahead_microseconds) VALUES (1, :ahead)"
                " ON CONFLICT (id) DO UPDATE SET ahead_microseconds = :ahead"
            ),
            {"ahead": ahead},
        )


async def bring_in(
    portal: FastAPI,
    member: Member,
    anchor_on: date,
    segments: list[tuple[int, dict[str, int]]],
    users: int,
    plan: str = "SHARED",
    add_ons: dict[str, int] | None = None,
    paid: list[tuple[str, int, date, date]] | None = None,
    setup_paid: int = 0,
    billing_channel: str = "DIRECT",
) -> str:
    """A membership with its open site, as the contract import writes them; returns its id.

    `segments`: (months, unit prices) from the anchor on; `paid`: (code, net, first, last day).
    """
    deps = portal.state.deps
    months = sum(length for length, _ in segments)
    last_day = boundary(anchor_on, months) - timedelta(days=1) if months else None
    membership_id, site_id = new_id(), new_id()
    async with deps.database.system_session("test data") as session:
        now = await deps.clock.now(session)
        company = UUID(member.company_id)
        session.add(
            Site(
                id=site_id,
                company_id=company,
                name="옛길 본사",
                plan=plan,
                subdomain=f"i-{uuid4().hex[:12]}",
                state="OPEN",
                business_number="1248100998",
                admin_login_id="admin",
                admin_name=deps.vault.seal("sites.admin_name", "정도현"),
                admin_email=deps.vault.seal("sites.admin_email", "admin@old.example"),
                opened_at=now,
                revision=7,
                applied_revision=7,
                accounting_visible=False,
                created_at=now,
                updated_at=now,
            )
        )
        await session.flush()
        session.add(
            Membership(
                id=membership_id,
                company_id=company,
                site_id=site_id,
                plan=plan,
                status="IN_USE",
                billing_channel=billing_channel,
                first_started_on=anchor_on,
                starts_on=anchor_on,
                expires_on=last_day,
                users=users,
                base_users=users,
                complimentary_users=0,
                storage_gb=users,
                base_storage_gb=users,
                add_ons=add_ons or {},
                monthly_fee=0,
                term_months=segments[-1][0] if segments else None,
                anchor_on=anchor_on,
                setup_paid=setup_paid,
                auto_renew=False,
                revision=1,
                created_at=now,
                updated_at=now,
            )
        )
        await session.flush()
        begun = 0
        for length, prices in segments:
            begins = boundary(anchor_on, begun)
            begun += length
            session.add(
                Segment(
                    id=new_id(),
                    company_id=company,
                    membership_id=membership_id,
                    kind="RENEWAL" if begins > anchor_on else "NEW",
                    starts_on=begins,
                    ends_on=boundary(anchor_on, begun) - timedelta(days=1),
                    months=length,
                    unit_prices=prices,
                    created_at=now,
                )
            )
        for code, net, first_day, last in paid or []:
            session.add(
                HeldLine(
                    id=new_id(),
                    company_id=company,
                    membership_id=membership_id,
                    code=code,
                    quantity=users,
                    unit_price=0,
                    net=net,
                    monthly=0,
                    first_day=first_day,
                    last_day=last,
                    created_at=now,
                )
            )
    return str(membership_id)


def add_extend(
    membership_id: str, users: int = 0, months: int = 0, **add_ons: int
) -> dict[str, Any]:
    return {
        "type": "ADD_EXTEND",
        "membership_id": membership_id,
        "add_users": users,
        "add_ons": [{"code": code, "quantity": n} for code, n in add_ons.items()],
        "extend_months": months,
    }


def change(
    membership_id: str, plan: str, users: int, months: int = 12, **add_ons: int
) -> dict[str, Any]:
    return {
        "type": "CHANGE",
        "membership_id": membership_id,
        "plan": plan,
        "users": users,
        "months": months,
        "add_ons": [{"code": code, "quantity": n} for code, n in add_ons.items()],
    }


async def preview(
    client: httpx.AsyncClient, headers: dict[str, str], *items: dict[str, Any]
) -> dict[str, Any]:
    """What the items would cost whoever the headers are of."""
    asked = [{k: v for k, v in wanted.items() if k != "site"} for wanted in items]
    answer = await client.post("/v1/price-previews", json={"items": asked}, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def order(
    client: httpx.AsyncClient, member: Member, *items: dict[str, Any], total: int, **changed: Any
) -> httpx.Response:
    body = {
        "items": list(items),
        "expected_total": total,
        "payment_method": "CARD" if total > 0 else None,
        "consents": ORDER_CONSENTS,
    } | changed
    return await client.post("/v1/orders", json=body, headers=member.headers | key())


async def placed(
    client: httpx.AsyncClient, member: Member, *items: dict[str, Any], total: int, **changed: Any
) -> dict[str, Any]:
    answer = await order(client, member, *items, total=total, **changed)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def membership_of(
    client: httpx.AsyncClient, member: Member, membership_id: str
) -> dict[str, Any]:
    answer = await client.get(f"/v1/memberships/{membership_id}", headers=member.headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def only_membership(client: httpx.AsyncClient, member: Member) -> str:
    """The id of the company's first one."""
    answer = await client.get("/v1/memberships", headers=member.headers)
    return str(answer.json()["items"][0]["id"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, answer.json()["code"]


async def put_in_force(portal: FastAPI, document: dict[str, Any], day: date) -> None:
    """A price change is a data change: a row for a day to come."""
    async with portal.state.deps.database.system_session("test data") as session:
        await session.execute(
            text(
                "INSERT INTO catalogue_versions (code, effective_from, document, created_at)"
                " VALUES (:code, :day, cast(:document AS jsonb), :now)"
            ),
            {
                "code": document["code"],
                "day": day,
                "document": json.dumps(document | {"effective_from": str(day)}),
                "now": await portal.state.deps.clock.now(session),
            },
        )
    portal.state.deps.catalogues.forget()


async def credit_of(client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    answer = await client.get("/v1/credit-balance", headers=member.headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
