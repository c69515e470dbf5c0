"""Every golden order and termination, through the domain."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalogue import Catalogue, Name, parse_catalogue
from app.domain.catalogues import shipped_catalogues
from app.domain.contracts import Contract, HeldLine, Segment
from app.domain.coupons import Coupon, CouponScope
from app.domain.pricing import AddExtendItem, ChangeItem, NewItem, OrderWish, price_order
from app.domain.terminations import settle_termination

TESTS = Path(__file__).parents[1]
GOLDEN = json.loads((TESTS / "golden" / "pricing.json").read_text("utf-8"))
ORDERS, TERMINATIONS = GOLDEN["orders"], GOLDEN["terminations"]
CATALOGUES: dict[str, Catalogue] = {
    "2023-09": parse_catalogue(shipped_catalogues()[0].document),
    "tiered": parse_catalogue(json.loads((TESTS / "data" / "tiered.json").read_text("utf-8"))),
}
ANY_DAY = "2024-06-03"


def test_the_golden_file_has_cases_of_every_kind() -> None:
    kinds = [item["type"] for order in ORDERS for item in order["items"]]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "NEW": 17,
        "ADD_EXTEND": 15,
        "CHANGE": 6,
    }
    assert len(TERMINATIONS) == 5


def held(paid: list[dict[str, Any]]) -> tuple[HeldLine, ...]:
    return tuple(
        HeldLine(
            code="SHARED_USER",
            quantity=1,
            unit_price=0,
            net=line["net"],
            first_day=date.fromisoformat(line["from"]),
            last_day=date.fromisoformat(line["to"]),
        )
        for line in paid
    )


def contract(item: dict[str, Any], plan: str) -> Contract:
    """As the golden file tells it; a CHANGE's segments reach as far as what was paid for."""
    anchor = date.fromisoformat(item.get("anchor_on", ANY_DAY))
    paid = item.get("paid", [])
    segments = [Segment(s["months"], {f"{plan}_USER": s["unit"]}) for s in item.get("segments", [])]
    if paid:
        last = max(date.fromisoformat(line["to"]) for line in paid)
        segments = [Segment(round((last - anchor).days / 30.4375))]
    return Contract(
        plan=plan,
        users=item.get("users", 9) if item["type"] == "ADD_EXTEND" else 1,
        anchor_on=anchor,
        segments=tuple(segments),
        add_ons=item.get("held", {}),
        held=held(paid),
        setup_paid=item.get("setup_paid", 0),
    )


def wish(item: dict[str, Any]) -> OrderWish:
    add_ons = tuple(item.get("add_ons", {}).items())
    match item["type"]:
        case "NEW":
            return NewItem(item["plan"], item.get("users"), item.get("months"), add_ons)
        case "ADD_EXTEND":
            return AddExtendItem(
                contract(item, item["plan"]),
                item.get("add_users", 0),
                add_ons,
                item.get("extend_months", 0),
            )
        case _:
            return ChangeItem(
                contract(item, item["from_plan"]),
                item["plan"],
                item["users"],
                item["months"],
                add_ons,
            )


@pytest.mark.parametrize("case", ORDERS, ids=lambda case: case["name"])
def test_golden_order(case: dict[str, Any]) -> None:
    first = case["items"][0]
    today = date.fromisoformat(first.get("on", first.get("starts_on", ANY_DAY)))
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
    items = [wish(item) for item in case["items"]]
    priced = price_order(CATALOGUES[case["catalogue"]], items, coupon, today)
    expected = dict(case["expected"])
    if "expires_on" in expected:
        assert str(priced.items[0].expires_on) == expected.pop("expires_on")
    assert {name: getattr(priced, name) for name in expected} == expected


@pytest.mark.parametrize("case", TERMINATIONS, ids=lambda case: case["name"])
def test_golden_termination(case: dict[str, Any]) -> None:
    settled = settle_termination(
        held(case["paid"]),
        date.fromisoformat(case["anchor_on"]),
        date.fromisoformat(case["last_day"]),
        case["fee_percent"],
    )
    found = {name: getattr(settled, name) for name in ("unused", "vat", "fee", "refund")}
    assert found == case["expected"]
