"""A payment as the payment provider reports it: the truth about money, not about the order."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ChannelType(StrEnum):
    LIVE = "LIVE"
    TEST = "TEST"
    """A test channel says PAID without money."""


class ReportedStatus(StrEnum):
    READY = "READY"
    PENDING = "PENDING"
    VIRTUAL_ACCOUNT_ISSUED = "VIRTUAL_ACCOUNT_ISSUED"
    PAID = "PAID"
    FAILED = "FAILED"
    PARTIAL_CANCELLED = "PARTIAL_CANCELLED"
    CANCELLED = "CANCELLED"


class ReportedMethod(StrEnum):
    CARD = "CARD"
    VIRTUAL_ACCOUNT = "VIRTUAL_ACCOUNT"
    TRANSFER = "TRANSFER"
    EASY_PAY = "EASY_PAY"
    OTHER = "OTHER"


class CancelStatus(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    REQUESTED = "REQUESTED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ReportedCancellation:
    """One cancellation of a payment. `reason` is the words that were given for it."""

    id: str
    status: CancelStatus
    amount: int
    vat: int
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportedDispute:
    """A card holder denies the payment (차지백). `resolved_at` None: nobody has decided yet.

    Providers tell neither how it was decided nor an amount.
    """

    opened_at: datetime
    resolved_at: datetime | None
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportedAccount:
    """A virtual account, and until when (aware) it can be paid into."""

    bank: str
    number: str = field(repr=False)
    holder: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """A virtual account for one payment, in KRW; `holder` is the name that payers see."""

    payment_id: str
    channel_key: str
    bank: str
    holder: str
    order_name: str
    amount: int
    vat: int
    customer_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReportedCashReceipt:
    """현금영수증 that the payer asked for in the payment window; `number`: the tax service's."""

    number: str
    url: str | None


@dataclass(frozen=True, slots=True)
class ReportedPayment:
    """Amounts are integer units of `currency` (KRW: won); times are aware.

    `channel_*` and `method` are None until the payer has chosen. `card_last4` is the end of the
    masked number when the provider shows it.
    """

    id: str
    transaction_id: str
    status: ReportedStatus
    store_id: str
    channel_key: str | None
    channel_type: ChannelType | None
    order_name: str
    amount_total: int
    vat: int | None
    paid: int
    cancelled: int
    currency: str
    requested_at: datetime
    paid_at: datetime | None
    failed_at: datetime | None
    failure_code: str | None
    method: ReportedMethod | None
    card_issuer: str | None
    card_name: str | None
    card_last4: str | None
    approval_number: str | None
    receipt_url: str | None
    cancellations: tuple[ReportedCancellation, ...] = ()
    account: ReportedAccount | None = None
    disputes: tuple[ReportedDispute, ...] = ()
    cash_receipt: ReportedCashReceipt | None = None

    @property
    def cancellable(self) -> int:
        """What is captured and not yet sent back."""
        return self.amount_total - self.cancelled


@dataclass(frozen=True, slots=True)
class PaidBackTo:
    """A bank account in clear; `bank` is the provider's code."""

    bank: str
    number: str = field(repr=False)
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Send `amount` back, or all of it when None.

    `cancellable` is what we believe can be cancelled: it guards against a second cancellation at
    the same time and makes the call safe to repeat. `vat` is the part's VAT.
    `account`: where it goes, of a payment that came through a bank.
    """

    payment_id: str
    reason: str = field(repr=False)
    cancellable: int
    amount: int | None = None
    vat: int | None = None
    account: PaidBackTo | None = None


@dataclass(frozen=True, slots=True)
class CancelResult:
    """REQUESTED means that the provider will finish later: read the payment again."""

    id: str
    status: CancelStatus
    amount: int
    vat: int
    requested_at: datetime
    cancelled_at: datetime | None
    receipt_url: str | None
