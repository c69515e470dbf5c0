"""PortOne billing keys: issue, get, delete, and charges. The card's number decides what happens.

Codes of refusals are those of the channels' company (Toss Payments, "자동결제 승인").
"""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.payments import (
    card_json,
    find_payment,
    new_payment,
    notify,
    refuse_paid,
    vat_of,
)
from sandbox.portone.state import (
    CHANNELS,
    BillingKey,
    ChannelType,
    Payment,
    PortOneWorld,
    new_id,
)

APPROVED = "APPROVED"
REFUSALS = {
    "INSUFFICIENT_FUNDS": (
        "REJECT_CARD_PAYMENT",
        "한도초과 혹은 잔액부족으로 결제에 실패했습니다.",
    ),
    "DECLINED": ("REJECT_CARD_COMPANY", "결제 승인이 거절되었습니다."),
    "LOST_OR_STOLEN": ("INVALID_CARD_LOST_OR_STOLEN", "분실 혹은 도난 카드입니다."),
    "STOPPED": ("INVALID_STOPPED_CARD", "정지된 카드입니다."),
    "EXPIRED": ("INVALID_CARD_EXPIRATION", "카드 정보를 다시 확인해주세요. (유효기간)"),
}
"""By outcome: the payment company's code and words."""
OUTCOMES = (APPROVED, *REFUSALS)
CARDS = {
    "4518420000001234": APPROVED,
    "4518420000000001": "INSUFFICIENT_FUNDS",
    "4518420000000002": "DECLINED",
    "4518420000000003": "LOST_OR_STOLEN",
    "4518420000000004": "STOPPED",
    "4518420000000005": "EXPIRED",
}
"""What becomes of a card's charges; any other number is a card whose charges are approved."""
CARD_NUMBER = re.compile(r"^[0-9]{14,16}$")
VALID_FOR = timedelta(days=3653)


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Credential(_Model):
    number: Annotated[str, Field(pattern=CARD_NUMBER.pattern)]
    expiry_year: Annotated[str, Field(pattern=r"^[0-9]{2}$")]
    expiry_month: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])$")]


class _Card(_Model):
    credential: _Credential


class _IssueMethod(_Model):
    card: _Card


class _Name(_Model):
    full: str | None = None


class _Customer(_Model):
    id: str | None = None
    name: _Name | None = None


class _Issue(_Model):
    channel_key: str
    method: _IssueMethod
    customer: _Customer | None = None
    skip_webhook: bool = False


class _Amount(_Model):
    total: Annotated[int, Field(gt=0)]
    tax_free: Annotated[int | None, Field(ge=0)] = None
    vat: Annotated[int | None, Field(ge=0)] = None


class _Charge(_Model):
    billing_key: str
    order_name: Annotated[str, Field(min_length=1)]
    amount: _Amount
    currency: str
    channel_key: str | None = None
    customer: _Customer | None = None
    skip_webhook: bool = False


def find_billing_key(world: PortOneWorld, key: str) -> BillingKey:
    """The key; raises PortOneFailure BILLING_KEY_NOT_FOUND."""
    found = world.portone.billing_keys.get(key)
    if found is None:
        raise PortOneFailure(ErrorType.BILLING_KEY_NOT_FOUND, "빌링키가 존재하지 않습니다.")
    return found


def _keep(world: PortOneWorld, key: BillingKey, event: str | None) -> BillingKey:
    world.portone.billing_keys[key.key] = key
    world.changed()
    if event is not None:
        data: dict[str, object] = {"storeId": key.store_id, "billingKey": key.key}
        world.webhooks.send("portone", f"BillingKey.{event}", data)
    return key


def issue_billing_key(
    world: PortOneWorld,
    card: str,
    *,
    expires: str | None = None,
    issue_id: str | None = None,
    customer_id: str | None = None,
    channel_type: ChannelType = "LIVE",
    store_id: str | None = None,
    quietly: bool = False,
) -> BillingKey:
    """A card was typed in the issuing window. `expires`: its last month, YYYY-MM.

    Raises INVALID_REQUEST for what is no number of a card.
    """
    if not CARD_NUMBER.fullmatch(card):
        raise invalid("카드 번호가 올바르지 않습니다.")
    now = world.clock.now()
    key = BillingKey(
        key=new_id("billing-key"),
        status="ISSUED",
        store_id=store_id or world.settings.store_id,
        channel_type=channel_type,
        card_number=card,
        expires=expires or f"{now + VALID_FOR:%Y-%m}",
        outcome=CARDS.get(card, APPROVED),
        issued_at=now,
        issue_id=issue_id,
        customer_id=customer_id,
    )
    return _keep(world, key, None if quietly else "Issued")


def decide_charges(world: PortOneWorld, key: str, outcome: str) -> BillingKey:
    """From now on the card is good, empty, lost …; raises BILLING_KEY_NOT_FOUND."""
    if outcome not in OUTCOMES:
        raise invalid("알 수 없는 카드 상태입니다.")
    return _keep(world, replace(find_billing_key(world, key), outcome=outcome), None)


def delete_billing_key(world: PortOneWorld, key: str, *, quietly: bool = False) -> BillingKey:
    """Raises BILLING_KEY_NOT_FOUND and BILLING_KEY_ALREADY_DELETED."""
    found = find_billing_key(world, key)
    if found.status == "DELETED":
        raise PortOneFailure(ErrorType.BILLING_KEY_ALREADY_DELETED, "이미 삭제된 빌링키입니다.")
    gone = replace(found, status="DELETED", deleted_at=world.clock.now())
    return _keep(world, gone, None if quietly else "Deleted")


