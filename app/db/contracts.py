"""What memberships hold, as the domain's contracts: one statement for all that an order names."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.membership_reads import UsageRead
from app.db.price_agreements import AgreementRead, agreements_of
from app.db.reads import read_one
from app.domain.changes import Usage
from app.domain.contracts import Contract, HeldLine, Segment
from app.domain.memberships import MembershipStatus
from app.domain.periods import month_of


class SegmentRow(msgspec.Struct, frozen=True):
    """Live contracted months."""

    months: int
    unit_prices: dict[str, int]


class HeldRow(msgspec.Struct, frozen=True):
    """A live held line."""

    code: str
    quantity: int
    unit_price: int
    net: int
    monthly: int
    first_day: date
    last_day: date


class ContractRead(msgspec.Struct, frozen=True):
    """A membership and its site, with what it holds. `busy`: an item is being applied to it.

    `users` without complimentary ones.
    """

    id: UUID
    company_id: UUID
    site_id: UUID
    site_name: str
    subdomain: str
    url: str | None
    plan: str
    status: str
    billing_channel: str
    revision: int
    users: int
    complimentary_users: int
    anchor_on: date
    expires_on: date | None
    add_ons: dict[str, int]
    setup_paid: int
    usage: UsageRead | None
    busy: bool
    segments: list[SegmentRow]
    held: list[HeldRow]

    @property
    def measured(self) -> Usage | None:
        """What the groupware measured last."""
        if self.usage is None:
            return None
        return Usage(self.usage.users, self.usage.account_bytes + self.usage.public_bytes)

    @property
    def contract(self) -> Contract:
        """As the domain knows it. What was imported without segments is one, at no own price."""
        segments = [Segment(row.months, row.unit_prices) for row in self.segments]
        if not segments and self.expires_on is not None:
            segments = [Segment(month_of(self.anchor_on, self.expires_on) + 1)]
        return Contract(
            plan=self.plan,
            users=self.users,
            anchor_on=self.anchor_on,
            segments=tuple(segments),
            add_ons=self.add_ons,
            held=tuple(
                HeldLine(
                    code=row.code,
                    quantity=row.quantity,
                    unit_price=row.unit_price,
                    net=row.net,
                    first_day=row.first_day,
                    last_day=row.last_day,
                    monthly=row.monthly,
                )
                for row in self.held
            ),
            setup_paid=self.setup_paid,
            status=MembershipStatus(self.status),
        )


CONTRACTS = (
    "SELECT m.id, m.company_id, m.site_id, s.name AS site_name, s.subdomain, s.url, m.plan,"
    " m.status, m.billing_channel, m.revision, m.users - m.complimentary_users AS users,"
    " m.complimentary_users, m.anchor_on, m.expires_on, m.add_ons, m.setup_paid, s.usage,"
    " EXISTS (SELECT 1 FROM order_items i WHERE i.membership_id = m.id"
    "   AND (i.state = 'PROVISIONING' OR (i.state = 'PENDING' AND i.due_at IS NOT NULL))) AS busy,"
    " (SELECT coalesce(json_agg(json_build_object('months', g.months,"
    "   'unit_prices', g.unit_prices) ORDER BY g.starts_on), '[]') FROM segments g"
    "   WHERE g.membership_id = m.id AND g.ended_on IS NULL AND g.months IS NOT NULL) AS segments,"
    " (SELECT coalesce(json_agg(json_build_object('code', h.code, 'quantity', h.quantity,"
    "   'unit_price', h.unit_price, 'net', h.net, 'monthly', h.monthly,"
    "   'first_day', h.first_day, 'last_day', h.last_day) ORDER BY h.first_day, h.id), '[]')"
    "   FROM held_lines h WHERE h.membership_id = m.id AND h.ended_on IS NULL) AS held"
    " FROM memberships m JOIN sites s ON s.id = m.site_id"
)


class PriceFacts(msgspec.Struct, frozen=True):
    """What prices of a company depend on: its memberships that were named, what it has agreed."""

    contracts: list[ContractRead]
    agreements: list[AgreementRead]


PRICE_FACTS = read_one(
    "SELECT (SELECT coalesce(json_agg(r), '[]') FROM ("  # noqa: S608 - our own text
    + CONTRACTS
    + " WHERE m.company_id = p.company_id AND m.id = ANY(cast(:ids AS uuid[]))) AS r) AS contracts,"
    f" {agreements_of('p.company_id')} AS agreements",
    PriceFacts,
)
_OF_COMPANY = text(
    "SELECT coalesce(json_agg(r), '[]')::text FROM ("  # noqa: S608 - our own text
    + CONTRACTS
    + " WHERE m.company_id = :company AND m.id = ANY(cast(:ids AS uuid[]))) AS r"
)
_decode = msgspec.json.Decoder(list[ContractRead]).decode


async def contracts_of(
    session: AsyncSession, company_id: UUID, membership_ids: Sequence[UUID]
) -> dict[UUID, ContractRead]:
    """By membership; those that the company does not have are left out."""
    values = {"company": company_id, "ids": list(membership_ids)}
    found = await session.execute(_OF_COMPANY, values)
    return {row.id: row for row in _decode(found.scalar_one())}


_ANY = text(
    "SELECT coalesce(json_agg(r), '[]')::text FROM ("  # noqa: S608 - our own text
    + CONTRACTS
    + " WHERE m.id = ANY(cast(:ids AS uuid[]))) AS r"
)


async def any_contracts(
    session: AsyncSession, membership_ids: Sequence[UUID]
) -> dict[UUID, ContractRead]:
    """By membership, of whatever company: for the system's sessions."""
    found = await session.execute(_ANY, {"ids": list(membership_ids)})
    return {row.id: row for row in _decode(found.scalar_one())}
