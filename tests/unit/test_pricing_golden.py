"""Every golden order whose items are all NEW."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalogue import Catalogue, Name, parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.coupons import Coupon, CouponScope
from app.domain.pricing import NewItem, price_order

TESTS = Path(__file__).parents[1]
ORDERS = json.loads((TESTS / "golden" / "pricing.json").read_text("utf-8"))["orders"]
NEW_ORDERS = [o for o in ORDERS if all(item["type"] == "NEW" for item in o["items"])]
CATALOGUES: dict[str, Catalogue] = {
    "2023-09": parse_catalogue(shipped_catalogues()[0].document),
    "tiered": parse_catalogue(json.loads((TESTS / "data" / "tiered.json").read_text("utf-8"))),
}


def test_the_golden_file_has_fifteen_orders_of_new_items() -> None:
    assert len(NEW_ORDERS) == 15


@pytest.mark.parametrize("case", NEW_ORDERS, ids=lambda case: case["name"])
def test_golden_new_order(case: dict[str, Any]) -> None:
    first = case["items"][0]
    today = date.fromisoformat(first.get("starts_on", "2024-06-03"))
    coupon = None
    if "coupon" in case:
        coupon = Coupon(
            code="GOLDEN",
            name=Name("쿠폰", "Coupon"),
            scope=CouponScope(case["coupon"]["scope"]),
            percent=case["coupon"].get("percent"),
            amount=case["coupon"].get("amount"),
            first_day=today,
            last_day=today,
        )
    items = [
        NewItem(
            plan=item["plan"],
            users=item.get("users"),
            months=item.get("months"),
            add_ons=tuple(item.get("add_ons", {}).items()),
        )
        for item in case["items"]
    ]
    priced = price_order(CATALOGUES[case["catalogue"]], items, coupon, today)
    expected = dict(case["expected"])
    if "expires_on" in expected:
        assert str(priced.items[0].expires_on) == expected.pop("expires_on")
    assert {name: getattr(priced, name) for name in expected} == expected
