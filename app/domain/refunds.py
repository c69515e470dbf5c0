"""Giving money back: how much of a payment, with which VAT, by which way, and how far it is.

Source: PRODUCT.md section 11 (Refunds), docs/decisions/0022. Money is integer KRW with VAT, `vat`
the part of it that is VAT. What goes back of a payment adds up to the payment and to its VAT.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.money import allot
from app.domain.payments import PaymentState


class RefundState(StrEnum):
    """REQUESTED: to be sent. SENT: the provider has it and finishes later.

    MANUAL_REQUIRED: by hand, because the issuer refused or there is no account to pay to.
    """

    REQUESTED = "REQUESTED"
    SENT = "SENT"
    DONE = "DONE"
    MANUAL_REQUIRED = "MANUAL_REQUIRED"


class RefundDestination(StrEnum):
    """PROVIDER: the way it came. ACCOUNT: the company's checked account. CREDIT: its balance.

    CLAIM: off what an order on terms still owes; no money moves.
    """

    PROVIDER = "PROVIDER"
    ACCOUNT = "ACCOUNT"
    CREDIT = "CREDIT"
    CLAIM = "CLAIM"


class RefundReason(StrEnum):
    """NOT_MATCHING, ORDER_CLOSED, OVERPAID: money that never was an order's.

    AT_PROVIDER: cancelled at the provider by somebody else than the portal.
    """

    NOT_MATCHING = "NOT_MATCHING"
    ORDER_CLOSED = "ORDER_CLOSED"
    OVERPAID = "OVERPAID"
    NOT_DELIVERED = "NOT_DELIVERED"
    OPENING_FAILED = "OPENING_FAILED"
    TERMINATION = "TERMINATION"
    WITHDRAWAL = "WITHDRAWAL"
    AT_PROVIDER = "AT_PROVIDER"


REFUND_STATE_LABELS: Mapping[RefundState, Name] = MappingProxyType(
    {
        RefundState.REQUESTED: Name("환불 예정", "Refund due"),
        RefundState.SENT: Name("환불 처리 중", "On its way"),
        RefundState.DONE: Name("환불 완료", "Refunded"),
        RefundState.MANUAL_REQUIRED: Name("환불 확인 중", "Being looked at by our staff"),
    }
)
REFUND_DESTINATION_LABELS: Mapping[RefundDestination, Name] = MappingProxyType(
    {
        RefundDestination.PROVIDER: Name("결제 취소", "To the means of payment"),
        RefundDestination.ACCOUNT: Name("환불 계좌", "To the refund account"),
        RefundDestination.CREDIT: Name("크레딧", "To the credit balance"),
        RefundDestination.CLAIM: Name("청구액 감액", "Off what is owed"),
    }
)
REFUND_REASON_LABELS: Mapping[RefundReason, Name] = MappingProxyType(
    {
        RefundReason.NOT_MATCHING: Name("주문과 일치하지 않는 결제", "It did not match the order"),
        RefundReason.ORDER_CLOSED: Name("종료된 주문의 결제", "Its order was over"),
        RefundReason.OVERPAID: Name("초과 입금", "More was paid than was due"),
        RefundReason.NOT_DELIVERED: Name("반영되지 않은 주문", "Ordered but not delivered"),
        RefundReason.OPENING_FAILED: Name("서비스 개설 실패", "The service could not be opened"),
        RefundReason.TERMINATION: Name("서비스 해지", "Termination"),
        RefundReason.WITHDRAWAL: Name("청약 철회", "Withdrawal within 7 days"),
        RefundReason.AT_PROVIDER: Name("결제사 취소", "Cancelled at the payment company"),
    }
)

NEVER_AN_ORDERS: frozenset[RefundReason] = frozenset(
    {RefundReason.NOT_MATCHING, RefundReason.ORDER_CLOSED, RefundReason.OVERPAID}
)
"""Money that paid for nothing: no sale is taken back with it."""
WHOLE: frozenset[RefundReason] = frozenset({RefundReason.NOT_MATCHING, RefundReason.ORDER_CLOSED})
"""What gives back all that is left, however much that has become meanwhile."""

_S = RefundState
REFUND_STEPS: frozenset[tuple[RefundState, RefundState]] = frozenset(
    {
        (_S.REQUESTED, _S.SENT),
        (_S.REQUESTED, _S.DONE),
        (_S.REQUESTED, _S.MANUAL_REQUIRED),
        (_S.SENT, _S.DONE),
        (_S.SENT, _S.MANUAL_REQUIRED),
        (_S.MANUAL_REQUIRED, _S.REQUESTED),  # there is an account now
        (_S.MANUAL_REQUIRED, _S.DONE),
    }
)


def step_refund(current: RefundState, to: RefundState) -> RefundState:
    """The state stepped to. Raises `refund_state_conflict`; staying is no step."""
    if (current, to) not in REFUND_STEPS:
        raise DomainError("refund_state_conflict", current=current.value, wanted=to.value)
    return to


@dataclass(frozen=True, slots=True)
class Money:
    """A sum and the VAT in it."""

    amount: int
    vat: int


def rest_of(value: Money, shares: Sequence[Money]) -> Money:
    """What is left of a value once these shares of it are given back."""
    return Money(
        value.amount - sum(share.amount for share in shares),
        max(value.vat - sum(share.vat for share in shares), 0),
    )


@dataclass(frozen=True, slots=True)
class Received:
    """A payment, or the credit that an order used, and what of it is given back already.

    What is only requested counts: two refunds at once never promise the same won.
    """

    amount: int
    vat: int
    back: int = 0
    back_vat: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.back

    @property
    def left_vat(self) -> int:
        return self.vat - self.back_vat


def part_of(received: Received, amount: int, vat: int | None = None) -> Money:
    """A part to give back, with its VAT: `vat` where it is known, else in proportion.

    The last part has what is left of the VAT, so that the parts add up. A known VAT that does not
    fit into what is left becomes the nearest that does. Raises `refund_exceeds_payment`.
    """
    if not 0 < amount <= received.left:
        raise DomainError("refund_exceeds_payment", left=max(received.left, 0))
    if vat is None:
        so_far = received.back + amount
        vat = received.vat * so_far // received.amount - received.back_vat
    supply_left = received.left - received.left_vat
    most = min(received.left_vat, amount)
    least = max(amount - supply_left, 0)
    return Money(amount, max(least, min(vat, most)))


def split(given_back: Money, sources: Sequence[Received]) -> tuple[Money, ...]:
    """What goes back to each source, in their order: all that fits to the first, then the next.

    The sources are the payments that paid an order, and last the credit it used. A share of zero is
    `Money(0, 0)`. Raises `refund_exceeds_payment`.
    """
    shares, left = [], given_back
    for source in sources:
        amount = min(left.amount, max(source.left, 0))
        if amount == 0:
            shares.append(Money(0, 0))
            continue
        share = part_of(source, amount, left.vat * amount // left.amount)
        shares.append(share)
        left = Money(left.amount - share.amount, max(left.vat - share.vat, 0))
    if left.amount > 0:
        raise DomainError("refund_exceeds_payment", left=given_back.amount - left.amount)
    return tuple(shares)


def value_of_item(nets: Sequence[int], place: int, order_vat: int) -> Money:
    """What was paid for one item of an order, of the items' nets: the VATs add up to the order's.

    An item that costs nothing, or that gave credit, is worth nothing.
    """
    worth = [max(net, 0) for net in nets]
    if worth[place] == 0:
        return Money(0, 0)
    vat = allot(max(order_vat, 0), worth)[place]
    return Money(worth[place] + vat, vat)


@dataclass(frozen=True, slots=True)
class Going:
    """One refund of a payment, as far as it is."""

    state: RefundState
    amount: int


def derive_payment_state(captured: int, refunds: Collection[Going]) -> PaymentState:
    """The state of a payment that brought `captured`, from its refunds."""
    back = sum(refund.amount for refund in refunds if refund.state is RefundState.DONE)
    going = sum(refund.amount for refund in refunds)
    if back >= captured:
        return PaymentState.REFUNDED
    if going >= captured:
        return PaymentState.REFUND_DUE
    return PaymentState.PARTIALLY_REFUNDED if back else PaymentState.PAID


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancellation at the provider that no refund of ours asked for."""

    cancellation_id: str
    amount: int
    vat: int


def fulfilled_by(cancelled: Cancelled, waiting: Mapping[UUID, int]) -> UUID | None:
    """Which waiting refund (id to amount) somebody has paid by hand at the provider, if any."""
    return next((key for key, amount in waiting.items() if amount == cancelled.amount), None)


RETRIES_PER_LOOK = 3
"""How often one job reads and cancels anew when another cancellation came between."""
