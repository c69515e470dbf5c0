"""Cash receipts through PortOne."""

from typing import Literal

import msgspec

from app.adapters.http import Call, segment
from app.adapters.portone import PortOneConnection
from app.domain.cash_receipts import IssuedReceipt, ReceiptToIssue
from app.domain.provider_errors import ProviderRefused, Refusal

_GONE = frozenset({Refusal.NOT_FOUND, Refusal.ALREADY_DONE})


class _Summary(msgspec.Struct, rename="camel"):
    issue_number: str
    url: str


class _Issued(msgspec.Struct, rename="camel"):
    cash_receipt: _Summary


class _Receipt(msgspec.Struct, rename="camel"):
    status: Literal["ISSUED", "CANCELLED", "ISSUE_FAILED"]
    payment_id: str
    amount: int = 0
    issue_number: str = ""
    url: str | None = None


class _Nothing(msgspec.Struct):
    pass


class PortOneCashReceipts:
    """`channel_key`: with which company they are issued. Shares the payments' connection."""

    def __init__(self, connection: PortOneConnection, channel_key: str) -> None:
        self._portone = connection
        self._channel_key = channel_key

    async def issue(self, receipt: ReceiptToIssue) -> IssuedReceipt:
        body = {
            "storeId": self._portone.store_id,
            "paymentId": receipt.key,
            "channelKey": self._channel_key,
            "type": receipt.choice.type,
            "orderName": receipt.order_name,
            "currency": "KRW",
            "amount": {"total": receipt.amount.total, "vat": receipt.amount.vat},
            "customer": {"identityNumber": receipt.choice.number},
        }
        call = Call(
            "cash_receipt_issue",
            "POST",
            "/cash-receipts",
            json=body,
            headers=self._portone.headers,
            repeatable=True,  # our key is taken by the first
        )
        made = (await self._portone.http.call(call, _Issued)).cash_receipt
        return IssuedReceipt(made.issue_number, made.url, receipt.amount.total)

    async def get(self, key: str) -> IssuedReceipt | None:
        call = Call(
            "cash_receipt_get",
            "GET",
            f"/payments/{segment(key)}/cash-receipt",
            params={"storeId": self._portone.store_id},
            headers=self._portone.headers,
            repeatable=True,
        )
        try:
            found = await self._portone.http.call(call, _Receipt)
        except ProviderRefused as refused:
            if refused.code is Refusal.NOT_FOUND:
                return None
            raise
        if found.payment_id != key:
            raise self._portone.http.nonsense("cash_receipt_get", "content")
        if found.status == "ISSUE_FAILED":
            return None
        return IssuedReceipt(
            found.issue_number, found.url, found.amount, cancelled=found.status == "CANCELLED"
        )

    async def cancel(self, key: str) -> None:
        call = Call(
            "cash_receipt_cancel",
            "POST",
            f"/payments/{segment(key)}/cash-receipt/cancel",
            params={"storeId": self._portone.store_id},
            headers=self._portone.headers,
            repeatable=True,
        )
        try:
            await self._portone.http.call(call, _Nothing)
        except ProviderRefused as refused:
            if refused.code not in _GONE:
                raise
