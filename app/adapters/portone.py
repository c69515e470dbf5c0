"""The connection to PortOne V2 that identity and payments share (contracts/portone.md)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeGuard

import httpx
import msgspec

from app.adapters.circuit import CircuitBreaker
from app.adapters.http import CONNECT_SECONDS, READ_SECONDS, Call, ProviderHttp, segment
from app.domain.provider_errors import Refusal

PAYMENT_READ_SECONDS = 10.0

_REFUSALS = {
    "IDENTITY_VERIFICATION_NOT_FOUND": Refusal.NOT_FOUND,
    "IDENTITY_VERIFICATION_ALREADY_SENT": Refusal.ALREADY_DONE,
    "IDENTITY_VERIFICATION_ALREADY_VERIFIED": Refusal.ALREADY_DONE,
    "IDENTITY_VERIFICATION_NOT_SENT": Refusal.NOT_READY,
    "CHANNEL_NOT_FOUND": Refusal.NOT_ALLOWED,
    "MAX_TRANSACTION_COUNT_REACHED": Refusal.TOO_MANY,
    "PG_PROVIDER": Refusal.REJECTED,
    "B2B_TAX_INVOICE_SUPPLIER_DOCUMENT_KEY_ALREADY_USED": Refusal.ALREADY_DONE,
    "B2B_TAX_INVOICE_STATUS_NOT_SENDING_COMPLETED": Refusal.NOT_READY,
    "B2B_ORIGINAL_TAX_INVOICE_NOT_FOUND": Refusal.NOT_READY,
    "B2B_TAX_INVOICE_NOT_FOUND": Refusal.NOT_FOUND,
    "CASH_RECEIPT_ALREADY_ISSUED": Refusal.ALREADY_DONE,
    "CASH_RECEIPT_NOT_FOUND": Refusal.NOT_FOUND,
    "CASH_RECEIPT_NOT_ISSUED": Refusal.ALREADY_DONE,
    "B2B_EXTERNAL_SERVICE": Refusal.REJECTED,
    "PLATFORM_EXTERNAL_API_FAILED": Refusal.REJECTED,
    "PLATFORM_NOT_SUPPORTED_BANK": Refusal.INVALID,
    "INVALID_REQUEST": Refusal.INVALID,
    "UNAUTHORIZED": Refusal.NOT_ALLOWED,
    "FORBIDDEN": Refusal.NOT_ALLOWED,
    "BILLING_KEY_NOT_FOUND": Refusal.NOT_FOUND,
    "BILLING_KEY_ALREADY_DELETED": Refusal.DELETED,
    "PAYMENT_NOT_FOUND": Refusal.NOT_FOUND,
    "PAYMENT_NOT_WAITING_FOR_DEPOSIT": Refusal.NOT_READY,
    "PAYMENT_NOT_PAID": Refusal.NOT_READY,
    "ALREADY_PAID": Refusal.ALREADY_DONE,
    "PAYMENT_ALREADY_CANCELLED": Refusal.ALREADY_DONE,
    "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN": Refusal.AMOUNT_CHANGED,
    "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT": Refusal.AMOUNT_CHANGED,
}


class _ErrorAnswer(msgspec.Struct, rename="camel"):
    type: str
    pg_code: str | None = None


def _refusal(status: int, body: bytes) -> tuple[Refusal, str] | None:
    """PG_PROVIDER comes with 502 although it is a refusal, so the type is asked first.

    Its code is the one of the company behind: it says more.
    """
    try:
        answer = msgspec.json.decode(body, type=_ErrorAnswer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    kind, pg_code = answer.type, answer.pg_code
    known = _REFUSALS.get(kind)
    if known is not None:
        return known, pg_code if known is Refusal.REJECTED and _is_code(pg_code) else kind
    if 400 <= status < 500 and status not in {408, 429} and len(kind) < 80:
        return Refusal.INVALID, kind
    return None


def _is_code(text: str | None) -> TypeGuard[str]:
    """Whether it may be logged: a code, and no sentence that could name somebody."""
    return text is not None and re.fullmatch(r"[A-Za-z0-9_-]{1,60}", text) is not None


class PortOneConnection:
    """One provider, one pool, one circuit per kind of work.

    Identity and payments go through pools of their own: their read times differ, and an agency
    that is down must not keep cards from being read.
    """

    def __init__(
        self,
        base_url: str,
        api_secret: str,
        store_id: str,
        *,
        read_seconds: float = READ_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        breaker: CircuitBreaker | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.store_id = store_id
        self.headers = {"Authorization": f"PortOne {api_secret}"}
        self.http = ProviderHttp(
            "portone",
            base_url,
            _refusal,
            read_seconds=read_seconds,
            connect_seconds=connect_seconds,
            breaker=breaker,
            transport=transport,
            sleep=sleep,
        )

    def about_payment(self, operation: str, payment_id: str, step: str, body: object) -> Call:
        """What the provider does once for our payment id, however often it is asked."""
        return Call(
            operation,
            "POST",
            f"/payments/{segment(payment_id)}{step}",
            json=body,
            headers=self.headers,
            repeatable=True,
        )

    async def aclose(self) -> None:
        await self.http.aclose()
