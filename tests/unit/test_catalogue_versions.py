"""What the operator's data must be before anybody is charged by it."""

import copy
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.catalogue import parse_catalogue
from app.domain.catalogue_versions import VersionState, check_day, check_version, version_states
from app.domain.catalogues import shipped_catalogues
from app.domain.errors import DomainError
from app.domain.operators import Operator, OperatorPermission, OperatorRole

GUIDE = parse_catalogue(shipped_catalogues()[0].document)
TIERED = json.loads((Path(__file__).parents[1] / "data" / "tiered.json").read_text("utf-8"))


def flaws(change: Any) -> list[str]:
    document = copy.deepcopy(TIERED)
    change(document)
    try:
        check_version(parse_catalogue(document), [GUIDE])
    except DomainError as refused:
        found = refused.facts["flaws"]
        assert isinstance(found, list)
        return [flaw["reason"] for flaw in found]
    return []


def test_the_golden_version_with_tiers_is_one() -> None:
    assert flaws(lambda document: None) == []


def put(*path: Any, value: Any) -> Any:
    def change(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["plans"].pop(), "DEDICATED was sold and is missing"),
        (lambda d: d["add_ons"].pop(), "E_CONTRACT_100 was sold and is missing"),
        (put("plans", 1, "code", value="GOLD"), "the groupware hosts no such plan"),
        (put("plans", 0, "unit_price", value=1), "a plan without terms costs nothing"),
        (put("plans", 0, "fixed_users", value=None), "own users"),
        (put("plans", 1, "fixed_users", value=5), "of a plan without terms only"),
        (put("plans", 1, "terms", 0, "months", value=6), "1, 12 and 24 months"),
        (lambda d: d["plans"][1]["terms"].pop(0), "which terms are renewed for"),
        (put("plans", 2, "terms", 1, "promotion", "percent", value=0), "1 to 100 of PREPAY"),
        (put("plans", 1, "terms", 1, "promotion", "percent", value=5), "0 of IN_PRICE"),
        (put("plans", 1, "service_type", value="DEDICATED"), "another kind of plan"),
        (lambda d: d["plans"].reverse(), "in another order"),
        (put("add_ons", 0, "basis", value="ONCE"), "once and monthly"),
    ],
)
def test_what_is_no_version(change: Any, reason: str) -> None:
    assert any(reason in flaw for flaw in flaws(change)), flaws(change)


def test_every_flaw_is_told_at_once() -> None:
    def two(document: Any) -> None:
        put("plans", 1, "fixed_users", value=5)(document)
        document["add_ons"].pop()

    assert len(flaws(two)) == 2


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        ("2026-11-30T23:58:59+09:00", False),
        ("2026-11-30T23:59:00+09:00", False),
        ("2026-11-30T23:59:01+09:00", True),
        ("2026-12-01T00:00:00+09:00", True),
        ("2026-11-30T15:00:00+00:00", True),
    ],
)
def test_a_version_is_known_a_minute_before_its_midnight_in_seoul(now: str, refused: bool) -> None:
    if not refused:
        check_day(date(2026, 12, 1), [GUIDE], at(now))
        return
    with pytest.raises(DomainError, match="catalogue_day_passed"):
        check_day(date(2026, 12, 1), [GUIDE], at(now))


def test_no_two_versions_begin_on_a_day() -> None:
    taken = parse_catalogue(TIERED | {"effective_from": "2026-12-01"})
    with pytest.raises(DomainError, match="catalogue_day_taken"):
        check_day(date(2026, 12, 1), [taken], at("2026-11-01T00:00:00+09:00"))


def test_one_version_is_in_force() -> None:
    later, next_year = (
        parse_catalogue(TIERED | {"code": code, "effective_from": day})
        for code, day in (("later", "2026-12-01"), ("next", "2027-01-01"))
    )
    assert version_states([next_year, GUIDE, later], date(2026, 12, 15)) == {
        "2023-09": VersionState.PAST,
        "later": VersionState.IN_FORCE,
        "next": VersionState.SCHEDULED,
    }


def test_operators_may_do_what_their_roles_say() -> None:
    catalogue = Operator("kim", frozenset({OperatorRole.CATALOGUE}))
    catalogue.require(OperatorPermission.CATALOGUE_MANAGE)
    catalogue.require(OperatorPermission.COUPONS_MANAGE)
    for operator, permission in (
        (catalogue, OperatorPermission.PRICE_AGREEMENTS_MANAGE),
        (Operator("lee", frozenset({OperatorRole.SUPPORT})), OperatorPermission.COUPONS_MANAGE),
        (Operator("park", frozenset()), OperatorPermission.CATALOGUE_MANAGE),
    ):
        with pytest.raises(DomainError, match="permission_denied"):
            operator.require(permission)
