"""The audit log: who did what to whom, written in the transaction that did it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.audit_reads import AuditRead, read_audit_log
from app.db.bulk import insert_rows
from app.db.ids import new_id
from app.db.tables.audit import AuditEvent
from app.db.tables.companies import Company
from app.domain.audit import AuditAction
from app.domain.operators import Operator
from app.domain.roles import AccountKind
from app.services.cursors import make_cursor, read_cursor
from app.services.order_events import account_actor
from app.services.principals import Principal

GROUPWARE = "groupware"
BY_OPERATOR = "operator:"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line. `company_id`: whose SUPER_ADMIN may read it; `account_id`: whom it is about.

    `actor`: `order_events.account_actor`, `order_events.SYSTEM`, `operator_actor`, or GROUPWARE.
    `at` is business time. `subject` and `details` hold ids, codes and numbers, never names,
    addresses or anything else of a person: rows outlive the accounts that they name.
    """

    company_id: UUID | None
    account_id: UUID | None
    actor: str
    action: AuditAction
    at: datetime
    subject: str | None = None
    details: Mapping[str, str | int | bool] = field(default_factory=dict)

    @classmethod
    def by(
        cls,
        principal: Principal,
        action: AuditAction,
        subject: str | None = None,
        **details: str | int | bool,
    ) -> "AuditEntry":
        """What somebody did to the own account: the company's business for its own account only."""
        company = principal.company if principal.kind is AccountKind.CORPORATE else None
        return cls(
            company_id=company.id if company else None,
            account_id=principal.account_id,
            actor=account_actor(principal.account_id),
            action=action,
            at=principal.now,
            subject=subject,
            details=details,
        )

    @classmethod
    def of_company(
        cls,
        principal: Principal,
        action: AuditAction,
        about: UUID | None = None,
        subject: str | None = None,
        details: Mapping[str, str | int | bool] | None = None,
    ) -> "AuditEntry":
        """What somebody did in the company they act for; `about`: the account it was done to."""
        return cls(
            company_id=principal.company_id,
            account_id=about,
            actor=account_actor(principal.account_id),
            action=action,
            at=principal.now,
            subject=subject,
            details=details or {},
        )

    @classmethod
    def by_operator(
        cls,
        operator: Operator,
        action: AuditAction,
        at: datetime,
        company_id: UUID | None = None,
        subject: str | None = None,
        details: Mapping[str, str | int | bool] | None = None,
    ) -> "AuditEntry":
        """What somebody of the operator's staff did; `company_id`: who may read of it, if any."""
        return cls(
            company_id=company_id,
            account_id=None,
            actor=operator_actor(operator.name),
            action=action,
            at=at,
            subject=subject,
            details=details or {},
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[AuditRead]
    next_cursor: str | None


def operator_actor(name: str) -> str:
    """`name` is the operator's account name, not the person's."""
    return f"{BY_OPERATOR}{name}"


async def company_of(session: AsyncSession, account_id: UUID) -> UUID | None:
    """Whose own account it is; None for an individual. Needs a session that sees the company."""
    found: UUID | None = await session.scalar(
        select(Company.id).where(Company.corporate_account_id == account_id)
    )
    return found


def record(session: AsyncSession, entry: AuditEntry) -> None:
    """Adds the line to the caller's transaction; it stands or falls with what it tells of."""
    session.add(AuditEvent(**_values(entry)))


async def record_all(session: AsyncSession, entries: Iterable[AuditEntry]) -> None:
    """The same of many at once."""
    await insert_rows(session, AuditEvent, map(_values, entries))


def _values(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": new_id(),
        "company_id": entry.company_id,
        "account_id": entry.account_id,
        "actor": entry.actor,
        "action": str(entry.action),
        "subject": entry.subject,
        "details": dict(entry.details),
        "at": entry.at,
    }


async def list_audit_log(
    session: AsyncSession, principal: Principal, cursor: str | None, size: int
) -> AuditPage:
    """The company's log, the newest first. Raises `cursor_invalid`."""
    rows = await read_audit_log(session, principal.company_id, read_cursor(cursor), size + 1)
    page, more = rows[:size], len(rows) > size
    return AuditPage(page, make_cursor(page[-1].at, page[-1].id) if more else None)
