"""Payments through PortOne."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import msgspec

from app.adapters.http import Call, segment
from app.adapters.portone import PortOneConnection
from app.domain.provider_errors import ProviderRefused, Refusal
from app.domain.provider_payments import (
    CancelRequest,
    CancelResult,
    CancelStatus,
    ChannelType,
    ReportedAccount,
    ReportedCancellation,
    ReportedCashReceipt,
    ReportedDispute,
    ReportedMethod,
    ReportedPayment,
    ReportedStatus,
)

BOOK_PAGE = 200
"""Payments a page: about 0.4 MB."""
_METHODS = {
    "PaymentMethodCard": ReportedMethod.CARD,
    "PaymentMethodVirtualAccount": ReportedMethod.VIRTUAL_ACCOUNT,
    "PaymentMethodTransfer": ReportedMethod.TRANSFER,
    "PaymentMethodEasyPay": ReportedMethod.EASY_PAY,
}

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Amount = Annotated[int, msgspec.Meta(ge=0)]


class _Nothing(msgspec.Struct):
    pass


class _Channel(msgspec.Struct):
    type: ChannelType
    key: str | None = None


class _Amounts(msgspec.Struct):
    total: _Amount
    paid: _Amount
    cancelled: _Amount
    vat: _Amount | None = None


class _Card(msgspec.Struct):
    issuer: str | None = None
    name: str | None = None
    number: str | None = None


class _Method(msgspec.Struct, rename="camel"):
    type: str
    card: _Card | None = None
    approval_number: str | None = None
    account_number: str | None = None
    bank: str | None = None
    remittee_name: str | None = None
    issued_at: _Moment | None = None
    expired_at: _Moment | None = None


class _Failure(msgspec.Struct, rename="camel"):
    pg_code: str | None = None


class _Cancellation(msgspec.Struct, rename="camel"):
    id: str
    status: CancelStatus
    total_amount: _Amount
    vat_amount: _Amount
    requested_at: _Moment
    reason: str = ""
    cancelled_at: _Moment | None = None
    receipt_url: str | None = None


class _Dispute(msgspec.Struct, rename="camel"):
    created_at: _Moment
    reason: str = ""
    resolved_at: _Moment | None = None


class _CashReceipt(msgspec.Struct, rename="camel"):
    status: str
    issue_number: str
    url: str | None = None


class _Payment(msgspec.Struct, rename="camel"):
    id: str
    transaction_id: str
    status: ReportedStatus
    store_id: str
    order_name: str
    amount: _Amounts
    currency: str
    requested_at: _Moment
    channel: _Channel | None = None
    method: _Method | None = None
    paid_at: _Moment | None = None
    failed_at: _Moment | None = None
    failure: _Failure | None = None
    receipt_url: str | None = None
    cancellations: list[_Cancellation] = []
    disputes: list[_Dispute] = []
    cash_receipt: _CashReceipt | None = None


class _Cancelled(msgspec.Struct):
    cancellation: _Cancellation


class _Booked(msgspec.Struct):
    payment: _Payment
    cursor: str


class _Page(msgspec.Struct):
    items: list[_Booked]


class PortOnePayments:
    def __init__(self, connection: PortOneConnection) -> None:
        self._portone = connection

    async def aclose(self) -> None:
        await self._portone.aclose()

    async def pre_register(self, payment_id: str, amount: int, currency: str = "KRW") -> None:
        body = {"storeId": self._portone.store_id, "totalAmount": amount, "currency": currency}
        await self._portone.http.call(
            self._portone.about_payment("payment_pre_register", payment_id, "/pre-register", body),
            _Nothing,
        )

    async def get(self, payment_id: str) -> ReportedPayment | None:
        call = Call(
            "payment_get",
            "GET",
            f"/payments/{segment(payment_id)}",
            params={"storeId": self._portone.store_id},
            headers=self._portone.headers,
            repeatable=True,
        )
        try:
            found = await self._portone.http.call(call, _Payment)
        except ProviderRefused as error:
            if error.code is Refusal.NOT_FOUND:
                return None
            raise
        if found.id != payment_id:
            raise self._portone.http.nonsense("payment_get", "content")
        captured = {ReportedStatus.PAID, ReportedStatus.PARTIAL_CANCELLED}
        if found.status in captured and (found.paid_at is None or found.channel is None):
            raise self._portone.http.nonsense("payment_get", "content")
        return _reported(found)

    async def books(self, since: datetime, until: datetime) -> AsyncIterator[ReportedPayment]:
        cursor: str | None = None
        while True:
            page = await self._page(since, until, cursor)
            for item in page.items:
                yield _reported(item.payment)
            if len(page.items) < BOOK_PAGE:
                return
            cursor = page.items[-1].cursor

    async def _page(self, since: datetime, until: datetime, cursor: str | None) -> _Page:
        asked: dict[str, str | int] = {
            "storeId": self._portone.store_id,
            "from": since.isoformat(),
            "until": until.isoformat(),
            "size": BOOK_PAGE,
        }
        if cursor is not None:
            asked["cursor"] = cursor
        call = Call(
            "payment_books",
            "GET",
            "/payments-by-cursor",
            params={"requestBody": json.dumps(asked)},
            headers=self._portone.headers,
            repeatable=True,
        )
        return await self._portone.http.call(call, _Page)

    async def cancel(self, request: CancelRequest) -> CancelResult:
        body: dict[str, str | int | dict[str, str]] = {
            "storeId": self._portone.store_id,
            "reason": request.reason,
            "currentCancellableAmount": request.cancellable,
        }
        if request.amount is not None:
            body["amount"] = request.amount
        if request.vat is not None:
            body["vatAmount"] = request.vat
        if request.account is not None:
            body["refundAccount"] = {
                "bank": request.account.bank,
                "number": request.account.number,
                "holderName": request.account.holder,
            }
        # A repeat is known by what is left to cancel.
        call = self._portone.about_payment("payment_cancel", request.payment_id, "/cancel", body)
        made = (await self._portone.http.call(call, _Cancelled)).cancellation
        return CancelResult(
            id=made.id,
            status=made.status,
            amount=made.total_amount,
            vat=made.vat_amount,
            requested_at=made.requested_at,
            cancelled_at=made.cancelled_at,
            receipt_url=made.receipt_url,
        )


def _reported(found: _Payment) -> ReportedPayment:
    method, card = found.method, found.method.card if found.method else None
    return ReportedPayment(
        id=found.id,
        transaction_id=found.transaction_id,
        status=found.status,
        store_id=found.store_id,
        channel_key=found.channel.key if found.channel else None,
        channel_type=found.channel.type if found.channel else None,
        order_name=found.order_name,
        amount_total=found.amount.total,
        vat=found.amount.vat,
        paid=found.amount.paid,
        cancelled=found.amount.cancelled,
        currency=found.currency,
        requested_at=found.requested_at,
        paid_at=found.paid_at,
        failed_at=found.failed_at,
        failure_code=found.failure.pg_code if found.failure else None,
        method=_METHODS.get(method.type, ReportedMethod.OTHER) if method else None,
        card_issuer=card.issuer if card else None,
        card_name=card.name if card else None,
        card_last4=last4(card.number) if card and card.number else None,
        approval_number=method.approval_number if method else None,
        receipt_url=found.receipt_url,
        cancellations=tuple(
            ReportedCancellation(c.id, c.status, c.total_amount, c.vat_amount, c.reason)
            for c in found.cancellations
        ),
        account=_account(method) if method else None,
        disputes=tuple(
            ReportedDispute(d.created_at, d.resolved_at, d.reason) for d in found.disputes
        ),
        cash_receipt=_cash_receipt(found.cash_receipt),
    )


def _cash_receipt(found: _CashReceipt | None) -> ReportedCashReceipt | None:
    """None for one that was cancelled: then it is no evidence."""
    if found is None or found.status != "ISSUED":
        return None
    return ReportedCashReceipt(found.issue_number, found.url)


def _account(method: _Method) -> ReportedAccount | None:
    """A virtual account that is told whole."""
    if _METHODS.get(method.type) is not ReportedMethod.VIRTUAL_ACCOUNT:
        return None
    number, bank, issued_at, expires_at = (
        method.account_number,
        method.bank,
        method.issued_at,
        method.expired_at,
    )
    if number is None or bank is None or issued_at is None or expires_at is None:
        return None
    return ReportedAccount(bank, number, method.remittee_name or "", issued_at, expires_at)


def last4(masked: str) -> str | None:
    """The last four digits, or None when they are masked."""
    end = masked.replace("-", "").replace(" ", "")[-4:]
    return end if len(end) == 4 and end.isascii() and end.isdigit() else None
