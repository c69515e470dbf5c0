"""What a provider's call back means. It only says where to look: the truth is read afterwards."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PaymentEventKind(StrEnum):
    PAYMENT_CHANGED = "PAYMENT_CHANGED"
    BILLING_KEY_CHANGED = "BILLING_KEY_CHANGED"
    IGNORED = "IGNORED"
    """A type we do not know: acknowledged and left alone."""


class SiteEventKind(StrEnum):
    OPERATION_ENDED = "OPERATION_ENDED"
    USAGE_CHANGED = "USAGE_CHANGED"
    USER_CHANGED = "USER_CHANGED"
    IGNORED = "IGNORED"


class WebhookFault(StrEnum):
    SIGNATURE = "SIGNATURE"
    """Headers missing, too old, too new, or signed by nobody we know."""
    MALFORMED = "MALFORMED"
    """Signed, and not what was agreed."""
    TOO_LARGE = "TOO_LARGE"


class WebhookRefused(Exception):
    """A call back that is not believed."""

    def __init__(self, provider: str, fault: WebhookFault) -> None:
        super().__init__(f"{provider} webhook refused: {fault}")
        self.provider = provider
        self.fault = fault


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """`id` is the message's own, the same on each repeat. `name` is the provider's type."""

    id: str
    kind: PaymentEventKind
    name: str
    occurred_at: datetime | None
    store_id: str | None
    payment_id: str | None
    transaction_id: str | None
    cancellation_id: str | None
    billing_key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SiteEvent:
    """`external_id` is the portal's site; `subject` the groupware user it is about."""

    id: str
    kind: SiteEventKind
    name: str
    occurred_at: datetime | None
    external_id: str | None
    operation_id: str | None
    subject: str | None = field(repr=False)
