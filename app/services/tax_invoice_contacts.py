"""세금계산서 담당자: what a company's invoices need, read and written whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.account_reads import RecipientRead
from app.db.tables.companies import Company
from app.db.tables.tax_invoices import TaxInvoiceContact
from app.db.vault import Vault
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.evidence import (
    Contact,
    EvidenceKind,
    Recipient,
    check_complete,
    evidence_of,
)
from app.domain.orders import PaymentMethod
from app.services.audit import AuditEntry, record
from app.services.principals import Principal

_PEOPLE = "tax_invoice_contacts.people"


class _Person(msgspec.Struct):
    name: str
    email: str
    phone: str | None


class _People(msgspec.Struct):
    representative: str | None
    contacts: list[_Person]


@dataclass(frozen=True, slots=True)
class InvoiceContact:
    """Where a company's invoices go, and what they say of it.

    `representative`: the 대표자, where the company's verification does not name one.
    """

    postcode: str | None
    road_address: str | None
    address_detail: str | None
    business_type: str | None
    business_class: str | None
    representative: str | None
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class InvoiceContactView:
    """`revision` 0 and no contact where none was given yet."""

    revision: int
    contact: InvoiceContact | None


class TaxInvoiceContacts:
    """In the caller's transaction."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def get(self, session: AsyncSession, company_id: UUID) -> InvoiceContactView:
        row = await session.get(TaxInvoiceContact, company_id, populate_existing=True)
        if row is None:
            return InvoiceContactView(0, None)
        people = self._people(row)
        contact = InvoiceContact(
            row.postcode,
            row.road_address,
            row.address_detail,
            row.business_type,
            row.business_class,
            people.representative,
            tuple(Contact(p.name, p.email, p.phone) for p in people.contacts),
        )
        return InvoiceContactView(row.revision, contact)

    async def put(
        self,
        session: AsyncSession,
        principal: Principal,
        wanted: InvoiceContact,
        seen_revision: int | None,
    ) -> InvoiceContactView:
        """Raises `precondition_failed`."""
        company_id, now = principal.company_id, principal.now
        await session.get_one(Company, company_id, with_for_update=True)
        row = await session.get(TaxInvoiceContact, company_id, with_for_update=True)
        if (row.revision if row else 0) != seen_revision:
            raise DomainError("precondition_failed")
        if row is None:
            row = TaxInvoiceContact(company_id=company_id, revision=0, created_at=now)
            session.add(row)
        people = _People(
            wanted.representative,
            [_Person(person.name, person.email, person.phone) for person in wanted.contacts],
        )
        row.postcode, row.road_address = wanted.postcode, wanted.road_address
        row.address_detail = wanted.address_detail
        row.business_type, row.business_class = wanted.business_type, wanted.business_class
        row.people = self._vault.seal(_PEOPLE, msgspec.json.encode(people).decode())
        row.revision += 1
        row.updated_at = now
        record(session, AuditEntry.of_company(principal, AuditAction.TAX_CONTACT_CHANGED))
        await session.flush()
        return await self.get(session, company_id)

    async def change(
        self, session: AsyncSession, principal: Principal, changed: Mapping[str, str | None]
    ) -> None:
        """Only the address, 업태 and 종목 that are named. The company's row is locked."""
        company_id, now = principal.company_id, principal.now
        row = await session.get(TaxInvoiceContact, company_id, with_for_update=True)
        if row is None:
            nobody = msgspec.json.encode(_People(None, [])).decode()
            row = TaxInvoiceContact(
                company_id=company_id,
                people=self._vault.seal(_PEOPLE, nobody),
                revision=0,
                created_at=now,
            )
            session.add(row)
        for name, value in changed.items():
            setattr(row, name, value)
        row.revision += 1
        row.updated_at = now
        record(session, AuditEntry.of_company(principal, AuditAction.COMPANY_UPDATED))
        await session.flush()

    async def recipient(self, session: AsyncSession, company_id: UUID) -> Recipient:
        """공급받는자 as far as it is known. Needs a session that sees the company."""
        row = (
            await session.execute(
                select(
                    Company.business_number,
                    Company.legal_name,
                    Company.representative,
                    TaxInvoiceContact,
                )
                .outerjoin(TaxInvoiceContact, TaxInvoiceContact.company_id == Company.id)
                .where(Company.id == company_id)
            )
        ).one()
        known: TaxInvoiceContact | None = row.TaxInvoiceContact
        return recipient_of(
            self._vault,
            RecipientRead(
                row.business_number,
                row.legal_name,
                row.representative,
                known.road_address if known else None,
                known.address_detail if known else None,
                known.business_type if known else None,
                known.business_class if known else None,
                known.people if known else None,
            ),
        )

    async def require_for(
        self, session: AsyncSession, company_id: UUID, method: PaymentMethod | None
    ) -> None:
        """Before an order is to be paid by a method whose evidence is a tax invoice.

        Raises `tax_invoice_information_required`, naming what lacks.
        """
        if method is not None and evidence_of(method) is EvidenceKind.TAX_INVOICE:
            check_complete(await self.recipient(session, company_id))

    def _people(self, row: TaxInvoiceContact) -> _People:
        return _opened(self._vault, row.people)


def recipient_of(vault: Vault, read: RecipientRead) -> Recipient:
    """공급받는자 of what was read; the 대표자 that was verified goes before the one given."""
    people = _opened(vault, read.people) if read.people else _People(None, [])
    sealed = read.representative
    verified = vault.opened("companies.representative", sealed)
    return Recipient(
        read.business_number,
        read.legal_name,
        verified or people.representative,
        " ".join(part for part in (read.road_address, read.address_detail) if part) or None,
        read.business_type,
        read.business_class,
        tuple(Contact(p.name, p.email, p.phone) for p in people.contacts),
    )


def _opened(vault: Vault, people: bytes) -> _People:
    return msgspec.json.decode(vault.open(_PEOPLE, people), type=_People)
