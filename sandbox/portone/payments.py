"""PortOne payments: pre-register, get, cancel, the books by cursor, a webhook again."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.state import (
    CHANNELS,
    Account,
    Cancellation,
    Dispute,
    Payment,
    PortOneWorld,
    SentWebhook,
    new_id,
)

# Where a notice says it went; the core knows the portal's real address.
WEBHOOK_URL = "http://127.0.0.1/webhooks/portone"


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _PreRegister(_Model):
    total_amount: Annotated[int | None, Field(gt=0)] = None
    tax_free_amount: Annotated[int | None, Field(ge=0)] = None
    currency: str = "KRW"


class _RefundAccount(_Model):
    """Where money of a virtual account goes back to: nobody else knows."""

    bank: str
    number: Annotated[str, Field(min_length=1)]
    holder_name: Annotated[str, Field(min_length=1)]
    holder_phone_number: str | None = None


class _Cancel(_Model):
    reason: Annotated[str, Field(min_length=1)]
    amount: Annotated[int | None, Field(gt=0)] = None
    tax_free_amount: Annotated[int | None, Field(ge=0)] = None
    vat_amount: Annotated[int | None, Field(ge=0)] = None
    current_cancellable_amount: int | None = None
    skip_webhook: bool = False
    refund_account: _RefundAccount | None = None


class _Resend(_Model):
    webhook_id: str | None = None


class _Books(_Model):
    from_: Annotated[AwareDatetime | None, Field(alias="from")] = None
    until: AwareDatetime | None = None
    cursor: Annotated[str | None, Field(pattern=r"^[0-9]+$")] = None
    size: Annotated[int, Field(ge=1, le=1000)] = 10


def vat_of(taxable: int) -> int:
    """The VAT inside a taxable amount in KRW: one eleventh, to the nearest won."""
    return (taxable * 2 + 11) // 22


def find_payment(world: PortOneWorld, payment_id: str) -> Payment:
    """The payment; raises PortOneFailure PAYMENT_NOT_FOUND."""
    payment = world.portone.payments.get(payment_id)
    if payment is None:
        raise PortOneFailure(ErrorType.PAYMENT_NOT_FOUND, "결제 건이 존재하지 않습니다.")
    return payment


def keep_payment(world: PortOneWorld, payment: Payment) -> None:
    """Remember the payment as it now is."""
    world.portone.payments[payment.id] = payment
    world.changed()


def new_payment(world: PortOneWorld, payment_id: str) -> Payment:
    """A READY payment without an amount, requested now."""
    now = world.clock.now()
    return Payment(
        id=payment_id,
        sequence=world.portone.next_sequence(),
        transaction_id=new_id("tx"),
        store_id=world.settings.store_id,
        status="READY",
        total=None,
        tax_free=0,
        vat=0,
        currency="KRW",
        order_name="샌드박스 결제",
        requested_at=now,
        changed_at=now,
    )


def refuse_paid(payment: Payment) -> None:
    """Raises PortOneFailure ALREADY_PAID once money has come, also when it was refunded."""
    if payment.status not in {"READY", "PENDING", "FAILED"}:
        raise PortOneFailure(ErrorType.ALREADY_PAID, "이미 결제된 건입니다.")


def notify(
    world: PortOneWorld, payment: Payment, kind: str, cancellation: Cancellation | None = None
) -> None:
    """Keep the payment and queue its webhook, such as `Transaction.Paid`."""
    data = {
        "storeId": payment.store_id,
        "paymentId": payment.id,
        "transactionId": payment.transaction_id,
    }
    if cancellation is not None:
        data["cancellationId"] = cancellation.id
    notice = SentWebhook(new_id("webhook"), kind, payment.status, data, world.clock.now())
    keep_payment(world, replace(payment, webhooks=(*payment.webhooks, notice)))
    world.webhooks.send("portone", kind, dict(data))


def _pre_register(world: PortOneWorld, payment_id: str, request: _PreRegister) -> None:
    payment = world.portone.payments.get(payment_id) or new_payment(world, payment_id)
    refuse_paid(payment)
    total, tax_free = request.total_amount, request.tax_free_amount or 0
    if tax_free > (total or 0):
        raise invalid("taxFreeAmount가 totalAmount보다 큽니다.")
    registered = replace(
        payment,
        total=total,
        tax_free=tax_free,
        vat=vat_of((total or 0) - tax_free),
        currency=request.currency,
    )
    keep_payment(world, registered)


def cancel(world: PortOneWorld, payment_id: str, amount: int, reason: str) -> Cancellation:
    """Gives back a part; raises PortOneFailure as the call does."""
    return _cancel(world, payment_id, _Cancel(reason=reason, amount=amount))


def _cancel(world: PortOneWorld, payment_id: str, request: _Cancel) -> Cancellation:
    payment = find_payment(world, payment_id)
    if payment.status == "CANCELLED":
        raise PortOneFailure(ErrorType.PAYMENT_ALREADY_CANCELLED, "이미 취소된 결제 건입니다.")
    if payment.status not in {"PAID", "PARTIAL_CANCELLED"}:
        raise PortOneFailure(ErrorType.PAYMENT_NOT_PAID, "결제가 완료되지 않은 건입니다.")
    cancellation = _cancellation(payment, request, world.clock.now())
    if payment.method == "VIRTUAL_ACCOUNT" and request.refund_account is None:
        raise PortOneFailure(
            ErrorType.PG_PROVIDER,
            "환불 계좌 정보가 필요합니다.",
            pg_code="INVALID_REFUND_ACCOUNT_NUMBER",
            pg_message="환불 계좌번호가 없습니다.",
        )
    if payment.on_cancel == "REFUSED":
        raise PortOneFailure(
            ErrorType.PG_PROVIDER,
            "카드사에서 취소를 거절했습니다.",
            pg_code="CANCEL_PERIOD_OVER",
            pg_message="취소 가능 기간이 지났습니다.",
        )
    if payment.on_cancel == "LATER":
        cancellation = replace(cancellation, status="REQUESTED")
    keep_cancellation(world, payment, cancellation, silent=request.skip_webhook)
    return cancellation


def keep_cancellation(
    world: PortOneWorld, payment: Payment, cancellation: Cancellation, *, silent: bool
) -> None:
    """Adds it to the payment, or takes the place of the one with its id; the portal is told."""
    others = tuple(c for c in payment.cancellations if c.id != cancellation.id)
    changed = replace(payment, cancellations=(*others, cancellation), changed_at=world.clock.now())
    changed = replace(changed, status=changed.refund_status)
    if silent:
        keep_payment(world, changed)
        return
    finished = "Cancelled" if changed.status == "CANCELLED" else "PartialCancelled"
    kind = finished if cancellation.status == "SUCCEEDED" else "CancelPending"
    notify(world, changed, f"Transaction.{kind}", cancellation)


def _cancellation(payment: Payment, request: _Cancel, now: datetime) -> Cancellation:
    """The refund's parts, checked against what is left of each part of the payment."""
    left = (payment.total or 0) - payment.cancelled
    left_tax_free = payment.tax_free - payment.cancelled_tax_free
    left_vat = payment.vat - payment.cancelled_vat
    if request.current_cancellable_amount not in {None, left}:
        raise PortOneFailure(
            ErrorType.CANCELLABLE_AMOUNT_BROKEN, "취소 가능 잔액이 일치하지 않습니다."
        )
    total = left if request.amount is None else request.amount
    if total > left:
        raise PortOneFailure(ErrorType.CANCEL_AMOUNT_EXCEEDS, "취소 가능 금액을 초과했습니다.")
    tax_free = request.tax_free_amount
    if tax_free is None:
        # Without a figure the whole refund is taxable, except that the rest takes all that is left.
        tax_free = left_tax_free if total == left else 0
    if tax_free > left_tax_free:
        raise PortOneFailure(
            ErrorType.CANCEL_TAX_FREE_AMOUNT_EXCEEDS, "취소 가능 면세 금액을 초과했습니다."
        )
    vat = request.vat_amount
    if vat is None:
        vat = left_vat if total == left else min(left_vat, vat_of(max(total - tax_free, 0)))
    if tax_free + vat > total:
        raise PortOneFailure(
            ErrorType.SUM_OF_PARTS_EXCEEDS, "하위 항목의 합이 취소 금액보다 큽니다."
        )
    if total - tax_free > left - left_tax_free or vat > left_vat:
        raise PortOneFailure(
            ErrorType.CANCEL_TAX_AMOUNT_EXCEEDS, "취소 가능 과세 금액을 초과했습니다."
        )
    return Cancellation(new_id("cancellation"), total, tax_free, vat, request.reason, now)


