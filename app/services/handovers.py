"""대표 계정 인계: the company's own account gets another person; the login ID stays.

The successor shows a phone whose identity has the name that was given, agrees to the terms and
sets a new password. All sessions end, and both persons are told (PRODUCT.md section 6).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.queue import enqueue
from app.db.tables.accounts import Account, IdentityVerification
from app.db.tables.companies import Company
from app.db.tables.handovers import Handover
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.credentials import check_password
from app.domain.errors import DomainError
from app.domain.persons import mask_name, mask_phone, name_key, normalise_mobile
from app.domain.terms import GivenConsent, TermsUse, check_consents
from app.services.audit import AuditEntry, record
from app.services.case_steps import CaseSteps
from app.services.erasure import erase_former_person
from app.services.identity_verifications import IdentityVerifications, Person, Purpose
from app.services.mails import Mails, NewMail
from app.services.new_accounts import agreed_mail, consents_of, marketing_agreed
from app.services.one_time import OneTimeTokens
from app.services.order_events import account_actor
from app.services.passwords import Passwords
from app.services.principals import Principal
from app.services.rate_limits import RateLimit, count_hit

LIFETIME: Final = timedelta(hours=24)
SPA_PAGE: Final = "/handover"
HANDED_OVER_ALREADY: Final = {
    "ko": "대표 계정의 담당자가 이미 변경되었습니다.",
    "en": "The account has another person already.",
}
TRIES = RateLimit("handover", 30, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class NewHandover:
    """The successor, as the SUPER_ADMIN typed it."""

    name: str
    email: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class Successor:
    """Who takes over. `ci_hash`: nobody else may, of whatever name; None: the name is enough."""

    name: str
    email: str
    phone: str
    ci_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class OpenHandover:
    """What the company sees of its open handover."""

    name: str
    email: str
    phone_masked: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HandoverPreview:
    """What the successor sees before agreeing."""

    company_name: str
    name_masked: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AcceptHandover:
    """What the successor sends."""

    token: str
    identity_token: str
    password: str
    consents: Sequence[GivenConsent]
    language: str
    address: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The account that is the successor's now."""

    login_id: str
    company_name: str


