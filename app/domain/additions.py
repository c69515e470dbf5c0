"""추가/연장주문: what is added to a running term, and its extension (PRODUCT.md section 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate, pairwise

from app.domain.catalogue import AddOn, Basis, Catalogue, Plan, Term
from app.domain.contracts import Contract, Segment
from app.domain.errors import DomainError
from app.domain.memberships import MembershipStatus
from app.domain.money import percent_of
from app.domain.orders import OrderType
from app.domain.periods import Span, boundary, expires_on, span
from app.domain.price_lines import (
    Service,
    charged,
    check_add_ons,
    check_term,
    discount_lines,
    find_plan,
    licence_code,
    once_line,
    price_labels,
    recurring_line,
    term_lines,
    volume_percent,
)
from app.domain.prices import MAX_USERS, Line, LineKind, PricedItem


@dataclass(frozen=True, slots=True)
class AddExtendItem:
    """What a site gets more of: users, add-ons (increments), months (0: no extension).

    `agreed`: unit prices that go before the catalogue's, for what the term has no price of its own.
    """

    contract: Contract
    add_users: int = 0
    add_ons: tuple[tuple[str, int], ...] = ()
    extend_months: int = 0
    agreed: Mapping[str, int] = field(default_factory=dict)

    @property
    def adds(self) -> bool:
        return bool(self.add_users or self.add_ons)

    @property
    def type(self) -> OrderType:
        """The guide's label: 추가, 연장 or 추가+연장. With nothing chosen it is ADD_EXTEND."""
        if bool(self.extend_months) is self.adds:
            return OrderType.ADD_EXTEND
        return OrderType.ADD if self.adds else OrderType.EXTEND


def check_state(status: MembershipStatus, item: AddExtendItem, place: str) -> None:
    """An OVERDUE term can be extended, an EXPIRED one be taken up again, and no more.

    Raises `membership_overdue`, `membership_expired`, `membership_state_conflict`.
    """
    if status is MembershipStatus.TERMINATED:
        raise DomainError("membership_state_conflict", place, current=status.value)
    if status is MembershipStatus.OVERDUE and item.adds:
        raise DomainError("membership_overdue", place)
    if status is MembershipStatus.EXPIRED and (item.adds or not item.extend_months):
        raise DomainError("membership_expired", place)


def price_add_extend(
    catalogue: Catalogue, item: AddExtendItem, index: int, today: date
) -> PricedItem:
    """Prices an ADD_EXTEND as of `today`. Raises DomainError for what cannot be had."""
    place, contract = f"/items/{index}", item.contract
    check_state(contract.status_on(today), item, place)
    plan = find_plan(catalogue, contract.plan, place)
    term = _extension(plan, item, place)
    _check_users(plan, item, place)
    wanted = check_add_ons(catalogue, plan, item.add_ons, contract.add_ons, place)
    pricing = _Pricing(catalogue, plan, item, wanted, today)
    lines = pricing.additions()
    begins, ends = pricing.extension_days(term)
    if term is not None:
        lines += pricing.extension(term, begins, ends)
    lines, discounts = discount_lines(lines, term, OrderType.EXTEND)
    return PricedItem(
        index=index,
        plan=plan,
        users=item.add_users,
        months=item.extend_months or None,
        starts_on=max(today, contract.anchor_on) if item.adds or term is None else begins,
        expires_on=ends,
        lines=tuple(lines),
        discounts=tuple(discounts),
        labels=price_labels(term),
        type=item.type,
    )


def _extension(plan: Plan, item: AddExtendItem, place: str) -> Term | None:
    if not item.extend_months:
        return None
    return check_term(plan, item.extend_months, f"{place}/extend_months")


def _check_users(plan: Plan, item: AddExtendItem, place: str) -> None:
    where = f"{place}/add_users"
    if item.add_users and plan.fixed_users is not None:
        raise DomainError("paid_plan_required", where)
    if item.add_users < 0 or item.contract.users + item.add_users > MAX_USERS:
        raise DomainError("quantity_out_of_range", where, maximum=MAX_USERS)


