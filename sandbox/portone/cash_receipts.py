"""PortOne: cash receipts (현금영수증) that the shop has issued itself, apart from the window's.

One a payment id, which may be one that PortOne never saw (외부 결제); cancelled as a whole. Source:
`portone-server-sdk` 0.21.0, `payment/cash_receipt/client.py`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.state import CASH_RECEIPT_CHANNEL, CashReceipt, PortOneWorld, new_id

REFUSED_NUMBERS = frozenset({"01000000000", "0000000000"})
"""The tax service knows nobody by them."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Amount(_Model):
    total: Annotated[int, Field(gt=0)]
    tax_free: Annotated[int | None, Field(ge=0)] = None
    vat: Annotated[int | None, Field(ge=0)] = None


class _Customer(_Model):
    identity_number: Annotated[str, Field(pattern=r"^[0-9]{10,18}$")]
    name: str | None = None
    email: str | None = None
    phone_number: str | None = None


class _Issue(_Model):
    payment_id: Annotated[str, Field(min_length=1, max_length=64)]
    channel_key: str
    type: Literal["PERSONAL", "CORPORATE"]
    order_name: Annotated[str, Field(min_length=1)]
    currency: Literal["KRW"]
    amount: _Amount
    customer: _Customer
    paid_at: datetime | None = None


def _find(world: PortOneWorld, payment_id: str) -> CashReceipt:
    found = world.portone.cash_receipts.get(payment_id)
    if found is None:
        raise PortOneFailure(ErrorType.CASH_RECEIPT_NOT_FOUND, "현금영수증이 존재하지 않습니다.")
    return found


def _issue(world: PortOneWorld, request: _Issue) -> CashReceipt:
    if request.channel_key != CASH_RECEIPT_CHANNEL.key:
        raise PortOneFailure(ErrorType.CHANNEL_NOT_FOUND, "요청된 채널이 존재하지 않습니다.")
    amount = request.amount
    if (amount.tax_free or 0) + (amount.vat or 0) > amount.total:
        raise invalid("세부 금액의 합이 총 금액보다 큽니다.")
    payment = world.portone.payments.get(request.payment_id)
    former = world.portone.cash_receipts.get(request.payment_id)
    if (former is not None and former.cancelled_at is None) or (payment and payment.cash_receipt):
        raise PortOneFailure(
            ErrorType.CASH_RECEIPT_ALREADY_ISSUED, "현금영수증이 이미 발급되었습니다."
        )
    if request.customer.identity_number in REFUSED_NUMBERS:
        raise PortOneFailure(
            ErrorType.PG_PROVIDER,
            "PG사에서 오류를 전달했습니다.",
            pg_code="INVALID_IDENTITY_NUMBER",
            pg_message="발급할 수 없는 번호입니다.",
        )
    receipt = CashReceipt(
        payment_id=request.payment_id,
        type=request.type,
        number=request.customer.identity_number,
        order_name=request.order_name,
        total=amount.total,
        tax_free=amount.tax_free or 0,
        vat=amount.vat or 0,
        issue_number=f"{len(world.portone.cash_receipts) + 1:09d}",
        pg_id=new_id("receipt"),
        issued_at=world.clock.now(),
    )
    world.portone.cash_receipts[receipt.payment_id] = receipt
    world.changed()
    return receipt


def _cancel(world: PortOneWorld, payment_id: str) -> CashReceipt:
    found = _find(world, payment_id)
    if found.cancelled_at is not None:
        raise PortOneFailure(ErrorType.CASH_RECEIPT_NOT_ISSUED, "발급된 현금영수증이 아닙니다.")
    cancelled = replace(found, cancelled_at=world.clock.now())
    world.portone.cash_receipts[payment_id] = cancelled
    world.changed()
    return cancelled


def _url(receipt: CashReceipt) -> str:
    return f"https://receipts.sandbox.example/cash/{receipt.pg_id}"


def receipt_json(world: PortOneWorld, receipt: CashReceipt) -> dict[str, object]:
    """The SDK's `IssuedCashReceipt` or `CancelledCashReceipt`."""
    body: dict[str, object] = {
        "status": "ISSUED" if receipt.cancelled_at is None else "CANCELLED",
        "merchantId": "merchant-sandbox",
        "storeId": world.settings.store_id,
        "paymentId": receipt.payment_id,
        "channel": CASH_RECEIPT_CHANNEL.selected(),
        "amount": receipt.total,
        "taxFreeAmount": receipt.tax_free,
        "vatAmount": receipt.vat,
        "currency": "KRW",
        "orderName": receipt.order_name,
        "isManual": True,
        "type": receipt.type,
        "pgReceiptId": receipt.pg_id,
        "issueNumber": receipt.issue_number,
        "url": _url(receipt),
        "issuedAt": receipt.issued_at.isoformat(),
    }
    if receipt.cancelled_at is not None:
        body["cancelledAt"] = receipt.cancelled_at.isoformat()
    return body


def build_cash_receipts_router(world: PortOneWorld) -> APIRouter:
    """The calls about cash receipts, without the provider's prefix."""
    router = APIRouter(route_class=PortOneRoute)

    @router.post("/cash-receipts")
    async def issue(request: _Issue) -> dict[str, object]:
        made = _issue(world, request)
        summary = {
            "issueNumber": made.issue_number,
            "url": _url(made),
            "pgReceiptId": made.pg_id,
        }
        return {"cashReceipt": summary}

    @router.get("/payments/{payment_id}/cash-receipt")
    async def get(payment_id: str) -> dict[str, object]:
        return receipt_json(world, _find(world, payment_id))

    @router.post("/payments/{payment_id}/cash-receipt/cancel")
    async def cancel(payment_id: str) -> dict[str, object]:
        cancelled = _cancel(world, payment_id)
        assert cancelled.cancelled_at is not None
        return {
            "cancelledAmount": cancelled.total,
            "cancelledAt": cancelled.cancelled_at.isoformat(),
        }

    return router
