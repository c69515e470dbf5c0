"""협약 단가: which unit prices go before the catalogue's, and what they leave alone."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from app.domain.catalogue import parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.contracts import Contract, Segment
from app.domain.errors import DomainError
from app.domain.price_agreements import (
    PriceAgreement,
    PriceAgreements,
    check_agreed_codes,
    with_agreed_prices,
)
from app.domain.pricing import AddExtendItem, ChangeItem, NewItem, price_order

GUIDE = parse_catalogue(shipped_catalogues()[0].document)
TODAY = date(2026, 11, 24)
SITE, OTHER = UUID(int=1), UUID(int=2)


def agreement(membership: UUID | None = None, **prices: int) -> PriceAgreement:
    return PriceAgreement(membership, prices, date(2026, 11, 1), date(2026, 11, 30))


def test_an_agreement_holds_on_its_first_and_last_day_and_on_no_other() -> None:
    agreed = PriceAgreements((agreement(SHARED_USER=3000),))
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1)]
    assert [agreed.on(day) for day in days] == [
        {},
        {"SHARED_USER": 3000},
        {"SHARED_USER": 3000},
        {},
    ]


def test_a_memberships_agreement_goes_before_its_companys_code_by_code() -> None:
    agreed = PriceAgreements(
        (agreement(SITE, SHARED_USER=2500), agreement(SHARED_USER=3000, STORAGE_GB=400))
    )
    assert agreed.on(TODAY, SITE) == {"SHARED_USER": 2500, "STORAGE_GB": 400}
    assert agreed.on(TODAY, OTHER) == {"SHARED_USER": 3000, "STORAGE_GB": 400}
    assert agreed.on(TODAY) == {"SHARED_USER": 3000, "STORAGE_GB": 400}


def test_the_later_agreement_goes_before_the_earlier() -> None:
    agreed = PriceAgreements((agreement(SHARED_USER=3000), agreement(SHARED_USER=2000)))
    assert agreed.on(TODAY) == {"SHARED_USER": 2000}


def test_a_new_site_at_an_agreed_price_says_so_instead_of_the_promotion() -> None:
    """10 × 3,000 × 12 = 360,000, 50,000 set-up: 410,000 and 41,000 VAT."""
    item = NewItem("SHARED", 10, 12, agreed={"SHARED_USER": 3000})
    priced = price_order(GUIDE, [item], None, TODAY)
    assert (priced.amount, priced.total) == (410_000, 451_000)
    assert [label.ko for label in priced.items[0].labels] == ["협약 단가"]


def test_set_up_and_base_can_be_agreed_and_prepay_stays() -> None:
    """10 × 5,000 × 12 = 600,000 less 5 %; base 100,000 × 12 = 1,200,000; no set-up."""
    agreed = {"DEDICATED_BASE": 100_000, "DEDICATED_SETUP": 0}
    priced = price_order(GUIDE, [NewItem("DEDICATED", 10, 12, agreed=agreed)], None, TODAY)
    assert (priced.amount, priced.discount) == (1_800_000, 30_000)
    assert [label.ko for label in priced.items[0].labels] == ["협약 단가"]


def test_an_addition_keeps_the_terms_price_and_its_extension_takes_the_agreed_one() -> None:
    """2 × 4,000 × 12 = 96,000 for the term; 12 × 3,000 × 12 = 432,000 behind it."""
    contract = Contract("SHARED", 10, TODAY, (Segment(12, {"SHARED_USER": 4000}),))
    item = AddExtendItem(contract, 2, (), 12, {"SHARED_USER": 3000})
    priced = price_order(GUIDE, [item], None, TODAY)
    assert [line.amount for line in priced.items[0].lines] == [96_000, 432_000]


def test_a_code_that_the_term_does_not_hold_is_added_at_the_agreed_price() -> None:
    contract = Contract("SHARED", 10, TODAY, (Segment(1, {"SHARED_USER": 4000}),))
    item = AddExtendItem(contract, 0, (("STORAGE_GB", 10),), 0, {"STORAGE_GB": 100})
    assert price_order(GUIDE, [item], None, TODAY).amount == 1_000


def test_a_change_takes_the_agreed_prices() -> None:
    """10 × 2,000 + 200,000 for a month, 450,000 more set-up."""
    contract = Contract(
        "SHARED", 10, TODAY, (Segment(1, {"SHARED_USER": 4000}),), setup_paid=50_000
    )
    item = ChangeItem(contract, "DEDICATED", 10, 1, agreed={"DEDICATED_USER": 2000})
    assert price_order(GUIDE, [item], None, TODAY).amount == 670_000


def test_nobody_agrees_on_a_price_of_the_free_plan() -> None:
    assert with_agreed_prices(GUIDE, {"SHARED_FREE_USER": 1}) == replace(GUIDE)
    with pytest.raises(DomainError) as refused:
        check_agreed_codes(GUIDE, ["SHARED_USER", "SHARED_FREE_USER"], "/unit_prices")
    assert refused.value.pointer == "/unit_prices/1/code"
    with pytest.raises(DomainError, match="agreed_code_twice"):
        check_agreed_codes(GUIDE, ["SHARED_USER", "SHARED_USER"], "/unit_prices")
