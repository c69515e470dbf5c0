"""What the PortOne sandbox remembers, and what it needs of the sandbox world."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import uuid4

from pydantic import JsonValue, TypeAdapter

PaymentStatus = Literal[
    "READY",
    "PENDING",
    "VIRTUAL_ACCOUNT_ISSUED",
    "PAID",
    "FAILED",
    "PARTIAL_CANCELLED",
    "CANCELLED",
]
IdentityStatus = Literal["READY", "VERIFIED", "FAILED"]
ChannelType = Literal["LIVE", "TEST"]
PayMethod = Literal["CARD", "TRANSFER", "VIRTUAL_ACCOUNT", "BILLING_KEY"]
BillingKeyStatus = Literal["ISSUED", "DELETED"]
CancelStatus = Literal["SUCCEEDED", "REQUESTED", "FAILED"]
CancelAnswer = Literal["AT_ONCE", "LATER", "REFUSED"]
"""How the issuer takes a cancellation. REFUSED: the payment is too old."""


class Clock(Protocol):
    """The sandbox's business clock; `now()` is time-zone aware."""

    def now(self) -> datetime: ...


class Messages(Protocol):
    """The sandbox's phone network."""

    def add_sms(self, to: str, text: str, otp: str | None, /) -> object: ...


class Webhooks(Protocol):
    """Queues a signed Standard Webhooks post to the portal."""

    def send(
        self, target: Literal["portone", "groupware"], type: str, data: dict[str, object], /
    ) -> object: ...


class PortOneSettings(Protocol):
    """The keys the sandbox's PortOne knows."""

    @property
    def portone_secret(self) -> str: ...
    @property
    def store_id(self) -> str: ...


class PortOneWorld(Protocol):
    """The part of `sandbox.world.World` that PortOne uses."""

    @property
    def clock(self) -> Clock: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def portone(self) -> "PortOneState": ...
    @property
    def settings(self) -> PortOneSettings: ...
    def changed(self) -> object: ...


@dataclass(frozen=True)
class Channel:
    """A contract with a payment or identity company, as set up in PortOne's console."""

    id: str
    key: str
    name: str
    type: ChannelType
    provider: str
    merchant: str

    def selected(self) -> dict[str, object]:
        """The SDK's `SelectedChannel`."""
        return {
            "type": self.type,
            "id": self.id,
            "key": self.key,
            "name": self.name,
            "pgProvider": self.provider,
            "pgMerchantId": self.merchant,
        }


def _channels(method: str, name: str) -> dict[ChannelType, Channel]:
    return {
        "LIVE": Channel(
            f"channel-id-{method}",
            f"channel-key-{method}",
            name,
            "LIVE",
            "TOSSPAYMENTS",
            "sandbox-live",
        ),
        "TEST": Channel(
            f"channel-id-{method}-test",
            f"channel-key-{method}-test",
            f"{name}(테스트)",
            "TEST",
            "TOSSPAYMENTS",
            "sandbox-test",
        ),
    }


CHANNELS: dict[PayMethod, dict[ChannelType, Channel]] = {
    "CARD": _channels("card", "카드"),
    "TRANSFER": _channels("transfer", "실시간 계좌이체"),
    "VIRTUAL_ACCOUNT": _channels("virtual-account", "가상계좌"),
    "BILLING_KEY": _channels("billing", "자동카드결제"),
}
CASH_RECEIPT_CHANNEL = Channel(
    "channel-id-cash-receipt",
    "channel-key-cash-receipt",
    "현금영수증",
    "LIVE",
    "TOSSPAYMENTS",
    "sandbox-live",
)
IDENTITY_CHANNEL = Channel(
    "channel-id-identity", "channel-key-identity", "본인인증", "LIVE", "DANAL", "sandbox-identity"
)


@dataclass(frozen=True)
class Identity:
    """One identity verification. `birth_date` is YYYY-MM-DD; `otp` is the last one sent."""

    id: str
    status: IdentityStatus
    name: str
    phone_number: str
    operator: str
    method: Literal["SMS", "APP"]
    birth_date: str
    gender: Literal["MALE", "FEMALE"]
    is_foreigner: bool
    requested_at: datetime
    changed_at: datetime
    sent_at: datetime
    pg_tx_id: str
    otp: str | None = None
    wrong_otps: int = 0
    approved_in_app: bool = False
    customer_id: str | None = None
    custom_data: str | None = None
    failure: str | None = None
    first_number: str | None = None
    """The person's first number, where this one is another: who they are does not change."""


@dataclass(frozen=True)
class Cancellation:
    """One refund, in KRW."""

    id: str
    total: int
    tax_free: int
    vat: int
    reason: str
    at: datetime
    status: CancelStatus = "SUCCEEDED"


@dataclass(frozen=True)
class SentWebhook:
    """A notice about a payment that was queued to the portal."""

    id: str
    type: str
    status: PaymentStatus
    data: dict[str, str]
    at: datetime


@dataclass(frozen=True)
class BillingKey:
    """A card that may be charged without its owner. `outcome`: what becomes of its charges."""

    key: str
    status: BillingKeyStatus
    store_id: str
    channel_type: ChannelType
    card_number: str
    expires: str
    """The card's last month, YYYY-MM."""
    outcome: str
    issued_at: datetime
    issue_id: str | None = None
    issue_name: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    deleted_at: datetime | None = None

    @property
    def masked(self) -> str:
        return f"{self.card_number[:6]}******{self.card_number[-4:]}"