def _issue(world: PortOneWorld, request: _Issue) -> BillingKey:
    channels = {channel.key: kind for kind, channel in CHANNELS["BILLING_KEY"].items()}
    if request.channel_key not in channels:
        raise PortOneFailure(ErrorType.CHANNEL_NOT_FOUND, "요청된 채널이 존재하지 않습니다.")
    credential = request.method.card.credential
    return issue_billing_key(
        world,
        credential.number,
        expires=f"20{credential.expiry_year}-{credential.expiry_month}",
        customer_id=request.customer.id if request.customer else None,
        channel_type=channels[request.channel_key],
        quietly=request.skip_webhook,
    )


def _charge(world: PortOneWorld, payment_id: str, request: _Charge) -> Payment:
    """Takes the money, or says why not; a payment that failed may be tried again."""
    key = find_billing_key(world, request.billing_key)
    if key.status == "DELETED":
        raise PortOneFailure(ErrorType.BILLING_KEY_ALREADY_DELETED, "이미 삭제된 빌링키입니다.")
    former = world.portone.payments.get(payment_id) or new_payment(world, payment_id)
    refuse_paid(former)
    begun = _begun(world, former, key, request)
    now = begun.changed_at
    outcome = "EXPIRED" if f"{now:%Y-%m}" > key.expires else key.outcome
    if outcome != APPROVED:
        code, words = REFUSALS[outcome]
        notify(world, replace(begun, status="FAILED", failure=words, failure_code=code), _FAILED)
        raise PortOneFailure(
            ErrorType.PG_PROVIDER, "결제가 거절되었습니다.", pg_code=code, pg_message=words
        )
    paid = replace(begun, status="PAID", failure=None, paid_at=now, pg_tx_id=new_id("pg"))
    notify(world, paid, "Transaction.Paid")
    return find_payment(world, payment_id)


_FAILED = "Transaction.Failed"


def _begun(world: PortOneWorld, former: Payment, key: BillingKey, request: _Charge) -> Payment:
    total, tax_free = request.amount.total, request.amount.tax_free or 0
    vat = vat_of(max(total - tax_free, 0)) if request.amount.vat is None else request.amount.vat
    if tax_free + vat > total:
        raise PortOneFailure(
            ErrorType.SUM_OF_PARTS_EXCEEDS_TOTAL, "하위 항목의 합이 전체 금액보다 큽니다."
        )
    customer = request.customer.id if request.customer else None
    return replace(
        former,
        transaction_id=new_id("tx") if former.status == "FAILED" else former.transaction_id,
        total=total,
        tax_free=tax_free,
        vat=vat,
        currency=request.currency,
        order_name=request.order_name,
        method="BILLING_KEY",
        channel_type=key.channel_type,
        billing_key=key.key,
        card_number=key.masked,
        customer_id=customer or key.customer_id,
        changed_at=world.clock.now(),
    )


def billing_key_json(key: BillingKey) -> dict[str, object]:
    """The SDK's IssuedBillingKeyInfo or DeletedBillingKeyInfo."""
    customer = {"id": key.customer_id, "name": key.customer_name}
    body: dict[str, object] = {
        "status": key.status,
        "billingKey": key.key,
        "merchantId": "merchant-sandbox",
        "storeId": key.store_id,
        "methods": [{"type": "BillingKeyPaymentMethodCard", "card": card_json(key.masked)}],
        "channels": [CHANNELS["BILLING_KEY"][key.channel_type].selected()],
        "customer": {name: value for name, value in customer.items() if value},
        "issuedAt": key.issued_at.isoformat(),
    }
    if key.issue_id is not None:
        body["issueId"] = key.issue_id
    if key.deleted_at is not None:
        body["deletedAt"] = key.deleted_at.isoformat()
    return body


def build_billing_keys_router(world: PortOneWorld) -> APIRouter:
    """The billing key calls, without the provider's prefix."""
    router = APIRouter(route_class=PortOneRoute)

    @router.post("/billing-keys")
    async def issue(request: _Issue) -> dict[str, object]:
        key = _issue(world, request)
        channel = CHANNELS["BILLING_KEY"][key.channel_type].selected()
        issued_at = key.issued_at.isoformat()
        info = {"billingKey": key.key, "issuedAt": issued_at, "channels": [channel]}
        return {"billingKeyInfo": info}

    @router.get("/billing-keys/{billing_key}")
    async def get(billing_key: str) -> dict[str, object]:
        return billing_key_json(find_billing_key(world, billing_key))

    @router.delete("/billing-keys/{billing_key}")
    async def delete(
        billing_key: str, skip: Annotated[bool, Query(alias="skipWebhook")] = False
    ) -> dict[str, object]:
        deleted_at = delete_billing_key(world, billing_key, quietly=skip).deleted_at
        assert deleted_at is not None
        return {"deletedAt": deleted_at.isoformat()}

    @router.post("/payments/{payment_id}/billing-key")
    async def charge(payment_id: str, request: _Charge) -> dict[str, object]:
        paid = _charge(world, payment_id, request)
        assert paid.paid_at is not None
        return {"payment": {"pgTxId": paid.pg_tx_id, "paidAt": paid.paid_at.isoformat()}}

    return router
