"""Where an account's mails go."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import Account
from app.db.vault import Vault


class Emails:
    """Opens the sealed address; None for an account that left."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def of(self, session: AsyncSession, account_id: UUID) -> str | None:
        """Needs a session that sees the account."""
        sealed = await session.scalar(select(Account.email).where(Account.id == account_id))
        return None if sealed is None else self._vault.open("accounts.email", sealed)

    async def of_all(self, session: AsyncSession, account_ids: Sequence[UUID]) -> list[str]:
        """The addresses that are known, in no order, by one statement."""
        rows = await session.scalars(select(Account.email).where(Account.id.in_(account_ids)))
        return [self._vault.open("accounts.email", sealed) for sealed in rows if sealed]
