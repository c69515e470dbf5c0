"""Everybody who may knock at the portal, each with objects of their own: for walks over routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.domain.listed_documents import ListedKind, document_id
from sandbox.world import World
from tests.flows import (
    Member,
    Person,
    customer,
    link_to_site,
    place,
    sign_up,
    sign_up_individual,
    start_payment,
)


@dataclass(frozen=True)
class Actor:
    """`owner` is the corporate member of the company that `ids` are of."""

    role: str | None
    """As PRODUCT.md section 2 derives it; None where it depends on a company that is not named."""
    account: Member | Person | None
    owner: Member | None
    ids: dict[str, str] = field(default_factory=dict)
    name: str = ""
    """Of the maker that makes another one like it."""

    @property
    def headers(self) -> dict[str, str]:
        return self.account.headers if self.account else {}


@dataclass(frozen=True)
class Stage:
    """Where they act."""

    portal: FastAPI
    world: World
    client: httpx.AsyncClient

    async def execute(self, statement: str, **values: object) -> None:
        async with self.portal.state.deps.database.system_session("test data") as session:
            await session.execute(text(statement), values)

    async def objects(self, owner: Member) -> dict[str, str]:
        """An unpaid order with a payment begun, and the first site where there is one."""
        order = await place(self.client, owner)
        payment = await start_payment(self.client, owner, order)
        ids = {
            "order_id": order["id"],
            "item_id": order["items"][0]["id"],
            "payment_id": payment["id"],
            "document_id": str(document_id(ListedKind.ORDER_CONFIRMATION, UUID(order["id"]))),
        }
        answer = await self.client.get("/v1/memberships", headers=owner.headers)
        if answer.status_code == 200:
            first = answer.json()["items"][0]
            ids |= {"membership_id": first["id"], "site_id": first["site"]["id"]}
        return ids

    async def make(self, name: str) -> Actor:
        """A new actor of a kind."""
        return replace(await MAKERS[name](self), name=name)

    @staticmethod
    def owner_of(actor: Actor) -> Member | None:
        """The corporate member of the company that the actor acts for."""
        return actor.account if isinstance(actor.account, Member) else actor.owner

    async def super_admin(self) -> Actor:
        owner = await customer(self.client, self.world, self.portal)
        return Actor("SUPER_ADMIN", owner, owner, await self.objects(owner))

    async def prospect(self) -> Actor:
        owner = await sign_up(self.client, self.world)
        return Actor("PROSPECT", owner, owner, await self.objects(owner))

    async def closed(self) -> Actor:
        owner = await customer(self.client, self.world, self.portal)
        ids = await self.objects(owner)
        for statement in (
            "UPDATE sites SET state = 'TERMINATED' WHERE company_id = :id AND state = 'OPEN'",
            "UPDATE memberships SET status = 'TERMINATED' WHERE company_id = :id",
        ):
            await self.execute(statement, id=owner.company_id)
        return Actor("CLOSED", owner, owner, ids)

    async def member(self) -> Actor:
        return Actor("MEMBER", await sign_up_individual(self.client, self.world), None)

    async def admin(self) -> Actor:
        company = await self.super_admin()
        person = await sign_up_individual(self.client, self.world)
        await self._join(person, company)
        return Actor("ADMIN", person, company.owner, company.ids)

    async def admin_of_two(self) -> Actor:
        """Without naming the company that is meant."""
        person = await sign_up_individual(self.client, self.world)
        for company in (one := await self.super_admin(), await self.super_admin()):
            await self._join(person, company)
        return Actor(None, person, one.owner, one.ids)

    async def suspended_admin(self) -> Actor:
        """Suspended by the company: a MEMBER like any other."""
        admin = await self.admin()
        assert admin.account is not None
        await self.execute(
            "UPDATE company_members SET state = 'SUSPENDED' WHERE account_id = :id",
            id=admin.account.account_id,
        )
        return Actor("MEMBER", admin.account, admin.owner, admin.ids)

    async def suspended_account(self) -> Actor:
        """Suspended by the operator: nobody, whatever the token says."""
        admin = await self.admin()
        assert admin.account is not None
        await self.execute(
            "UPDATE accounts SET status = 'SUSPENDED' WHERE id = :id", id=admin.account.account_id
        )
        return Actor("NOBODY", admin.account, admin.owner, admin.ids)

    async def nobody(self) -> Actor:
        company = await self.super_admin()
        return Actor("NOBODY", None, company.owner, company.ids)

    async def stranger(self) -> Actor:
        """The SUPER_ADMIN of another company, with this one's ids."""
        company, other = await self.super_admin(), await self.super_admin()
        return Actor("STRANGER", other.account, company.owner, company.ids)

    async def _join(self, person: Person, company: Actor) -> None:
        assert company.owner is not None
        await link_to_site(
            self.portal, person, company.owner.company_id, company.ids["site_id"], member=True
        )


MAKERS: dict[str, Callable[[Stage], Awaitable[Actor]]] = {
    "no token": Stage.nobody,
    "MEMBER": Stage.member,
    "PROSPECT": Stage.prospect,
    "CLOSED": Stage.closed,
    "ADMIN": Stage.admin,
    "ADMIN of two": Stage.admin_of_two,
    "SUPER_ADMIN": Stage.super_admin,
    "suspended ADMIN": Stage.suspended_admin,
    "suspended account": Stage.suspended_account,
    "another company": Stage.stranger,
}
