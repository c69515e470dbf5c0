"""Who an account belongs to, opened for its owner's eyes and for mails to them."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.accounts import Account
from app.db.tables.social import SocialLink
from app.db.vault import Vault
from app.domain.social import PROVIDER_NAMES, SocialProvider


@dataclass(frozen=True, slots=True)
class AccountPerson:
    """`shown` is how the person signs in: the login ID, or the provider's name."""

    id: UUID
    shown: str
    name: str = field(repr=False)
    email: str | None = field(repr=False)


class AccountPeople:
    """Needs a session that sees the account."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def of(self, session: AsyncSession, account_id: UUID) -> AccountPerson:
        """Of an account that has not left; NoResultFound otherwise."""
        found = await session.execute(
            select(
                Account.login_id,
                Account.name,
                Account.email,
                func.min(SocialLink.provider).label("provider"),
            )
            .outerjoin(SocialLink, SocialLink.account_id == Account.id)
            .where(Account.id == account_id, Account.status != "WITHDRAWN")
            .group_by(Account.id)
        )
        row = found.one()
        provider = PROVIDER_NAMES[SocialProvider(row.provider)] if row.provider else ""
        return AccountPerson(
            id=account_id,
            shown=row.login_id or provider,
            name=self._vault.open("accounts.name", row.name),
            email=self._vault.open("accounts.email", row.email) if row.email else None,
        )