@dataclass(frozen=True)
class Dispute:
    """A card holder denies a payment (차지백)."""

    id: str
    reason: str
    created_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Account:
    """A virtual account. `deposited`: everything that came, in KRW; `depositor`: from whom last."""

    number: str
    bank: str
    holder: str
    issued_at: datetime
    expires_at: datetime
    depositor: str | None = None
    deposited: int = 0


@dataclass(frozen=True)
class Payment:
    """One payment. Money is integer KRW; `total` is None when only the id was registered."""

    id: str
    sequence: int
    transaction_id: str
    store_id: str
    status: PaymentStatus
    total: int | None
    tax_free: int
    vat: int
    currency: str
    order_name: str
    requested_at: datetime
    changed_at: datetime
    channel_type: ChannelType | None = None
    method: PayMethod = "CARD"
    paid_at: datetime | None = None
    failure: str | None = None
    failure_code: str = "REJECT_CARD"
    """The payment company's own code."""
    billing_key: str | None = None
    card_number: str | None = None
    """As shown: masked."""
    customer_id: str | None = None
    account: Account | None = None
    disputes: tuple[Dispute, ...] = ()
    cash_receipt: bool = False
    """현금영수증 that the payer asked for in the window."""
    pg_tx_id: str | None = None
    cancellations: tuple[Cancellation, ...] = ()
    webhooks: tuple[SentWebhook, ...] = ()
    on_cancel: CancelAnswer = "AT_ONCE"

    @property
    def going(self) -> tuple[Cancellation, ...]:
        """What was given back or is on its way."""
        return tuple(c for c in self.cancellations if c.status != "FAILED")

    @property
    def cancelled(self) -> int:
        return sum(c.total for c in self.going)

    @property
    def cancelled_tax_free(self) -> int:
        return sum(c.tax_free for c in self.going)

    @property
    def cancelled_vat(self) -> int:
        return sum(c.vat for c in self.going)

    @property
    def refund_status(self) -> PaymentStatus:
        """Of a captured payment: what its finished cancellations make of it."""
        done = sum(c.total for c in self.cancellations if c.status == "SUCCEEDED")
        if not done:
            return "PAID"
        return "CANCELLED" if done == self.total else "PARTIAL_CANCELLED"


@dataclass(frozen=True)
class TaxInvoice:
    """An issued tax invoice: `content` as it was asked for, in the provider's JSON."""

    id: str
    key: str
    content: dict[str, JsonValue]
    issued_at: datetime
    approval: str
    reason: str | None = None
    original_id: str | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class CashReceipt:
    """A cash receipt that the shop had issued; its payment need not be one of ours."""

    payment_id: str
    type: Literal["PERSONAL", "CORPORATE"]
    number: str
    order_name: str
    total: int
    tax_free: int
    vat: int
    issue_number: str
    pg_id: str
    issued_at: datetime
    cancelled_at: datetime | None = None


@dataclass(frozen=True)
class _Snapshot:
    identities: tuple[Identity, ...] = ()
    payments: tuple[Payment, ...] = ()
    billing_keys: tuple[BillingKey, ...] = ()
    first_numbers: dict[str, str] = field(default_factory=dict)
    account_holders: dict[str, str] = field(default_factory=dict)
    tax_invoices: tuple[TaxInvoice, ...] = ()
    cash_receipts: tuple[CashReceipt, ...] = ()


_SNAPSHOT = TypeAdapter(_Snapshot)


@dataclass
class PortOneState:
    """Identity verifications, payments and billing keys by id, in the order they came."""

    identities: dict[str, Identity] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    billing_keys: dict[str, BillingKey] = field(default_factory=dict)
    first_numbers: dict[str, str] = field(default_factory=dict)
    """By phone: the first number of the person who has it now."""
    account_holders: dict[str, str] = field(default_factory=dict)
    """By account number: who holds it, where that is not who usually does."""
    tax_invoices: dict[str, TaxInvoice] = field(default_factory=dict)
    """By the supplier's document key, in the order they came."""
    cash_receipts: dict[str, CashReceipt] = field(default_factory=dict)
    """By payment id: the last one of each."""

    def next_sequence(self) -> int:
        """A payment's place in the books; payments are never removed."""
        return len(self.payments) + 1

    def dump(self) -> dict[str, object]:
        """Plain JSON that `load` takes back."""
        snapshot = _Snapshot(
            tuple(self.identities.values()),
            tuple(self.payments.values()),
            tuple(self.billing_keys.values()),
            self.first_numbers,
            self.account_holders,
            tuple(self.tax_invoices.values()),
            tuple(self.cash_receipts.values()),
        )
        plain: dict[str, object] = _SNAPSHOT.dump_python(snapshot, mode="json")
        return plain

    def load(self, plain: dict[str, object]) -> None:
        """Replace everything with what `dump` gave; raises pydantic's ValidationError."""
        snapshot = _SNAPSHOT.validate_python(plain)
        self.identities = {i.id: i for i in snapshot.identities}
        self.payments = {p.id: p for p in snapshot.payments}
        self.billing_keys = {k.key: k for k in snapshot.billing_keys}
        self.first_numbers = dict(snapshot.first_numbers)
        self.account_holders = dict(snapshot.account_holders)
        self.tax_invoices = {t.key: t for t in snapshot.tax_invoices}
        self.cash_receipts = {r.payment_id: r for r in snapshot.cash_receipts}


def new_id(kind: str) -> str:
    """An id in the provider's manner, such as `tx-…`."""
    return f"{kind}-{uuid4()}"
