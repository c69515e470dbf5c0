"""What an item makes of a contract: the one place where contracts change.

Source: PRODUCT.md sections 8 and 12. Money is integer KRW, VAT apart; days are Asia/Seoul dates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.domain.catalogue import Basis, Catalogue
from app.domain.contracts import Contract, HeldLine, Segment, unused_of
from app.domain.memberships import MembershipStatus
from app.domain.orders import OrderType
from app.domain.periods import expires_on
from app.domain.prices import Line, LineKind, PricedItem


@dataclass(frozen=True, slots=True)
class BoughtItem:
    """An item that takes effect `on` a day.

    `add_ons` are those it names, `nets` what was paid for each of its lines.
    """

    priced: PricedItem
    add_ons: Mapping[str, int]
    nets: Sequence[int]
    on: date


@dataclass(frozen=True, slots=True)
class AppliedItem:
    """The contract after an item.

    `sold` are the held lines it brought, each with its place among the item's lines; `segment` the
    contracted months it brought, if any; `not_served` the value of paid days that had passed before
    it took effect; `ended`: all lines held before have ended with the day before.
    """

    contract: Contract
    sold: tuple[tuple[int, HeldLine], ...]
    segment: Segment | None
    not_served: int = 0
    ended: bool = False


def open_contract(bought: BoughtItem) -> AppliedItem:
    """The contract of a NEW item whose site is opened on the day."""
    return _new_term(bought, dict(bought.add_ons), setup_paid=0)


def apply_item(catalogue: Catalogue, contract: Contract, bought: BoughtItem) -> AppliedItem:
    """A contract after an ADD, EXTEND, ADD_EXTEND or CHANGE that was priced for it."""
    priced = bought.priced
    if priced.type is OrderType.CHANGE:
        once = {add_on.code for add_on in catalogue.add_ons if add_on.basis is Basis.ONCE}
        packs = {code: n for code, n in contract.add_ons.items() if code in once}
        return _new_term(bought, _sum(packs, bought.add_ons), contract.setup_paid)
    segment = _segment(priced, OrderType.EXTEND)
    if segment is not None and contract.status_on(bought.on) is MembershipStatus.EXPIRED:
        return _taken_up_again(contract, bought, segment)
    sold, not_served = _from_the_day(contract.anchor_on, _served(contract, bought))
    after = replace(
        contract,
        users=contract.users + priced.users,
        segments=(*contract.segments, segment) if segment else contract.segments,
        add_ons=_sum(contract.add_ons, bought.add_ons),
        held=(*contract.held, *(line for _, line in sold)),
        status=MembershipStatus.IN_USE if segment else contract.status,
    )
    return AppliedItem(after, sold, segment, not_served)


def _served(contract: Contract, bought: BoughtItem) -> BoughtItem:
    """What is paid while OVERDUE is served from the day after expiry: the service was on."""
    if contract.status_on(bought.on) is MembershipStatus.OVERDUE:
        return replace(bought, on=contract.ends_at)
    return bought


def apply_renewal(catalogue: Catalogue, contract: Contract, bought: BoughtItem) -> AppliedItem:
    """A contract after a RENEWAL that was priced for it, scheduled changes in its content.

    `bought.add_ons` is what recurs from then on. The term goes on from the day after the last one,
    whenever it is paid, and boundaries from the same anchor; once-packs carry over. On a plan
    without terms the contract begins anew and has no end.

    To be called where a RENEWAL item is confirmed (`services/membership_changes`), before its row
    in `scheduled_changes` is deleted.
    """
    once = {add_on.code for add_on in catalogue.add_ons if add_on.basis is Basis.ONCE}
    packs = {code: n for code, n in contract.add_ons.items() if code in once}
    priced = bought.priced
    if priced.months is None:
        free = Contract(
            plan=priced.plan.code,
            users=priced.users,
            anchor_on=priced.starts_on,
            add_ons=_sum(packs, bought.add_ons),
            setup_paid=contract.setup_paid,
        )
        return AppliedItem(free, (), None, ended=True)
    segment = _segment(priced, OrderType.RENEWAL)
    assert segment is not None
    sold, _ = _from_the_day(contract.anchor_on, replace(bought, on=priced.starts_on))
    setup = sum(line.amount for line in priced.lines if line.kind is LineKind.SETUP)
    after = replace(
        contract,
        plan=priced.plan.code,
        users=priced.users,
        segments=(*contract.segments, segment),
        add_ons=_sum(packs, bought.add_ons),
        held=(*contract.held, *(line for _, line in sold)),
        setup_paid=contract.setup_paid + setup,
        status=MembershipStatus.IN_USE,
    )
    return AppliedItem(after, sold, segment)


def _new_term(bought: BoughtItem, add_ons: Mapping[str, int], setup_paid: int) -> AppliedItem:
    priced = bought.priced
    segment = _segment(priced, priced.type)
    sold = _from_the_start(bought)
    setup = sum(line.amount for line in priced.lines if line.kind is LineKind.SETUP)
    contract = Contract(
        plan=priced.plan.code,
        users=priced.users,
        anchor_on=bought.on,
        segments=(segment,) if segment else (),
        add_ons=add_ons,
        held=tuple(line for _, line in sold),
        setup_paid=setup_paid + setup,
    )
    return AppliedItem(contract, sold, segment, ended=priced.type is OrderType.CHANGE)


def _taken_up_again(contract: Contract, bought: BoughtItem, segment: Segment) -> AppliedItem:
    """An EXPIRED contract: a new term and anchor, what was held long used up."""
    sold = _from_the_start(bought)
    after = replace(
        contract,
        anchor_on=bought.on,
        segments=(segment,),
        held=tuple(line for _, line in sold),
        status=MembershipStatus.IN_USE,
    )
    return AppliedItem(after, sold, segment, ended=True)


def _segment(priced: PricedItem, half: OrderType) -> Segment | None:
    """The months that an item brings, with the prices of its recurring lines."""
    if priced.months is None:
        return None
    prices = {
        line.code: line.unit_price for line in priced.lines if line.recurring and line.half is half
    }
    return Segment(priced.months, prices)


def _held(line: Line, net: int, first_day: date, last_day: date) -> HeldLine:
    return HeldLine(
        line.code, line.quantity, line.unit_price, net, first_day, last_day, line.monthly
    )


def _from_the_start(bought: BoughtItem) -> tuple[tuple[int, HeldLine], ...]:
    """Lines of a whole term that begins on the day, whatever day it was priced for."""
    months = bought.priced.months
    if months is None:
        return ()
    last_day = expires_on(bought.on, months)
    return tuple(
        (place, _held(line, bought.nets[place], bought.on, last_day))
        for place, line in enumerate(bought.priced.lines)
        if line.recurring
    )


def _from_the_day(anchor: date, bought: BoughtItem) -> tuple[tuple[tuple[int, HeldLine], ...], int]:
    """Lines that join a running term: the days before the one are given back, not served."""
    sold: list[tuple[int, HeldLine]] = []
    given_back = 0
    for place, line in enumerate(bought.priced.lines):
        if not line.recurring or line.first_day is None or line.last_day is None:
            continue
        held = _held(line, bought.nets[place], line.first_day, line.last_day)
        if bought.on > held.first_day:
            worth = unused_of(held, anchor, bought.on)
            given_back += held.net - worth
            held = replace(held, net=worth, first_day=bought.on)
        if held.first_day <= held.last_day:
            sold.append((place, held))
    return tuple(sold), given_back


def _sum(held: Mapping[str, int], added: Mapping[str, int]) -> dict[str, int]:
    codes = [*held, *(code for code in added if code not in held)]
    return {code: held.get(code, 0) + added.get(code, 0) for code in codes}