def _resend(world: PortOneWorld, payment_id: str, webhook_id: str | None) -> dict[str, object]:
    payment = find_payment(world, payment_id)
    notices = [w for w in payment.webhooks if webhook_id in {None, w.id}]
    if not notices:
        raise PortOneFailure(ErrorType.WEBHOOK_NOT_FOUND, "웹훅 내역이 존재하지 않습니다.")
    notice = notices[-1]
    world.webhooks.send("portone", notice.type, dict(notice.data))
    again = _webhook_json(notice) | {
        "trigger": "MANUAL",
        "triggeredAt": world.clock.now().isoformat(),
    }
    return {"webhook": again}


def _webhook_json(notice: SentWebhook) -> dict[str, object]:
    return {
        "id": notice.id,
        "url": WEBHOOK_URL,
        "paymentStatus": notice.status,
        "triggeredAt": notice.at.isoformat(),
    }


def _cancellation_json(cancellation: Cancellation) -> dict[str, object]:
    body: dict[str, object] = {
        "status": cancellation.status,
        "id": cancellation.id,
        "pgCancellationId": f"pg-{cancellation.id}",
        "totalAmount": cancellation.total,
        "taxFreeAmount": cancellation.tax_free,
        "vatAmount": cancellation.vat,
        "reason": cancellation.reason,
        "requestedAt": cancellation.at.isoformat(),
        "trigger": "API",
    }
    if cancellation.status == "SUCCEEDED":
        body["cancelledAt"] = cancellation.at.isoformat()
    return body


