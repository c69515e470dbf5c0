"""Billing keys (자동카드결제) as the payment provider reports them, and why a charge is declined.

Source: PRODUCT.md section 11. A key is used once it was read from the provider and found to be
ours: issued at our store and channel, for our issue id, for our company.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.provider_payments import ChannelType


class BillingKeyStatus(StrEnum):
    ISSUED = "ISSUED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class ReportedBillingKey:
    """`channels`: key and type of each. `last4` is None where the number is masked whole.

    Providers do not tell when a card expires.
    """

    status: BillingKeyStatus
    store_id: str
    channels: tuple[tuple[str | None, ChannelType], ...]
    issue_id: str | None
    customer_id: str | None
    card_issuer: str | None
    card_name: str | None
    card_last4: str | None


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """KRW with VAT; `payment_id` is ours and makes the charge safe to repeat."""

    payment_id: str
    billing_key: str = field(repr=False)
    order_name: str
    amount: int
    vat: int
    customer_id: str


@dataclass(frozen=True, slots=True)
class ExpectedBillingKey:
    """What we gave for its issuing."""

    store_id: str
    channel_key: str
    issue_id: str
    customer_id: str


def check_billing_key(
    reported: ReportedBillingKey | None, expected: ExpectedBillingKey, *, production: bool
) -> ReportedBillingKey:
    """The key, where it is ours. Raises `billing_key_refused`, whatever is wrong with it.

    In production a key of a channel that is not LIVE takes no money.
    """
    if reported is None or reported.status is not BillingKeyStatus.ISSUED:
        raise DomainError("billing_key_refused", "/billing_key")
    kinds = [kind for key, kind in reported.channels if key == expected.channel_key]
    ours = (
        reported.store_id == expected.store_id
        and bool(kinds)
        and (not production or ChannelType.LIVE in kinds)
        and reported.issue_id == expected.issue_id
        and reported.customer_id == expected.customer_id
    )
    if not ours:
        raise DomainError("billing_key_refused", "/billing_key")
    return reported


class Decline(StrEnum):
    """Why a charge was declined, in our words."""

    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    DECLINED = "DECLINED"
    LOST_OR_STOLEN = "LOST_OR_STOLEN"
    CARD_STOPPED = "CARD_STOPPED"
    CARD_EXPIRED = "CARD_EXPIRED"
    CARD_INVALID = "CARD_INVALID"
    KEY_DELETED = "KEY_DELETED"
    """The billing key is not at the provider any more."""


DECLINE_LABELS: Mapping[Decline, Name] = MappingProxyType(
    {
        Decline.INSUFFICIENT_FUNDS: Name(
            "한도 초과 또는 잔액 부족", "Over the limit, or not enough money"
        ),
        Decline.DECLINED: Name("카드사 승인 거절", "Declined by the card's issuer"),
        Decline.LOST_OR_STOLEN: Name("분실·도난 신고된 카드", "Reported lost or stolen"),
        Decline.CARD_STOPPED: Name("정지된 카드", "The card is stopped"),
        Decline.CARD_EXPIRED: Name("유효기간이 지난 카드", "The card has expired"),
        Decline.CARD_INVALID: Name("사용할 수 없는 카드", "The card cannot be used"),
        Decline.KEY_DELETED: Name(
            "자동결제 등록이 해지된 카드", "The card's registration was removed"
        ),
    }
)
HARD = frozenset(Decline) - {Decline.INSUFFICIENT_FUNDS, Decline.DECLINED}
"""Trying again with the same card changes nothing (PRODUCT.md section 12)."""

_DECLINES: Mapping[str, Decline] = MappingProxyType(
    {
        "REJECT_CARD_PAYMENT": Decline.INSUFFICIENT_FUNDS,
        "REJECT_ACCOUNT_PAYMENT": Decline.INSUFFICIENT_FUNDS,
        "EXCEED_MAX_AMOUNT": Decline.INSUFFICIENT_FUNDS,
        "EXCEED_MAX_DAILY_PAYMENT_COUNT": Decline.INSUFFICIENT_FUNDS,
        "REJECT_CARD_COMPANY": Decline.DECLINED,
        "INVALID_CARD_LOST_OR_STOLEN": Decline.LOST_OR_STOLEN,
        "INVALID_STOPPED_CARD": Decline.CARD_STOPPED,
        "INVALID_CARD_EXPIRATION": Decline.CARD_EXPIRED,
        "INVALID_CARD_NUMBER": Decline.CARD_INVALID,
        "INVALID_REJECT_CARD": Decline.CARD_INVALID,
        "INVALID_BILL_KEY_REQUEST": Decline.CARD_INVALID,
        "NOT_SUPPORTED_CARD_TYPE": Decline.CARD_INVALID,
    }
)
"""Codes of the payment company behind our channel (Toss Payments, "자동결제 승인" errors)."""


def decline_of(pg_code: str | None) -> Decline:
    """What a payment company's code means; one that nobody has listed may be tried again."""
    return _DECLINES.get(pg_code or "", Decline.DECLINED)
