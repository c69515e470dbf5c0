"""What a renewal's step looks at, in few statements: the system's sessions and a tenant's."""

from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import CONTRACTS, ContractRead
from app.db.price_agreements import AgreementRead, agreements_of


class RenewalRead(msgspec.Struct, frozen=True):
    """A membership with what it holds. `owner_id`: the company's own account; None while nobody

    has signed up for it. `ending`: a termination waits for its day.
    """

    contract: ContractRead
    owner_id: UUID | None
    ending: bool


class ScheduledRead(msgspec.Struct, frozen=True):
    """A change that waits for the term's end."""

    plan: str
    users: int
    add_ons: dict[str, int]
    seen_plan: str
    seen_users: int
    seen_add_ons: dict[str, int]


class RenewalPriceRead(msgspec.Struct, frozen=True):
    """What a renewal's price depends on besides what is held."""

    agreements: list[AgreementRead]
    change: ScheduledRead | None


_RENEWAL = text(
    "SELECT json_build_object('contract', row_to_json(r), 'owner_id', c.corporate_account_id,"  # noqa: S608 - our own text
    " 'ending', EXISTS (SELECT 1 FROM terminations t WHERE t.membership_id = r.id"
    "   AND t.state = 'REQUESTED'))::text"
    f" FROM ({CONTRACTS} WHERE m.id = :membership) AS r JOIN companies c ON c.id = r.company_id"
)
_PRICES = text(
    f"SELECT json_build_object('agreements', {agreements_of('cast(:company AS uuid)')},"  # noqa: S608 - our own text
    " 'change', (SELECT row_to_json(s) FROM (SELECT plan, users, add_ons, seen_plan, seen_users,"
    " seen_add_ons FROM scheduled_changes WHERE membership_id = :membership) AS s))::text"
)
_renewal = msgspec.json.Decoder(RenewalRead).decode
_prices = msgspec.json.Decoder(RenewalPriceRead).decode


async def read_renewal(session: AsyncSession, membership_id: UUID) -> RenewalRead:
    """Of a membership that is there."""
    found = await session.execute(_RENEWAL, {"membership": membership_id})
    return _renewal(found.scalar_one())


async def read_renewal_prices(
    session: AsyncSession, company_id: UUID, membership_id: UUID
) -> RenewalPriceRead:
    values = {"company": company_id, "membership": membership_id}
    found = await session.execute(_PRICES, values)
    return _prices(found.scalar_one())
