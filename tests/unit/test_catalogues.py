"""Catalogue data: the guide's version, and data that must be refused."""

import copy
import json
from pathlib import Path

import pytest

from app.domain.catalogue import Basis, InvalidCatalogue, PromotionKind, parse_catalogue
from app.domain.catalogues import shipped_catalogues

TIERED = json.loads((Path(__file__).parents[1] / "data" / "tiered.json").read_text("utf-8"))


def test_the_guides_plans_and_prices() -> None:
    shipped = shipped_catalogues()[0]
    assert (shipped.code, shipped.effective_from.isoformat()) == ("2023-09", "2022-01-01")
    catalogue = parse_catalogue(shipped.document)
    found = [
        (p.code, p.name.ko, p.fixed_users, p.unit_price, p.base_price, p.setup_price)
        for p in catalogue.plans
    ]
    assert found == [
        ("SHARED_FREE", "공유형 무료", 9, 0, 0, 0),
        ("SHARED", "클라우드 공유형", None, 4000, 0, 50000),
        ("DEDICATED", "클라우드 단독형", None, 5000, 200000, 500000),
    ]


def test_long_terms_carry_the_guides_promotions() -> None:
    catalogue = parse_catalogue(shipped_catalogues()[0].document)
    carried = {
        (plan.code, term.months): (term.promotion.kind, term.promotion.name.ko)
        for plan in catalogue.plans
        for term in plan.terms
        if term.promotion
    }
    assert carried == {
        ("SHARED", 12): (PromotionKind.IN_PRICE, "50% 프로모션"),
        ("SHARED", 24): (PromotionKind.IN_PRICE, "50% 프로모션"),
        ("DEDICATED", 12): (PromotionKind.PREPAY, "장기선납 5%"),
        ("DEDICATED", 24): (PromotionKind.PREPAY, "장기선납 5%"),
    }


def test_the_add_ons_prices_and_bases() -> None:
    catalogue = parse_catalogue(shipped_catalogues()[0].document)
    assert [(a.code, a.basis, a.price) for a in catalogue.add_ons] == [
        ("STORAGE_GB", Basis.PER_UNIT, 500),
        ("ACCOUNTING", Basis.PER_USER, 0),
        ("CORPORATE_CARD", Basis.PER_UNIT, 2000),
        ("PERSONAL_CARD_USER", Basis.PER_UNIT, 500),
        ("BANK_ACCOUNT", Basis.PER_UNIT, 5000),
        ("TAX_INVOICE_100", Basis.ONCE, 10000),
        ("E_CONTRACT_100", Basis.ONCE, 50000),
    ]


def test_a_second_version_with_tiers_is_data_alone() -> None:
    catalogue = parse_catalogue(TIERED)
    assert [(tier.first, tier.percent) for tier in catalogue.tiers] == [
        (31, 5),
        (101, 10),
        (301, 20),
        (501, 30),
        (1001, 40),
        (5001, 50),
    ]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("plans", 0, "unit_price"), -1),
        (("plans", 0, "unit_price"), 1.5),
        (("plans", 0, "unit_price"), True),
        (("plans", 1, "code"), "SHARED_FREE"),
        (("plans", 1, "name"), "공유형"),
        (("add_ons", 0, "basis"), "PER_MOON"),
        (("tiers", 1, "first"), 31),
        (("tiers", 5, "percent"), 101),
        (("effective_from",), "someday"),
        (("plans",), None),
    ],
)
def test_data_that_is_no_catalogue_is_refused(path: tuple[str | int, ...], value: object) -> None:
    document = copy.deepcopy(TIERED)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises((InvalidCatalogue, ValueError)):
        parse_catalogue(document)
