"""Where an account's mails go."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import Account
from app.db.vault import Vault

_EMAIL = select(Account.email).where(Account.id == bindparam("account"))


class Emails:
    """Opens the sealed address; None for an account that left."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def of(self, session: AsyncSession, account_id: UUID) -> str | None:
        """Needs a session that sees the account."""
        sealed = await session.scalar(_EMAIL, {"account": account_id})
        return None if sealed is None else self.opened(sealed)

    def opened(self, sealed: bytes) -> str:
        """The address of a column that was read already."""
        return self._vault.open("accounts.email", sealed)

    async def of_all(
        self, session: AsyncSession, account_ids: Sequence[UUID], caused_by: UUID
    ) -> list[str]:
        """Where a mail that `caused_by` asked for may go, in no order, by one statement.

        To the asker's own address; to others' where it is verified (PRODUCT.md section 3).
        """
        rows = await session.scalars(
            select(Account.email).where(
                Account.id.in_(account_ids),
                or_(Account.id == caused_by, Account.email_verified_at.is_not(None)),
            )
        )
        return [self.opened(sealed) for sealed in rows if sealed]
