"""The one statement that turns a session into the facts of its principal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.db.reads import Read
from app.domain.roles import AccountKind

_PRINCIPAL = text("SELECT * FROM portal_principal(:session, :company, :wire_now)")


@dataclass(frozen=True, slots=True)
class CompanyRef:
    """A company as its people know it."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class PrincipalFacts:
    """What the database knows of a live session; `company` is the one chosen or the only one."""

    account_id: UUID
    kind: AccountKind
    login_id: str | None
    client_type: str
    reauthenticated_at: datetime
    business_now: datetime
    company: CompanyRef | None
    companies: tuple[CompanyRef, ...]
    open_sites: int
    closed_sites: int
    owner_has_individual: bool


async def find_principal(
    session: AsyncSession, session_id: UUID, company_id: UUID | None, wire_now: datetime
) -> PrincipalFacts | None:
    """None for a session that ended or an account that is not active.

    Opens the transaction for the account's and the company's rows.
    """
    rows = await session.execute(
        _PRINCIPAL, {"session": session_id, "company": company_id, "wire_now": wire_now}
    )
    row = rows.mappings().one_or_none()
    return None if row is None else _facts({**row})


async def find_and_read(
    database: Database,
    session_id: UUID,
    company_id: UUID | None,
    wire_now: datetime,
    read: Read[object],
    values: Mapping[str, object],
) -> tuple[PrincipalFacts, str] | None:
    """The principal and what was read for it, not yet decoded: one statement, one transaction."""
    given = {"p_session": session_id, "p_company": company_id, "p_wire_now": wire_now, **values}
    row = await database.fetch_row(read.alone, [given[name] for name in read.names])
    return None if row is None else (_facts(row), row["found"])


def _facts(row: Mapping[str, Any]) -> PrincipalFacts:
    found = row["company_id"]
    company = None if found is None else CompanyRef(found, row["company_name"])
    corporate = row["kind"] == AccountKind.CORPORATE
    listed = tuple(CompanyRef(UUID(m["id"]), m["name"]) for m in row["memberships"] or ())
    return PrincipalFacts(
        account_id=row["account_id"],
        kind=AccountKind(row["kind"]),
        login_id=row["login_id"],
        client_type=row["client_type"],
        reauthenticated_at=row["reauthenticated_at"],
        business_now=row["business_now"],
        company=company,
        companies=listed if not corporate else tuple(filter(None, (company,))),
        open_sites=row["open_sites"] or 0,
        closed_sites=row["closed_sites"] or 0,
        owner_has_individual=row["owner_has_individual"],
    )
