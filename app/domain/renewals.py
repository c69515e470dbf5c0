"""갱신: what is due of a term, and when (PRODUCT.md section 12, `docs/decisions/0024-renewal.md`).

D is the last day of a term; days are Asia/Seoul dates, moments aware UTC. Nothing here knows a
clock: what a term's timetable is follows from D, its kind and the membership, and what is due of it
from the last step that was taken and from `now`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from app.domain.catalogue import Name
from app.domain.contracts import GRACE_DAYS, Contract
from app.domain.memberships import MembershipStatus
from app.domain.orders import end_of
from app.domain.periods import SEOUL, seoul_date
from app.domain.prices import PricedItem
from app.domain.scheduled_changes import MONTHLY_ORDER_DAYS, YEARLY_ORDER_DAYS

YEARLY_REMINDERS, MONTHLY_REMINDERS = (-60, -40, -7, -1), (-1,)
"""Besides the mail with the order, which is the reminder of its day (D-30, monthly D-7)."""
OVERDUE_REMINDERS = (1, 7, 14)
CHARGE_DAYS = (0, 1, 3, 7)
CHARGES_BEGIN, CHARGES_LAST = time(10), timedelta(hours=8)
"""KST; charges are spread over the eight hours by the membership's id."""
MAILED_AT = time(9)
"""KST; orders are made then as well, so that their mail comes in the morning."""
EXPIRES_DAY = GRACE_DAYS + 1
"""The first day without access."""
KEPT_DAYS = 30
"""Days from that one on which data are kept."""
LATE_REMINDER = timedelta(days=2)
"""A reminder that could not be sent for longer is no reminder any more."""
ANNOUNCED_DAYS = 30
"""A higher price is announced so many days before it is charged †."""


class StepKind(StrEnum):
    """What is done. ANNOUNCE: a higher price to come, of a monthly term: a yearly one's order is in

    time for that. FREE: whether the free plan has room for a site that goes to it.
    """

    ANNOUNCE = "ANNOUNCE"
    REMIND = "REMIND"
    ORDER = "ORDER"
    FREE = "FREE"
    CHARGE = "CHARGE"
    OVERDUE = "OVERDUE"
    EXPIRE = "EXPIRE"
    TERMINATE = "TERMINATE"


class ChargeState(StrEnum):
    """What becomes of the next charge."""

    SCHEDULED = "SCHEDULED"
    PAYMENT_NEEDED = "PAYMENT_NEEDED"
    CONSENT_NEEDED = "CONSENT_NEEDED"
    CHARGING = "CHARGING"
    FAILED = "FAILED"
    PAID = "PAID"


CHARGE_STATE_LABELS: Mapping[ChargeState, Name] = MappingProxyType(
    {
        ChargeState.SCHEDULED: Name("자동 결제 예정", "Charged automatically"),
        ChargeState.PAYMENT_NEEDED: Name("결제 필요", "To be paid"),
        ChargeState.CONSENT_NEEDED: Name("금액 동의 필요", "Waits for consent to the price"),
        ChargeState.CHARGING: Name("결제 중", "Being charged"),
        ChargeState.FAILED: Name("결제 실패", "Payment failed"),
        ChargeState.PAID: Name("결제 완료", "Paid"),
    }
)


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """`paid`: its order is, and waits for its day. `charging`: a card is, just now. `failed`: all

    cards were declined. `consent_needed`: a higher price that nobody has agreed to. `automatic`:
    toggle and card.
    """

    paid: bool
    charging: bool
    failed: bool
    consent_needed: bool
    automatic: bool


