"""A catalogue version as plain values, parsed from the operator's data and checked whole.

Money is integer KRW, VAT apart. Source: PRODUCT.md section 8, the guide's order pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import cast


class InvalidCatalogue(ValueError):
    """The data cannot be a catalogue; the message names the place."""


class Basis(StrEnum):
    """What an add-on's price is multiplied with; `ONCE` is charged once, the rest monthly."""

    PER_SITE = "PER_SITE"
    PER_USER = "PER_USER"
    PER_UNIT = "PER_UNIT"
    ONCE = "ONCE"


class PromotionKind(StrEnum):
    """`IN_PRICE` is in the unit price already; `PREPAY` is a discount on licence lines."""

    IN_PRICE = "IN_PRICE"
    PREPAY = "PREPAY"


@dataclass(frozen=True, slots=True)
class Name:
    """A text for people in both languages."""

    ko: str
    en: str


SERVICE_TYPES = {"SHARED": Name("공유형", "Shared"), "DEDICATED": Name("단독형", "Dedicated")}
"""서비스 유형 by what a plan says."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a term carries. `percent` is 0 for IN_PRICE."""

    kind: PromotionKind
    name: Name
    percent: int


@dataclass(frozen=True, slots=True)
class Term:
    """A length that can be bought, in months."""

    months: int
    promotion: Promotion | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan. `fixed_users` and `fixed_storage_gb` are set for the free one, which has no terms."""

    code: str
    name: Name
    service_type: str
    fixed_users: int | None
    unit_price: int
    list_unit_price: int | None
    base_price: int
    setup_price: int
    storage_gb_per_user: int
    fixed_storage_gb: int | None
    terms: tuple[Term, ...]

    @property
    def free(self) -> bool:
        """No term and no price: 만료일 없음."""
        return not self.terms

    def term(self, months: int | None) -> Term | None:
        return next((term for term in self.terms if term.months == months), None)


@dataclass(frozen=True, slots=True)
class Included:
    """What an add-on brings along: a quantity of another code, per month where `monthly`."""

    code: str
    quantity: int
    monthly: bool


@dataclass(frozen=True, slots=True)
class AddOn:
    """An add-on. `max_per_site` is null where any number can be bought."""

    code: str
    name: Name
    group: Name | None
    basis: Basis
    price: int
    max_per_site: int | None
    included: tuple[Included, ...]


@dataclass(frozen=True, slots=True)
class VolumeTier:
    """From `first` users on, `percent` off the whole licence line."""

    first: int
    percent: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version, in force from `effective_from` (KST) until the next one."""

    code: str
    effective_from: date
    plans: tuple[Plan, ...]
    add_ons: tuple[AddOn, ...]
    tiers: tuple[VolumeTier, ...]

    def plan(self, code: str) -> Plan | None:
        return next((plan for plan in self.plans if plan.code == code), None)

    def add_on(self, code: str) -> AddOn | None:
        return next((add_on for add_on in self.add_ons if add_on.code == code), None)


class _Reader:
    """One object of the document; every read names its place when it fails."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidCatalogue(f"{place}: an object is expected")
        self._value = cast("Mapping[str, object]", value)
        self._place = place

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidCatalogue(f"{self._place}/{name}: a text is expected")
        return value

    def whole(self, name: str) -> int:
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise InvalidCatalogue(f"{self._place}/{name}: a whole number ≥ 0 is expected")
        return value

    def whole_or_none(self, name: str) -> int | None:
        return None if self._value.get(name) is None else self.whole(name)

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise InvalidCatalogue(f"{self._place}/{name}: true or false is expected")
        return value

    def has(self, name: str) -> bool:
        return self._value.get(name) is not None

    def part(self, name: str) -> "_Reader":
        return _Reader(self._value.get(name), f"{self._place}/{name}")

    def parts(self, name: str) -> list["_Reader"]:
        value = self._value.get(name)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InvalidCatalogue(f"{self._place}/{name}: a list is expected")
        return [_Reader(part, f"{self._place}/{name}/{i}") for i, part in enumerate(value)]

    def name(self, name: str) -> Name:
        part = self.part(name)
        return Name(part.text("ko"), part.text("en"))


def parse_catalogue(document: Mapping[str, object]) -> Catalogue:
    """Raises `InvalidCatalogue`, also where codes repeat or tiers do not rise."""
    reader = _Reader(document, "")
    catalogue = Catalogue(
        code=reader.text("code"),
        effective_from=date.fromisoformat(reader.text("effective_from")),
        plans=tuple(_plan(part) for part in reader.parts("plans")),
        add_ons=tuple(_add_on(part) for part in reader.parts("add_ons")),
        tiers=tuple(
            VolumeTier(part.whole("first"), part.whole("percent")) for part in reader.parts("tiers")
        ),
    )
    _check(catalogue)
    return catalogue


def _plan(reader: _Reader) -> Plan:
    return Plan(
        code=reader.text("code"),
        name=reader.name("name"),
        service_type=reader.text("service_type"),
        fixed_users=reader.whole_or_none("fixed_users"),
        unit_price=reader.whole("unit_price"),
        list_unit_price=reader.whole_or_none("list_unit_price"),
        base_price=reader.whole("base_price"),
        setup_price=reader.whole("setup_price"),
        storage_gb_per_user=reader.whole("storage_gb_per_user"),
        fixed_storage_gb=reader.whole_or_none("fixed_storage_gb"),
        terms=tuple(_term(part) for part in reader.parts("terms")),
    )


def _term(reader: _Reader) -> Term:
    promotion = None
    if reader.has("promotion"):
        part = reader.part("promotion")
        kind = PromotionKind(part.text("kind"))
        promotion = Promotion(kind, part.name("name"), part.whole("percent"))
    return Term(reader.whole("months"), promotion)


def _add_on(reader: _Reader) -> AddOn:
    return AddOn(
        code=reader.text("code"),
        name=reader.name("name"),
        group=reader.name("group") if reader.has("group") else None,
        basis=Basis(reader.text("basis")),
        price=reader.whole("price"),
        max_per_site=reader.whole_or_none("max_per_site"),
        included=tuple(
            Included(part.text("code"), part.whole("quantity"), part.flag("monthly"))
            for part in reader.parts("included")
        ),
    )


def _check(catalogue: Catalogue) -> None:
    for what, codes in (
        ("plans", [plan.code for plan in catalogue.plans]),
        ("add_ons", [add_on.code for add_on in catalogue.add_ons]),
    ):
        if len(set(codes)) != len(codes):
            raise InvalidCatalogue(f"/{what}: a code stands twice")
    tiers = catalogue.tiers
    rising = all(a.first < b.first and a.percent < b.percent for a, b in pairwise(tiers))
    if not rising or any(tier.percent > 100 or tier.first < 1 for tier in tiers):
        raise InvalidCatalogue("/tiers: they must rise in users and percent")
