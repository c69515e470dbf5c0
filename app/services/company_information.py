"""회사법인정보관리: a company's record, changed directly or by verifying it anew (section 7).

Its parts have revisions of their own; the ETag of the page is all of them, so whoever changes one
part makes every page that was read before stale.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.tables.accounts import BusinessVerification
from app.db.tables.companies import Company
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.services.audit import AuditEntry, record
from app.services.business_verifications import BusinessVerifications
from app.services.cases import Cases, FiledCase
from app.services.principals import Access, Principal
from app.services.refund_accounts import RefundAccounts, RefundAccountView
from app.services.tax_invoice_contacts import InvoiceContactView, TaxInvoiceContacts

DIRECT = ("postcode", "road_address", "address_detail", "business_type", "business_class")
"""What is changed without asking anybody."""


@dataclass(frozen=True, slots=True)
class Verification:
    """How the business was shown, how it stands, and when the tax service was asked last."""

    level: str
    status: str
    verified_at: datetime
    checked_at: datetime
    proven: bool


@dataclass(frozen=True, slots=True)
class CompanyView:
    """`representative`: as verified, else as the invoices' contact names it."""

    id: UUID
    legal_name: str
    business_number: str
    representative: str | None = field(repr=False)
    verification: Verification
    contact: InvoiceContactView
    refund_account: RefundAccountView
    open_request: FiledCase | None
    revision: int

    @property
    def revisions(self) -> tuple[int, int, int]:
        return self.revision, self.contact.revision, self.refund_account.revision


class CompanyInformation:
    """One use case a method."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        businesses: BusinessVerifications,
        contacts: TaxInvoiceContacts,
        refund_accounts: RefundAccounts,
        cases: Cases,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._businesses = businesses
        self._contacts = contacts
        self._refund_accounts = refund_accounts
        self._cases = cases

    async def get(self, access: Access) -> CompanyView:
        async with access.transaction() as (session, principal):
            return await self._view(session, principal)

    async def update(
        self,
        access: Access,
        changed: Mapping[str, str | None],
        token: str | None,
        seen: tuple[int, ...] | None,
    ) -> CompanyView:
        """`changed`: of `DIRECT`. Raises `precondition_failed`, `business_verification_invalid`,

        and `business_identity_required` for a token of a lower level.
        """
        if token is None:
            async with access.transaction() as (session, principal):
                await self._change(session, principal, changed, seen)
                return await self._view(session, principal)
        principal = await access.principal()
        # A verification is no tenant's row: taken and used in one transaction of the system's.
        async with self._database.system_session("company verified anew") as session:
            company = await self._change(session, principal, changed, seen)
            verified = await self._take(session, company, token, principal)
            self._verify_anew(company, verified, principal.now)
            record(
                session,
                AuditEntry.of_company(
                    principal, AuditAction.COMPANY_VERIFIED, details={"level": verified.level}
                ),
            )
            await session.flush()
            return await self._view(session, principal)

    async def _change(
        self,
        session: AsyncSession,
        principal: Principal,
        changed: Mapping[str, str | None],
        seen: tuple[int, ...] | None,
    ) -> Company:
        """The company, locked. Raises `precondition_failed`."""
        company = await session.get_one(Company, principal.company_id, with_for_update=True)
        if (await self._view(session, principal)).revisions != seen:
            raise DomainError("precondition_failed")
        if changed:
            await self._contacts.change(session, principal, changed)
        return company

    async def _take(
        self, session: AsyncSession, company: Company, token: str, principal: Principal
    ) -> BusinessVerification:
        """One that says IDENTITY of this very business."""
        row = await self._businesses.use(session, token, principal.now)
        if row.business_number != company.business_number:
            raise DomainError("business_verification_invalid", "/business_verification_token")
        if row.level != "IDENTITY":
            raise DomainError("business_identity_required", "/business_verification_token")
        return row

    def _verify_anew(self, company: Company, row: BusinessVerification, now: datetime) -> None:
        sealed = row.representative
        assert sealed is not None
        name = self._vault.open("business_verifications.representative", sealed)
        company.legal_name = row.company_name
        company.representative = self._vault.seal("companies.representative", name)
        company.verification_level, company.verification_status = row.level, row.status
        company.verified_at = company.status_checked_at = company.updated_at = now
        company.proven_at = company.proven_at or now
        company.revision += 1

    async def _view(self, session: AsyncSession, principal: Principal) -> CompanyView:
        company = (
            await session.execute(select(Company).where(Company.id == principal.company_id))
        ).scalar_one()
        contact = await self._contacts.get(session, company.id)
        sealed = company.representative
        verified = self._vault.opened("companies.representative", sealed)
        named = contact.contact.representative if contact.contact else None
        return CompanyView(
            company.id,
            company.legal_name,
            company.business_number,
            verified or named,
            Verification(
                company.verification_level,
                company.verification_status,
                company.verified_at,
                company.status_checked_at or company.verified_at,
                company.proven_at is not None,
            ),
            contact,
            await self._refund_accounts.get(session, principal),
            await self._cases.open_change(session, company.id),
            company.revision,
        )
