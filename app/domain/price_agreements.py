"""협약 단가: unit prices that a company or one of its memberships has agreed (PRODUCT.md 8).

They go before the catalogue's on the days for which they were agreed. Money is integer KRW, VAT
apart; days are Asia/Seoul dates, both inclusive. `docs/decisions` says what PRODUCT.md leaves open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from app.domain.catalogue import Catalogue, Name, Plan
from app.domain.errors import DomainError
from app.domain.price_lines import base_code, licence_code, setup_code
from app.domain.prices import LineKind, PricedItem

AGREED_NAME = Name("협약 단가", "Agreed price")


@dataclass(frozen=True, slots=True)
class PriceAgreement:
    """Unit prices by the code of the line they are for; of a whole company without a membership."""

    membership_id: UUID | None
    unit_prices: Mapping[str, int]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class PriceAgreements:
    """Those of one company, the earliest made first."""

    held: tuple[PriceAgreement, ...] = ()

    def on(self, day: date, membership_id: UUID | None = None) -> dict[str, int]:
        """What is agreed on a day: a membership's before its company's, the later before the

        earlier.
        """
        prices: dict[str, int] = {}
        for wanted in (None, membership_id) if membership_id else (None,):
            for agreement in self.held:
                if agreement.membership_id == wanted and (
                    agreement.first_day <= day <= agreement.last_day
                ):
                    prices |= agreement.unit_prices
        return prices


NONE_AGREED = PriceAgreements()


def with_agreed_prices(catalogue: Catalogue, prices: Mapping[str, int]) -> Catalogue:
    """The version with these unit prices in place of its own; tiers and promotions stay."""
    if not prices:
        return catalogue
    return replace(
        catalogue,
        plans=tuple(_agreed_plan(plan, prices) for plan in catalogue.plans),
        add_ons=tuple(
            replace(add_on, price=prices.get(add_on.code, add_on.price))
            for add_on in catalogue.add_ons
        ),
    )


def _agreed_plan(plan: Plan, prices: Mapping[str, int]) -> Plan:
    if plan.free:
        return plan
    return replace(
        plan,
        unit_price=prices.get(licence_code(plan), plan.unit_price),
        base_price=prices.get(base_code(plan), plan.base_price),
        setup_price=prices.get(setup_code(plan), plan.setup_price),
    )


def agreed_labels(priced: PricedItem, prices: Mapping[str, int]) -> PricedItem:
    """Says where an agreed price was taken; a promotion in the list price then says nothing."""
    taken = [
        line
        for line in priced.lines
        if line.kind is not LineKind.CREDIT and prices.get(line.code) == line.unit_price
    ]
    if not taken:
        return priced
    licence = any(line.kind is LineKind.LICENCE for line in taken)
    return replace(priced, labels=(AGREED_NAME, *(() if licence else priced.labels)))


def check_agreed_codes(catalogue: Catalogue, codes: Sequence[str], place: str) -> None:
    """Raises `agreed_code_unknown` for a code that no line of the catalogue has, and

    `agreed_code_twice`.
    """
    paid = [plan for plan in catalogue.plans if not plan.free]
    known = {code(plan) for plan in paid for code in (licence_code, base_code, setup_code)}
    known |= {add_on.code for add_on in catalogue.add_ons}
    for position, code in enumerate(codes):
        if code not in known:
            raise DomainError("agreed_code_unknown", f"{place}/{position}/code")
        if code in codes[:position]:
            raise DomainError("agreed_code_twice", f"{place}/{position}/code")
