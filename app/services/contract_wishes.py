"""What is wanted for memberships, made priceable: each with the contract that it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from uuid import UUID

from app.db.contracts import ContractRead
from app.domain.changes import STORAGE, Usage, check_usage, storage_of
from app.domain.errors import DomainError
from app.domain.orders import OrderType
from app.domain.price_agreements import PriceAgreements
from app.domain.pricing import AddExtendItem, ChangeItem, NewItem, OrderWish, PricedOrder


@dataclass(frozen=True, slots=True)
class AddExtendWish:
    """ADD_EXTEND of a membership; `extend_months` 0: no extension."""

    membership_id: UUID
    add_users: int
    add_ons: tuple[tuple[str, int], ...]
    extend_months: int
    agreed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeWish:
    """CHANGE of a membership to what is named here."""

    membership_id: UUID
    plan: str
    users: int | None
    months: int | None
    add_ons: tuple[tuple[str, int], ...]
    agreed: Mapping[str, int] = field(default_factory=dict)


ItemWish = NewItem | AddExtendWish | ChangeWish


def memberships_named(items: Sequence[ItemWish]) -> list[UUID]:
    """Raises `membership_twice`: two items of one site would not know of each other."""
    found: list[UUID] = []
    for index, item in enumerate(items):
        if isinstance(item, NewItem):
            continue
        if item.membership_id in found:
            raise DomainError("membership_twice", f"/items/{index}/membership_id")
        found.append(item.membership_id)
    return found


def with_agreements(
    items: Sequence[ItemWish], agreements: PriceAgreements, day: date
) -> list[ItemWish]:
    """Each item with the unit prices that were agreed for it on the day."""
    if not agreements.held:
        return list(items)
    return [
        replace(
            item,
            agreed=agreements.on(day, None if isinstance(item, NewItem) else item.membership_id),
        )
        for item in items
    ]


def priceable(items: Sequence[ItemWish], contracts: Mapping[UUID, ContractRead]) -> list[OrderWish]:
    """Raises `membership_not_found` and `managed_by_reseller`."""
    return [
        item if isinstance(item, NewItem) else _with_contract(item, contracts, index)
        for index, item in enumerate(items)
    ]


def _with_contract(
    item: AddExtendWish | ChangeWish, contracts: Mapping[UUID, ContractRead], index: int
) -> AddExtendItem | ChangeItem:
    found = contracts.get(item.membership_id)
    where = f"/items/{index}/membership_id"
    if found is None:
        raise DomainError("membership_not_found", where)
    if found.billing_channel == "RESELLER":
        raise DomainError("managed_by_reseller", where)
    if isinstance(item, AddExtendWish):
        return AddExtendItem(
            found.contract, item.add_users, item.add_ons, item.extend_months, item.agreed
        )
    return ChangeItem(found.contract, item.plan, item.users, item.months, item.add_ons, item.agreed)


NOBODY_ASKED: Mapping[UUID, Usage] = MappingProxyType({})


def check_present_use(
    items: Sequence[ItemWish],
    priced: PricedOrder,
    contracts: Mapping[UUID, ContractRead],
    used: Mapping[UUID, Usage] = NOBODY_ASKED,
) -> None:
    """Raises `below_present_use` for a CHANGE to less than the groupware measured last.

    `used`: what it was asked for just now.
    """
    for item, wish in zip(priced.items, items, strict=True):
        if not isinstance(wish, ChangeWish):
            continue
        usage = used.get(wish.membership_id) or contracts[wish.membership_id].measured
        if usage is not None:
            ordered = dict(wish.add_ons).get(STORAGE, 0)
            check_usage(
                usage,
                item.users,
                storage_of(item.plan, item.users, ordered),
                f"/items/{item.index}",
            )


def check_something_is_ordered(items: Sequence[ItemWish]) -> None:
    """Raises `nothing_to_order` where an ADD_EXTEND chooses nothing."""
    for index, item in enumerate(items):
        if isinstance(item, AddExtendWish) and not (
            item.add_users or item.add_ons or item.extend_months
        ):
            raise DomainError("nothing_to_order", f"/items/{index}")


def order_type(item: ItemWish) -> OrderType:
    """What a request calls it."""
    if isinstance(item, NewItem):
        return OrderType.NEW
    return OrderType.ADD_EXTEND if isinstance(item, AddExtendWish) else OrderType.CHANGE
