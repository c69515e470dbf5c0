"""Payments: the table of their steps, and whether a provider's report is to be believed.

Source: PRODUCT.md section 11. A report that does not match delivers nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.provider_payments import ChannelType, ReportedPayment


class PaymentState(StrEnum):
    """REFUND_DUE: money is here that must go back whole, and has not yet."""

    READY = "READY"
    PAID = "PAID"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REFUND_DUE = "REFUND_DUE"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


PAYMENT_STATE_LABELS: Mapping[PaymentState, Name] = MappingProxyType(
    {
        PaymentState.READY: Name("결제 대기", "Waiting for payment"),
        PaymentState.PAID: Name("결제 완료", "Paid"),
        PaymentState.FAILED: Name("결제 실패", "Failed"),
        PaymentState.CANCELLED: Name("결제 취소", "Cancelled"),
        PaymentState.REFUND_DUE: Name("환불 예정", "Refund due"),
        PaymentState.PARTIALLY_REFUNDED: Name("부분 환불", "Partly refunded"),
        PaymentState.REFUNDED: Name("환불 완료", "Refunded"),
    }
)

_P = PaymentState

PAYMENT_STEPS: frozenset[tuple[PaymentState, PaymentState]] = frozenset(
    {
        (_P.READY, _P.PAID),
        (_P.READY, _P.FAILED),
        (_P.READY, _P.CANCELLED),
        (_P.READY, _P.REFUND_DUE),
        # A payer may try a refused card again in the same window, and a session that was closed
        # may have been paid a moment before: money that came is never denied.
        (_P.FAILED, _P.PAID),
        (_P.FAILED, _P.CANCELLED),
        (_P.FAILED, _P.REFUND_DUE),
        (_P.CANCELLED, _P.PAID),
        (_P.CANCELLED, _P.REFUND_DUE),
        (_P.PAID, _P.REFUND_DUE),
        (_P.PAID, _P.PARTIALLY_REFUNDED),
        (_P.PAID, _P.REFUNDED),
        (_P.PARTIALLY_REFUNDED, _P.REFUND_DUE),
        (_P.PARTIALLY_REFUNDED, _P.REFUNDED),
        (_P.REFUND_DUE, _P.REFUNDED),
        # A card company took it before it was sent: what was promised is not given back as well.
        (_P.REFUND_DUE, _P.PAID),
        (_P.REFUND_DUE, _P.PARTIALLY_REFUNDED),
    }
)


def step_payment(current: PaymentState, to: PaymentState) -> PaymentState:
    """The state stepped to. Raises `payment_state_conflict`; staying is no step."""
    if (current, to) not in PAYMENT_STEPS:
        raise DomainError("payment_state_conflict", current=current.value, wanted=to.value)
    return to


class PaymentFlag(StrEnum):
    """What is wrong with a report; operators see these codes."""

    PAYMENT_ID_MISMATCH = "payment_id_mismatch"
    STORE_MISMATCH = "store_mismatch"
    CHANNEL_MISMATCH = "channel_mismatch"
    CHANNEL_NOT_LIVE = "channel_not_live"
    AMOUNT_MISMATCH = "amount_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"
    PAID_BEFORE_ORDER = "paid_before_order"
    PARTLY_CANCELLED = "partly_cancelled"
    VAT_MISMATCH = "vat_mismatch"


@dataclass(frozen=True, slots=True)
class ExpectedPayment:
    """What we issued: ids, KRW with VAT, its VAT, and when the order was placed (aware)."""

    payment_id: str
    store_id: str
    channel_key: str
    amount: int
    vat: int
    ordered_at: datetime
    currency: str = "KRW"


def check_report(
    reported: ReportedPayment, expected: ExpectedPayment, production: bool
) -> tuple[PaymentFlag, ...]:
    """Every reason why this money must go back, none where it is ours.

    In production a channel that is not LIVE says PAID without money. Whether the order is still
    open is the caller's to check.
    """
    # Providers tell whole seconds: an order of 12:00:00.5 may be paid "at 12:00:00".
    placed_at = expected.ordered_at.replace(microsecond=0)
    checks = {
        PaymentFlag.PAYMENT_ID_MISMATCH: reported.id != expected.payment_id,
        PaymentFlag.STORE_MISMATCH: reported.store_id != expected.store_id,
        PaymentFlag.CHANNEL_MISMATCH: reported.channel_key != expected.channel_key,
        PaymentFlag.CHANNEL_NOT_LIVE: production and reported.channel_type is not ChannelType.LIVE,
        PaymentFlag.AMOUNT_MISMATCH: reported.amount_total != expected.amount,
        PaymentFlag.CURRENCY_MISMATCH: reported.currency != expected.currency,
        PaymentFlag.PARTLY_CANCELLED: reported.cancelled > 0,
        PaymentFlag.PAID_BEFORE_ORDER: (
            reported.paid_at is not None and reported.paid_at < placed_at
        ),
    }
    return tuple(flag for flag, wrong in checks.items() if wrong)


def check_vat(reported: ReportedPayment, expected: ExpectedPayment) -> tuple[PaymentFlag, ...]:
    """VAT_MISMATCH when the provider tells another VAT: the money is kept, the payment flagged.

    A provider that tells no VAT contradicts nothing.
    """
    if reported.vat is None or reported.vat == expected.vat:
        return ()
    return (PaymentFlag.VAT_MISMATCH,)