def charge_state(facts: ChargeFacts) -> ChargeState:
    """The one that says most."""
    if facts.paid:
        return ChargeState.PAID
    if facts.charging:
        return ChargeState.CHARGING
    if facts.consent_needed:
        return ChargeState.CONSENT_NEEDED
    if facts.failed:
        return ChargeState.FAILED
    return ChargeState.SCHEDULED if facts.automatic else ChargeState.PAYMENT_NEEDED


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a term, due `at`; `offset` counts days from D."""

    kind: StepKind
    offset: int
    at: datetime

    @property
    def name(self) -> str:
        """Its place in the timetable: `REMIND-60`, `CHARGE+0`."""
        return f"{self.kind}{self.offset:+d}"


@dataclass(frozen=True, slots=True)
class Term:
    """What a timetable follows from. `months`: those of the next term, 1 or 12.

    `spread`: any whole number of the membership's own.
    """

    last_day: date
    months: int
    spread: int


@dataclass(frozen=True, slots=True)
class NextStep:
    """The first step that is not over; it may lie ahead. `late`: reminders left out before it."""

    step: Step | None
    late: tuple[Step, ...] = ()


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=SEOUL).astimezone(UTC)


@lru_cache(maxsize=4096)
def timetable(term: Term) -> tuple[Step, ...]:
    """Every step of a term, in the order in which they are taken."""
    monthly = term.months == 1
    order = -MONTHLY_ORDER_DAYS if monthly else -YEARLY_ORDER_DAYS
    remind = (*(MONTHLY_REMINDERS if monthly else YEARLY_REMINDERS), *OVERDUE_REMINDERS)
    charged_after = timedelta(seconds=term.spread % int(CHARGES_LAST.total_seconds()))

    def on(kind: StepKind, offset: int, at: time) -> Step:
        return Step(kind, offset, _at(term.last_day + timedelta(days=offset), at))

    def charge(offset: int) -> Step:
        begins = on(StepKind.CHARGE, offset, CHARGES_BEGIN)
        return Step(StepKind.CHARGE, offset, begins.at + charged_after)

    steps = [
        on(StepKind.ORDER, order, MAILED_AT),
        *((on(StepKind.ANNOUNCE, -ANNOUNCED_DAYS, MAILED_AT),) if monthly else ()),
        *(on(StepKind.REMIND, offset, MAILED_AT) for offset in remind),
        on(StepKind.FREE, 0, MAILED_AT),
        *(charge(offset) for offset in CHARGE_DAYS),
        on(StepKind.OVERDUE, 1, time()),
        on(StepKind.EXPIRE, EXPIRES_DAY, time()),
        on(StepKind.TERMINATE, EXPIRES_DAY + KEPT_DAYS, time()),
    ]
    return tuple(sorted(steps, key=lambda step: step.at))


def order_step(term: Term) -> Step:
    """When the renewal is ordered."""
    return next(step for step in timetable(term) if step.kind is StepKind.ORDER)


def is_past(term: Term, kind: StepKind, taken: str | None) -> bool:
    """Whether the first step of a kind was taken."""
    names = [step.name for step in timetable(term)]
    first = next(place for place, s in enumerate(timetable(term)) if s.kind is kind)
    return taken in names and names.index(taken) >= first


def next_step(term: Term, taken: str | None, now: datetime) -> NextStep:
    """What follows the step that was taken last (None: none yet).

    A reminder that is late is left out: more than two days, or where another one is due as well.
    Nothing else ever is, however late: what costs money or ends something runs in its order.
    """
    steps = list(timetable(term))
    names = [step.name for step in steps]
    rest = steps[names.index(taken) + 1 :] if taken in names else steps
    late: list[Step] = []
    for place, step in enumerate(rest):
        if step.kind is StepKind.REMIND and step.at <= now:
            newer = any(s.kind is StepKind.REMIND and s.at <= now for s in rest[place + 1 :])
            if newer or now - step.at > LATE_REMINDER:
                late.append(step)
                continue
        return NextStep(step, tuple(late))
    return NextStep(None, tuple(late))


def next_try(term: Term, taken: str | None) -> date | None:
    """The day of the next step that charges a card."""
    steps = timetable(term)
    names = [step.name for step in steps]
    rest = steps[names.index(taken) + 1 :] if taken in names else steps
    return next((seoul_date(step.at) for step in rest if step.kind is StepKind.CHARGE), None)


def charge_day(term: Term, taken: str | None, today: date, *, automatic: bool) -> date:
    """On which day a renewal is charged, or by when it is to be paid: D, then D+14."""
    tried = next_try(term, taken) if automatic else None
    if tried is not None:
        return tried
    late = automatic or today > term.last_day
    return term.last_day + timedelta(days=GRACE_DAYS) if late else term.last_day


def payable_until(last_day: date) -> datetime:
    """Until when a renewal can be paid (UTC): 24:00 KST of D+14."""
    return end_of(last_day + timedelta(days=GRACE_DAYS))


def status_due(status: MembershipStatus, kind: StepKind) -> MembershipStatus | None:
    """The state that a step leads to; None where it is reached or passed already."""
    wanted = {
        StepKind.OVERDUE: (MembershipStatus.IN_USE, MembershipStatus.OVERDUE),
        StepKind.EXPIRE: (MembershipStatus.OVERDUE, MembershipStatus.EXPIRED),
        StepKind.TERMINATE: (MembershipStatus.EXPIRED, MembershipStatus.TERMINATED),
    }
    before, after = wanted[kind]
    return after if status is before else None


def terminated_on(last_day: date) -> date:
    """The day on which an unpaid term's data are gone."""
    return last_day + timedelta(days=EXPIRES_DAY + KEPT_DAYS)


def former_prices(contract: Contract) -> Mapping[str, int]:
    """Unit prices of the running term: its last segment's, and of what was added at others."""
    prices = {line.code: line.unit_price for line in contract.held}
    if contract.segments:
        prices |= contract.segments[-1].unit_prices
    return prices


def is_dearer(contract: Contract, renewal: PricedItem, monthly_fee: int) -> bool:
    """Whether a renewal asks more for anything than the running term does.

    More users are no higher price; what is named for the first time has no former one. Of a
    contract without own prices (imported) the monthly fee is compared.
    """
    former = former_prices(contract)
    lines = [line for line in renewal.lines if line.recurring]
    if not former:
        return monthly_fee > 0 and sum(line.monthly for line in lines) > monthly_fee
    return any(line.unit_price > former.get(line.code, line.unit_price) for line in lines)
