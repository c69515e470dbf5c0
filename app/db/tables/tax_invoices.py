"""세금계산서: to whom they go, and each one that is to be issued or was."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.db.tables.base import Base, Key, OfCompany, Timestamps, Won, one_of


class TaxInvoiceContact(Timestamps, Base):
    """What a company's invoices say besides its name and number, and who gets them."""

    __tablename__ = "tax_invoice_contacts"

    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id"), primary_key=True)
    postcode: Mapped[str | None]
    road_address: Mapped[str | None]
    address_detail: Mapped[str | None]
    business_type: Mapped[str | None]
    business_class: Mapped[str | None]
    people: Mapped[bytes] = mapped_column(LargeBinary())
    """The 대표자's name and the contacts, as sealed JSON."""
    revision: Mapped[int]


class TaxInvoice(OfCompany, Timestamps, Base):
    """Its id is the supplier's document key at the provider.

    Of a payment, of an order on terms, or of a refund that corrects one of them. Amounts are KRW,
    negative on a correction. `due_at`: when it is tried next, `alarm_due_at`: when somebody has to
    look.
    """

    __tablename__ = "tax_invoices"
    __table_args__ = (
        one_of("purpose", "RECEIPT", "INVOICE"),
        one_of("state", "WAITING", "ISSUED"),
        one_of("reason", "CHANGE_IN_SUPPLY_COST", "CANCELLATION_OF_CONTRACT"),
        CheckConstraint("(refund_id IS NULL) = (reason IS NULL)", name="correction"),
        CheckConstraint("payment_id IS NOT NULL OR purpose = 'INVOICE'", name="asked_for"),
        CheckConstraint("(state = 'ISSUED') = (issued_at IS NOT NULL)", name="issued"),
        CheckConstraint("(overridden_by IS NULL) = (override_reason IS NULL)", name="overridden"),
        Index(
            "uq_tax_invoices_payment",
            "payment_id",
            unique=True,
            postgresql_where="refund_id IS NULL",
        ),
        Index(
            "uq_tax_invoices_on_terms",
            "order_id",
            unique=True,
            postgresql_where="refund_id IS NULL AND purpose = 'INVOICE'",
        ),
        Index("ix_tax_invoices_page", "company_id", "created_at", "id"),
        Index("ix_tax_invoices_due", "due_at", postgresql_where="due_at IS NOT NULL"),
        Index("ix_tax_invoices_alarm", "alarm_due_at", postgresql_where="alarm_due_at IS NOT NULL"),
    )

    id: Mapped[Key]
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"))
    """None of an order on terms, which is invoiced before it is paid."""
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refunds.id"), unique=True)
    reason: Mapped[str | None]
    purpose: Mapped[str]
    written_on: Mapped[date]
    supply: Mapped[Won]
    vat: Mapped[Won]
    state: Mapped[str]
    provider_id: Mapped[str | None]
    approval_number: Mapped[str | None]
    attempts: Mapped[int]
    failure: Mapped[str | None]
    overridden_by: Mapped[str | None]
    """The operator who has it issued whatever the recipient's standing is, and why."""
    override_reason: Mapped[str | None]
    due_at: Mapped[datetime | None]
    alarm_due_at: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]
