"""What every sign-up does alike: is the login ID free, the account's row, its consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.tables.accounts import Account, Consent, IdentityVerification, RetiredLoginId
from app.db.vault import Vault
from app.domain.mail_rules import asked_again_at
from app.domain.persons import name_key
from app.domain.roles import AccountKind
from app.domain.terms import MARKETING, GivenConsent
from app.services.account_mails import spoken_time
from app.services.identity_verifications import Person
from app.services.mails import NewMail


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`login_id` and `password_hash` are null for whoever comes by a social provider only."""

    kind: AccountKind
    login_id: str | None
    password_hash: str | None
    email: str


class NewAccounts:
    """Rows of new members; the person is whom the identity agency vouched for."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def is_free(self, session: AsyncSession, login_id: str) -> bool:
        """Neither in use nor retired by a withdrawal. `login_id` is normalised."""
        used = await session.scalar(select(Account.id).where(Account.login_id == login_id))
        retired = await session.scalar(
            select(RetiredLoginId.retired_at).where(
                RetiredLoginId.login_id_hash == self._vault.index("login_id", login_id)
            )
        )
        return used is None and retired is None

    def row(
        self, new: NewAccount, person: Person, identity: IdentityVerification, now: datetime
    ) -> Account:
        """The account, not added yet. Its address is not verified."""
        return Account(
            id=new_id(),
            kind=str(new.kind),
            status="ACTIVE",
            login_id=new.login_id,
            password_hash=new.password_hash,
            name=self._vault.seal("accounts.name", person.name),
            birth_date=self._vault.seal("accounts.birth_date", person.birth_date),
            name_index=self._vault.index("name", name_key(person.name)),
            phone=self._vault.seal("accounts.phone", person.phone),
            phone_index=self._vault.index("phone", person.phone),
            email=self._vault.seal("accounts.email", new.email),
            email_index=self._vault.index("email", new.email.lower()),
            email_verified_at=None,
            ci_hash=identity.ci_hash,
            withdrawn_at=None,
            created_at=now,
            updated_at=now,
        )


def consents_of(
    account_id: UUID, given: Sequence[GivenConsent], now: datetime
) -> Sequence[Consent]:
    """One row an answer, in the order given."""
    return [
        Consent(
            account_id=account_id,
            kind=c.kind,
            version=c.version,
            agreed=c.agreed,
            given_at=now,
            renewal_due_at=asked_again_at(c.agreed, now) if c.kind == MARKETING else None,
        )
        for c in given
    ]


def marketing_agreed(given: Sequence[GivenConsent]) -> bool:
    """Whether a sign-up gave a consent to advertising, which is confirmed by mail then."""
    return any(c.kind == MARKETING and c.agreed for c in given)


def agreed_mail(account_id: UUID, email: str, now: datetime, language: str) -> NewMail:
    """What confirms it (제50조 제7항 †: within 14 days)."""
    facts = {"at": spoken_time(now), "agreed": "yes"}
    return NewMail("marketing_answered", email, facts, language, account_id=account_id)