class Handovers:
    """Begin, look, take back; and the successor's acceptance."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: OneTimeTokens,
        mails: Mails,
        passwords: Passwords,
        identities: IdentityVerifications,
        spa_url: str,
        steps: CaseSteps,
    ) -> None:
        self._steps = steps
        self._database = database
        self._clock = clock
        self._vault = vault
        self._tokens = tokens
        self._mails = mails
        self._passwords = passwords
        self._identities = identities
        self._spa_url = spa_url

    async def begin(
        self, session: AsyncSession, principal: Principal, command: NewHandover
    ) -> OpenHandover:
        """Needs step-up. Raises `phone_invalid`, and `handover_open` while one is open."""
        principal.require_step_up()
        phone = normalise_mobile(command.phone)
        now, company_id = principal.now, principal.company_id
        successor = Successor(command.name, command.email, phone)
        link = await self.open(session, company_id, successor, LIFETIME, now)
        record(session, _entry(principal, AuditAction.HANDOVER_BEGUN))
        assert principal.company is not None
        facts = {
            "company": principal.company.name,
            "name": command.name,
            "link": link,
            "hours": "24",
        }
        mail = NewMail("handover", command.email, facts, command.language, company_id)
        job = self._mails.queue(session, mail, now)
        await session.flush()
        await enqueue(session, [job])
        return OpenHandover(command.name, command.email, mask_phone(phone), now, now + LIFETIME)

    async def open(
        self,
        session: AsyncSession,
        company_id: UUID,
        successor: Successor,
        lifetime: timedelta,
        now: datetime,
    ) -> str:
        """The link by which the successor takes over. Raises `handover_open` while one is open."""
        token, token_hash = self._tokens.make()
        values = {
            "id": new_id(),
            "name": self._vault.seal("handovers.name", successor.name),
            "email": self._vault.seal("handovers.email", successor.email),
            "phone": self._vault.seal("handovers.phone", successor.phone),
            "ci_hash": successor.ci_hash,
            "token_hash": token_hash,
            "expires_at": now + lifetime,
            "created_at": now,
            "updated_at": now,
        }
        wish = insert(Handover).values(company_id=company_id, **values)
        wish = wish.on_conflict_do_update(
            index_elements=["company_id"], set_=values, where=Handover.expires_at <= now
        )
        if await session.scalar(wish.returning(Handover.id)) is None:
            raise DomainError("handover_open")
        return f"{self._spa_url}{SPA_PAGE}#token={token}"

    async def is_open(self, session: AsyncSession, company_id: UUID, now: datetime) -> bool:
        """Whether somebody may take the company's account over."""
        wanted = select(Handover.id).where(
            Handover.company_id == company_id, Handover.expires_at > now
        )
        return await session.scalar(wanted) is not None

    async def look(self, session: AsyncSession, principal: Principal) -> OpenHandover:
        """The company's own. Raises `handover_not_found` where none is open."""
        found = await session.execute(
            select(Handover).where(
                Handover.company_id == principal.company_id,
                Handover.expires_at > principal.now,
                Handover.ci_hash.is_(None),
            )
        )
        row = found.scalar_one_or_none()
        if row is None:
            raise DomainError("handover_not_found")
        return OpenHandover(
            self._vault.open("handovers.name", row.name),
            self._vault.open("handovers.email", row.email),
            mask_phone(self._vault.open("handovers.phone", row.phone)),
            row.created_at,
            row.expires_at,
        )

    async def cancel(self, session: AsyncSession, principal: Principal) -> None:
        """Its link ends at once; one that operators approved stays. Raises `handover_not_found`."""
        gone = await session.execute(
            delete(Handover)
            .where(Handover.company_id == principal.company_id, Handover.ci_hash.is_(None))
            .returning(Handover.expires_at)
        )
        expires_at = gone.scalar_one_or_none()
        if expires_at is None or expires_at <= principal.now:
            raise DomainError("handover_not_found")
        record(session, _entry(principal, AuditAction.HANDOVER_CANCELLED))

    async def preview(self, token: str, address: str) -> HandoverPreview:
        """Raises `handover_invalid`, whatever is wrong with the token; RateLimited."""
        await count_hit(self._database, TRIES, address)
        async with self._database.system_session("handover") as session:
            row, company, _ = await self._find(session, token, await self._clock.now(session))
            name = self._vault.open("handovers.name", row.name)
            return HandoverPreview(company.legal_name, mask_name(name), row.expires_at)

    async def accept(self, command: AcceptHandover) -> HandedOver:
        """Raises `handover_invalid`, `identity_verification_invalid`, `handover_name_mismatch`,
        what is wrong with password or consents; RateLimited. A refusal uses nothing up."""
        await count_hit(self._database, TRIES, command.address)
        check_consents(TermsUse.SIGN_UP, command.consents)
        async with self._database.system_session("handover") as session:
            now = await self._clock.now(session)
            _, _, account = await self._find(session, command.token, now)
            check_password(command.password, account.login_id or "")
        hashed = await self._passwords.hash(command.password)
        async with self._database.system_session("handover") as session:
            now = await self._clock.now(session)
            row, company, account = await self._find(session, command.token, now, lock=True)
            identity, person = await self._identities.use(
                session, command.identity_token, Purpose.HANDOVER, now
            )
            named = _plain(person.name) == _plain(self._vault.open("handovers.name", row.name))
            if not named or row.ci_hash not in (None, identity.ci_hash):
                raise DomainError("handover_name_mismatch", "/identity_verification_token")
            former = self._vault.open("accounts.email", account.email) if account.email else None
            email = self._vault.open("handovers.email", row.email)
            kept = None if former and former.lower() == email.lower() else account.email_index
            await erase_former_person(session, account.id, kept, now)
            self._replace(account, person, identity, email, now)
            account.password_hash = hashed
            session.add_all(consents_of(account.id, command.consents, now))
            await session.delete(row)
            await self._steps.refuse_handovers(session, company.id, HANDED_OVER_ALREADY, now)
            _record_accepted(session, company, account, now)
            addresses = dict.fromkeys(filter(None, (former, email)))
            await self._tell(session, company, account, list(addresses), command.language, now)
            if marketing_agreed(command.consents):
                mail = agreed_mail(account.id, email, now, command.language)
                await enqueue(session, [self._mails.queue(session, mail, now)])
            return HandedOver(account.login_id or "", company.legal_name)

    async def _find(
        self, session: AsyncSession, token: str, now: datetime, *, lock: bool = False
    ) -> tuple[Handover, Company, Account]:
        wanted = (
            select(Handover, Company, Account)
            .join(Company, Company.id == Handover.company_id)
            .join(Account, Account.id == Company.corporate_account_id)
            .where(
                Handover.token_hash == self._tokens.hash(token),
                Handover.expires_at > now,
                Account.status == "ACTIVE",
            )
        )
        rows = await session.execute(wanted.with_for_update() if lock else wanted)
        row = rows.one_or_none()
        if row is None:
            raise DomainError("handover_invalid", "/token")
        return row[0], row[1], row[2]

    def _replace(
        self,
        account: Account,
        person: Person,
        identity: IdentityVerification,
        email: str,
        now: datetime,
    ) -> None:
        """Nothing of the former person stays; the link came to the address, so it is verified."""
        seal, index = self._vault.seal, self._vault.index
        account.name = seal("accounts.name", person.name)
        account.name_index = index("name", name_key(person.name))
        account.birth_date = seal("accounts.birth_date", person.birth_date)
        account.phone = seal("accounts.phone", person.phone)
        account.phone_index = index("phone", person.phone)
        account.email = seal("accounts.email", email)
        account.email_index = index("email", email.lower())
        account.email_verified_at = now
        account.ci_hash = identity.ci_hash
        account.updated_at = now

    async def _tell(
        self,
        session: AsyncSession,
        company: Company,
        account: Account,
        addresses: Sequence[str],
        language: str,
        now: datetime,
    ) -> None:
        facts = {"company": company.legal_name, "login_id": account.login_id or ""}
        jobs = [
            self._mails.queue(
                session,
                NewMail("handed_over", address, facts, language, company.id, account.id),
                now,
            )
            for address in addresses
        ]
        await session.flush()
        await enqueue(session, jobs)


def _plain(name: str) -> str:
    """Names are compared as they sound: composed, without blanks, without case."""
    return "".join(unicodedata.normalize("NFC", name).split()).casefold()


def _entry(principal: Principal, action: AuditAction) -> AuditEntry:
    return AuditEntry.of_company(principal, action, principal.account_id)


def _record_accepted(
    session: AsyncSession, company: Company, account: Account, now: datetime
) -> None:
    record(
        session,
        AuditEntry(
            company_id=company.id,
            account_id=account.id,
            actor=account_actor(account.id),
            action=AuditAction.HANDED_OVER,
            at=now,
        ),
    )