def payment_json(payment: Payment) -> dict[str, object]:
    """The SDK's ReadyPayment, PaidPayment …; absent facts are left out, as the SDK requires."""
    total = payment.total or 0
    body: dict[str, object] = {
        "status": payment.status,
        "id": payment.id,
        "transactionId": payment.transaction_id,
        "merchantId": "merchant-sandbox",
        "storeId": payment.store_id,
        "version": "V2",
        "requestedAt": payment.requested_at.isoformat(),
        "updatedAt": payment.changed_at.isoformat(),
        "statusChangedAt": payment.changed_at.isoformat(),
        "orderName": payment.order_name,
        "amount": {
            "total": total,
            "taxFree": payment.tax_free,
            "vat": payment.vat,
            "supply": total - payment.tax_free - payment.vat,
            "discount": 0,
            "paid": _paid(payment),
            "cancelled": payment.cancelled,
            "cancelledTaxFree": payment.cancelled_tax_free,
        },
        "currency": payment.currency,
        "customer": {"id": payment.customer_id} if payment.customer_id else {},
        "origin": {"platformType": "PC", "ipAddress": "127.0.0.1"},
        "webhooks": [_webhook_json(w) for w in payment.webhooks],
    }
    if payment.channel_type is not None:
        body["channel"] = CHANNELS[payment.method][payment.channel_type].selected()
    if payment.billing_key is not None:
        body["billingKey"] = payment.billing_key
    if payment.account is not None:
        body["method"] = account_json(payment.account)
    if payment.paid_at is not None:
        body |= _paid_facts(payment, payment.paid_at)
    if payment.status == "FAILED":
        reason = payment.failure or ""
        body["failedAt"] = payment.changed_at.isoformat()
        body["failure"] = {
            "reason": reason,
            "pgCode": payment.failure_code,
            "pgMessage": reason,
        }
    if payment.status == "CANCELLED" and not payment.cancellations:  # an account that was closed
        body |= {"cancellations": [], "cancelledAt": payment.changed_at.isoformat()}
    if payment.cancellations:
        body["cancellations"] = [_cancellation_json(c) for c in payment.cancellations]
        if payment.status in {"CANCELLED", "PARTIAL_CANCELLED"}:
            body["cancelledAt"] = payment.cancellations[-1].at.isoformat()
    return body


def _paid(payment: Payment) -> int:
    """Of a virtual account: whatever was paid in."""
    if payment.paid_at is None:
        return 0
    return payment.account.deposited if payment.account else payment.total or 0


def account_json(account: Account) -> dict[str, object]:
    """The SDK's `PaymentMethodVirtualAccount`."""
    body: dict[str, object] = {
        "type": "PaymentMethodVirtualAccount",
        "accountNumber": account.number,
        "bank": account.bank,
        "accountType": "NORMAL",
        "remitteeName": account.holder,
        "issuedAt": account.issued_at.isoformat(),
        "expiredAt": account.expires_at.isoformat(),
    }
    if account.depositor is not None:
        body["remitterName"] = account.depositor
    return body


