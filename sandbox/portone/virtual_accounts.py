"""PortOne virtual accounts: issue (`instant`), close, and what people pay in at their bank."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.payments import find_payment, new_payment, notify, refuse_paid, vat_of
from sandbox.portone.state import CHANNELS, Account, Payment, PortOneWorld, new_id

BANKS = ("KOOKMIN", "SHINHAN", "WOORI", "HANA", "NONGHYUP", "IBK", "POST", "K_BANK", "KAKAO")
"""Those whose accounts this sandbox issues, as the SDK's `Bank` names them."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Expiry(_Model):
    valid_hours: Annotated[int | None, Field(gt=0, le=24 * 365)] = None
    due_date: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Expiry":
        if (self.valid_hours is None) is (self.due_date is None):
            raise ValueError("validHours or dueDate")
        return self


class _Option(_Model):
    type: Literal["NORMAL"]


class _VirtualAccount(_Model):
    bank: Annotated[str, Field(pattern=f"^({'|'.join(BANKS)})$")]
    expiry: _Expiry
    option: _Option
    remittee_name: str | None = None


class _Method(_Model):
    virtual_account: _VirtualAccount


class _Amount(_Model):
    total: Annotated[int, Field(gt=0)]
    tax_free: Annotated[int | None, Field(ge=0)] = None
    vat: Annotated[int | None, Field(ge=0)] = None


class _Customer(_Model):
    id: str | None = None


class _Instant(_Model):
    channel_key: str
    method: _Method
    order_name: Annotated[str, Field(min_length=1)]
    amount: _Amount
    currency: str
    customer: _Customer | None = None


def _issue(world: PortOneWorld, payment_id: str, request: _Instant) -> Payment:
    """An account for one payment; a second one for the same is refused as paid."""
    channels = {channel.key: kind for kind, channel in CHANNELS["VIRTUAL_ACCOUNT"].items()}
    if request.channel_key not in channels:
        raise PortOneFailure(ErrorType.CHANNEL_NOT_FOUND, "요청된 채널이 존재하지 않습니다.")
    former = world.portone.payments.get(payment_id) or new_payment(world, payment_id)
    refuse_paid(former)
    now = world.clock.now()
    wanted = request.method.virtual_account
    expires_at = wanted.expiry.due_date or now + timedelta(hours=wanted.expiry.valid_hours or 0)
    if expires_at <= now:
        raise invalid("입금 기한이 지났습니다.")
    total, tax_free = request.amount.total, request.amount.tax_free or 0
    vat = vat_of(max(total - tax_free, 0)) if request.amount.vat is None else request.amount.vat
    issued = replace(
        former,
        status="VIRTUAL_ACCOUNT_ISSUED",
        method="VIRTUAL_ACCOUNT",
        channel_type=channels[request.channel_key],
        total=total,
        tax_free=tax_free,
        vat=vat,
        currency=request.currency,
        order_name=request.order_name,
        customer_id=request.customer.id if request.customer else None,
        account=Account(
            number=f"562{secrets.randbelow(10**11):011d}",
            bank=wanted.bank,
            holder=wanted.remittee_name or "샌드박스",
            issued_at=now,
            expires_at=expires_at,
        ),
        changed_at=now,
        pg_tx_id=new_id("pg"),
    )
    notify(world, issued, "Transaction.VirtualAccountIssued")
    return find_payment(world, payment_id)


def close_account(world: PortOneWorld, payment_id: str) -> Payment:
    """Nothing can be paid in any more; raises PAYMENT_NOT_WAITING_FOR_DEPOSIT."""
    payment = find_payment(world, payment_id)
    if payment.status != "VIRTUAL_ACCOUNT_ISSUED":
        raise PortOneFailure(
            ErrorType.PAYMENT_NOT_WAITING_FOR_DEPOSIT, "입금 대기 상태의 결제 건이 아닙니다."
        )
    closed = replace(payment, status="CANCELLED", changed_at=world.clock.now())
    notify(world, closed, "Transaction.Cancelled")
    return find_payment(world, payment_id)


def payment_of_account(world: PortOneWorld, number: str) -> Payment:
    """Raises PAYMENT_NOT_FOUND."""
    for payment in world.portone.payments.values():
        if payment.account is not None and payment.account.number == number:
            return payment
    raise PortOneFailure(ErrorType.PAYMENT_NOT_FOUND, "가상계좌가 존재하지 않습니다.")


def deposit(
    world: PortOneWorld, number: str, amount: int | None = None, name: str = "한빛상사"
) -> Payment:
    """Somebody pays in, at any bank: in time or not, the right amount or not, once or twice.

    A real account would refuse much of it; the portal must bear it all. `amount` in KRW, what is
    asked for where it is None. Raises PAYMENT_NOT_FOUND.
    """
    payment = payment_of_account(world, number)
    account = payment.account
    assert account is not None
    came = amount if amount is not None else payment.total or 0
    if came <= 0:
        raise invalid("입금액이 올바르지 않습니다.")
    now = world.clock.now()
    account = replace(account, depositor=name, deposited=account.deposited + came)
    first = payment.paid_at is None
    total = came if first else payment.total
    paid = replace(
        payment,
        status="PAID" if first else payment.status,
        account=account,
        total=total,
        vat=payment.vat if total == payment.total else vat_of(total or 0),
        paid_at=payment.paid_at or now,
        changed_at=now,
    )
    notify(world, paid, "Transaction.Paid")
    return find_payment(world, payment.id)


def build_virtual_accounts_router(world: PortOneWorld) -> APIRouter:
    """The virtual account calls, without the provider's prefix."""
    router = APIRouter(route_class=PortOneRoute)

    @router.post("/payments/{payment_id}/instant")
    async def instant(payment_id: str, request: _Instant) -> dict[str, object]:
        issued = _issue(world, payment_id, request)
        paid_at = issued.changed_at.isoformat()
        return {"payment": {"pgTxId": issued.pg_tx_id, "paidAt": paid_at}}

    @router.post("/payments/{payment_id}/virtual-account/close")
    async def close(payment_id: str) -> dict[str, object]:
        return {"closedAt": close_account(world, payment_id).changed_at.isoformat()}

    return router
