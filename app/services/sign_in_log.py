"""Who signed in, from where and how it ended: kept three months, shown to the account's owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import Account, SignIn
from app.domain.sign_in import SignInOutcome, SignInWay
from app.services.cursors import make_cursor, read_cursor
from app.services.principals import Principal

DEVICE_NAME = 200
"""Characters of what a client calls itself."""

_NOTE = text(
    "INSERT INTO sign_ins (account_id, way, outcome, device, address, at)"
    " SELECT a.id, :way, :outcome, :device, :address, :at FROM accounts a WHERE a.id = :account"
)


@dataclass(frozen=True, slots=True)
class NewSignIn:
    """A try at business time `at`. `account_id` is None where no account is to be told."""

    account_id: UUID | None
    way: SignInWay
    outcome: SignInOutcome
    device: str
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignInRead:
    """A try, as the owner sees it."""

    id: UUID
    at: datetime
    way: str
    outcome: str
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class SignInPage:
    """`next_cursor` is None on the last page."""

    items: Sequence[SignInRead]
    next_cursor: str | None


async def note_sign_in(session: AsyncSession, new: NewSignIn) -> None:
    """One statement whether or not there is an account, so that both cost the same."""
    values = {
        "account": new.account_id,
        "way": str(new.way),
        "outcome": str(new.outcome),
        "device": new.device[:DEVICE_NAME],
        "address": new.address,
        "at": new.at,
    }
    await session.execute(_NOTE, values)


def _own_since(principal: Principal) -> ColumnElement[datetime]:
    """Before a handover the account was another person's."""
    since = select(Account.person_since).where(Account.id == principal.account_id)
    return func.coalesce(since.scalar_subquery(), SignIn.at)


async def list_sign_ins(
    session: AsyncSession, principal: Principal, cursor: str | None, size: int
) -> SignInPage:
    """The account's own, the newest first. Raises `cursor_invalid`."""
    after = read_cursor(cursor)
    found = select(
        SignIn.id, SignIn.at, SignIn.way, SignIn.outcome, SignIn.device, SignIn.address
    ).where(SignIn.account_id == principal.account_id, SignIn.at >= _own_since(principal))
    if after is not None:
        found = found.where(tuple_(SignIn.at, SignIn.id) < after)
    rows = (
        await session.execute(found.order_by(SignIn.at.desc(), SignIn.id.desc()).limit(size + 1))
    ).all()
    page = [SignInRead(*row) for row in rows[:size]]
    more = len(rows) > size
    return SignInPage(page, make_cursor(page[-1].at, page[-1].id) if more else None)