def _paid_facts(payment: Payment, paid_at: datetime) -> dict[str, object]:
    return {
        "paidAt": paid_at.isoformat(),
        "pgTxId": payment.pg_tx_id or "",
        **_cash_receipt(payment, paid_at),
        "disputes": [_dispute_json(dispute) for dispute in payment.disputes],
        "method": _method_json(payment),
    }


def _cash_receipt(payment: Payment, paid_at: datetime) -> dict[str, object]:
    """The SDK's `IssuedPaymentCashReceipt`, where the payer asked for one."""
    if not payment.cash_receipt:
        return {}
    receipt = {
        "status": "ISSUED",
        "type": "CORPORATE",
        "issueNumber": payment.transaction_id[-9:],
        "totalAmount": payment.total or 0,
        "currency": payment.currency,
        "issuedAt": paid_at.isoformat(),
        "url": f"https://receipts.sandbox.example/cash/{payment.id}",
    }
    return {"cashReceipt": receipt}


def _dispute_json(dispute: Dispute) -> dict[str, object]:
    """The SDK's `Dispute`."""
    body: dict[str, object] = {
        "status": "RESOLVED" if dispute.resolved_at else "UNRESOLVED",
        "reason": dispute.reason,
        "createdAt": dispute.created_at.isoformat(),
        "pgDisputeId": dispute.id,
    }
    if dispute.resolved_at is not None:
        body["resolvedAt"] = dispute.resolved_at.isoformat()
    return body


def _method_json(payment: Payment) -> dict[str, object]:
    if payment.method == "TRANSFER":
        return _TRANSFER
    if payment.account is not None:
        return account_json(payment.account)
    return {
        "type": "PaymentMethodCard",
        "card": card_json(payment.card_number or "451842******1234"),
        "approvalNumber": "00000000",
        "installment": {"month": 0, "isInterestFree": False},
    }


def card_json(masked: str) -> dict[str, object]:
    """The SDK's `Card`."""
    return {
        "issuer": "SHINHAN_CARD",
        "brand": "LOCAL",
        "type": "CREDIT",
        "ownerType": "CORPORATE",
        "name": "샌드박스카드",
        "number": masked,
    }


_TRANSFER: dict[str, object] = {"type": "PaymentMethodTransfer", "bank": "SHINHAN_BANK"}


async def _books_request(request: Request, request_body: str | None) -> _Books:
    """The filter comes as JSON in `requestBody` of the query, or as the body of the GET."""
    text = request_body if request_body is not None else (await request.body()).decode() or "{}"
    try:
        return _Books.model_validate(json.loads(text))
    except (ValidationError, ValueError):
        raise invalid("requestBody 형식이 올바르지 않습니다.") from None


def _books(world: PortOneWorld, asked: _Books) -> dict[str, object]:
    """Payments in the order they came, both ends of the range included."""
    until = asked.until or world.clock.now()
    since = asked.from_ or until - timedelta(days=90)
    after = int(asked.cursor or 0)
    matching = [
        p
        for p in world.portone.payments.values()
        if since <= p.requested_at <= until and p.sequence > after
    ]
    page = matching[: asked.size]
    return {"items": [{"payment": payment_json(p), "cursor": str(p.sequence)} for p in page]}


def build_payments_router(world: PortOneWorld) -> APIRouter:
    """The payment calls, without the provider's prefix."""
    router = APIRouter(route_class=PortOneRoute)

    @router.post("/payments/{payment_id}/pre-register")
    async def pre_register(payment_id: str, request: _PreRegister) -> dict[str, object]:
        _pre_register(world, payment_id, request)
        return {}

    @router.get("/payments/{payment_id}")
    async def get(payment_id: str) -> dict[str, object]:
        return payment_json(find_payment(world, payment_id))

    @router.post("/payments/{payment_id}/cancel")
    async def cancel(payment_id: str, request: _Cancel) -> dict[str, object]:
        return {"cancellation": _cancellation_json(_cancel(world, payment_id, request))}

    @router.post("/payments/{payment_id}/resend-webhook")
    async def resend(payment_id: str, request: _Resend | None = None) -> dict[str, object]:
        return _resend(world, payment_id, request.webhook_id if request else None)

    @router.get("/payments-by-cursor")
    async def books(
        request: Request,
        request_body: Annotated[str | None, Query(alias="requestBody")] = None,
    ) -> dict[str, object]:
        return _books(world, await _books_request(request, request_body))

    return router