@dataclass(frozen=True, slots=True)
class _Pricing:
    """One item's lines."""

    catalogue: Catalogue
    plan: Plan
    item: AddExtendItem
    wanted: list[tuple[AddOn, int]]
    today: date

    def additions(self) -> list[Line]:
        """A line for each segment that the rest of the term touches, then what is once."""
        half = OrderType.ADD
        if self.plan.free:
            return [
                once_line(LineKind.ADD_ON, a.code, a.name, self._count(a, n), a.price, half)
                for a, n in self.wanted
            ]
        lines = [
            line
            for segment, service in self._rest_of_term()
            for line in self._segment_lines(segment, service)
        ]
        lines += [
            once_line(LineKind.ADD_ON, add_on.code, add_on.name, quantity, add_on.price, half)
            for add_on, quantity in self.wanted
            if add_on.basis is Basis.ONCE
        ]
        return lines

    def _rest_of_term(self) -> list[tuple[Segment, Service]]:
        contract = self.item.contract
        anchor, found = contract.anchor_on, []
        today = max(self.today, anchor)
        ends = accumulate((segment.months for segment in contract.segments), initial=0)
        for segment, (first, end) in zip(contract.segments, pairwise(ends), strict=True):
            begins = max(today, boundary(anchor, first))
            length = span(anchor, begins, end)
            if length != Span(0):
                last = boundary(anchor, end) - timedelta(days=1)
                found.append((segment, Service(OrderType.ADD, length, begins, last)))
        return found

    def _segment_lines(self, segment: Segment, service: Service) -> list[Line]:
        """Added users at the segment's price, their share of PER_USER add-ons, then add-ons."""
        item, prices, lines = self.item, segment.unit_prices, []
        if item.add_users:
            lines.append(self._licence(segment, service))
            lines += [
                recurring_line(
                    LineKind.ADD_ON,
                    add_on.code,
                    add_on.name,
                    item.add_users,
                    prices.get(add_on.code, add_on.price),
                    service,
                )
                for add_on in self.catalogue.add_ons
                if add_on.basis is Basis.PER_USER and item.contract.add_ons.get(add_on.code)
            ]
        lines += [
            recurring_line(
                LineKind.ADD_ON,
                add_on.code,
                add_on.name,
                self._count(add_on, quantity),
                prices.get(add_on.code, add_on.price),
                service,
            )
            for add_on, quantity in self.wanted
            if add_on.basis is not Basis.ONCE
        ]
        return lines

    def _licence(self, segment: Segment, service: Service) -> Line:
        """In the bracket of the resulting total, for what is added only, without that cap."""
        code, users = licence_code(self.plan), self.item.add_users
        price = segment.unit_prices.get(code, self.plan.unit_price)
        line = recurring_line(LineKind.LICENCE, code, self.plan.name, users, price, service)
        percent = volume_percent(self.catalogue, self.item.contract.users + users)
        return replace(line, volume_percent=percent, volume=percent_of(line.amount, percent))

    def _count(self, add_on: AddOn, quantity: int) -> int:
        return charged(add_on, quantity, self.item.contract.users + self.item.add_users)

    def extension_days(self, term: Term | None) -> tuple[date, date | None]:
        """The extension's first day and the last one contracted after it.

        An EXPIRED contract begins anew on the day.
        """
        contract = self.item.contract
        if term is None or not contract.segments:
            return self.today, contract.expires_on
        if contract.status_on(self.today) is MembershipStatus.EXPIRED:
            return self.today, expires_on(self.today, term.months)
        return contract.ends_at, expires_on(contract.anchor_on, contract.months + term.months)

    def extension(self, term: Term, begins: date, ends: date | None) -> list[Line]:
        """All quantities, old and added, at the day's prices; set-up and once-packs are not."""
        held = dict(self.item.contract.add_ons)
        for add_on, quantity in self.wanted:
            held[add_on.code] = held.get(add_on.code, 0) + quantity
        recurring = [
            (add_on, held[add_on.code])
            for add_on in self.catalogue.add_ons
            if add_on.basis is not Basis.ONCE and held.get(add_on.code)
        ]
        users = self.item.contract.users + self.item.add_users
        service = Service(OrderType.EXTEND, Span(term.months), begins, ends)
        return term_lines(self.catalogue, self.plan, users, recurring, service)
