"""The virtual account of a payment as a row: kept when it is first read, shown, and what came

into it beyond its payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.bank import VirtualAccount
from app.db.tables.orders import Order, Payment
from app.db.vault import Vault
from app.domain.banks import bank_name
from app.domain.periods import SEOUL
from app.domain.provider_payments import ReportedAccount, ReportedPayment
from app.domain.refunds import RefundReason
from app.services.company_mails import CompanyMails
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.refunds import send_to_account

OVERPAID = "overpaid"
"""The payment's flag: more came than was asked for, and the rest goes back."""
_NUMBER = "virtual_accounts.number"


@dataclass(frozen=True, slots=True)
class AccountView:
    """Where a payment is paid into, until when."""

    bank: str
    number: str
    holder: str
    expires_at: datetime


class AccountRows:
    """Rows of virtual accounts, in their payment's transaction."""

    def __init__(self, vault: Vault, mails: Mails, emails: Emails) -> None:
        self._vault = vault
        self._mails = CompanyMails(mails, emails)

    def seen(self, row: VirtualAccount | None) -> AccountView | None:
        """None where the payment has none, or nothing can be paid into it any more."""
        if row is None or row.closed_at is not None:
            return None
        number = self._vault.open(_NUMBER, row.number)
        return AccountView(row.bank, number, row.holder, row.expires_at)

    async def keep(
        self,
        session: AsyncSession,
        order: Order,
        payment: Payment,
        account: ReportedAccount | None,
        now: datetime,
    ) -> None:
        """The first time that an account is seen; whoever ordered is told where to pay."""
        if account is None or await session.get(VirtualAccount, payment.id) is not None:
            return
        session.add(
            VirtualAccount(
                payment_id=payment.id,
                company_id=payment.company_id,
                bank=account.bank,
                number=self._vault.seal(_NUMBER, account.number),
                holder=account.holder,
                issued_at=account.issued_at,
                expires_at=account.expires_at,
                close_due_at=now,
            )
        )
        await session.flush()
        if payment.status != "READY":
            return
        facts = {
            "number": order.number,
            "total": f"{payment.amount:,}",
            "bank": bank_name(account.bank).ko,
            "account": account.number,
            "holder": account.holder,
            "until": f"{account.expires_at.astimezone(SEOUL):%Y-%m-%d %H:%M} (KST)",
        }
        await self._mails.tell(
            session, order.company_id, order.account_id, "virtual_account_issued", facts, now
        )


async def send_back_surplus(
    session: AsyncSession, payment: Payment, reported: ReportedPayment, now: datetime
) -> None:
    """What was paid into an account after its payment was complete goes back; the payment stays.

    `reported.paid` counts every deposit, `amount_total` what the payment is about.
    """
    beyond = reported.paid - reported.amount_total - payment.surplus
    if payment.method != "VIRTUAL_ACCOUNT" or beyond <= 0:
        return
    payment.surplus += beyond
    payment.flags = _with(payment.flags, OVERPAID)
    payment.updated_at = now
    await send_to_account(
        session, payment.company_id, payment.order_id, beyond, RefundReason.OVERPAID, now
    )


def _with(flags: Sequence[str], flag: str) -> list[str]:
    return [*(known for known in flags if known != flag), flag]


async def open_accounts(session: AsyncSession, order_id: UUID) -> Sequence[UUID]:
    """Payments of an order that still can be paid into an account."""
    rows = await session.scalars(
        select(Payment.id)
        .join(VirtualAccount, VirtualAccount.payment_id == Payment.id)
        .where(
            Payment.order_id == order_id,
            Payment.status == "READY",
            VirtualAccount.closed_at.is_(None),
        )
    )
    return rows.all()
