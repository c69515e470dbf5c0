"""From a draft to a version in force: what the operator's data must be, and when (PRODUCT.md 8).

A version is never changed once it is activated, and none begins in the past: what was ordered,
quoted and renewed by it stays explained.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from app.domain.catalogue import Basis, Catalogue, Plan, PromotionKind
from app.domain.errors import DomainError
from app.domain.periods import SEOUL
from app.domain.provisioning import Hosting

SOLD_MONTHS = frozenset({1, 12, 24})
RENEWED_MONTHS = frozenset({1, 12})
"""Terms that renewals are made of: a paid plan without one could not be renewed."""
SERVICE_TYPES = frozenset({"SHARED", "DEDICATED"})
KNOWN_IN_ADVANCE = timedelta(minutes=1)
"""Every process reads the versions anew within half of it (docs/decisions/0003)."""


class VersionState(StrEnum):
    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    IN_FORCE = "IN_FORCE"
    PAST = "PAST"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong where: a JSON pointer into the version, and English words."""

    pointer: str
    reason: str


def version_states(versions: Sequence[Catalogue], today: date) -> dict[str, VersionState]:
    """What each activated version is on a day, by code."""
    begun = [version for version in versions if version.effective_from <= today]
    in_force = max(begun, key=lambda version: version.effective_from, default=None)
    return {
        version.code: VersionState.SCHEDULED
        if version.effective_from > today
        else VersionState.IN_FORCE
        if version is in_force
        else VersionState.PAST
        for version in versions
    }


def begins_at(version_day: date) -> datetime:
    """The moment (UTC) of 00:00 KST of its first day."""
    return datetime.combine(version_day, time(), tzinfo=SEOUL).astimezone(UTC)


def check_day(effective_from: date, versions: Sequence[Catalogue], now: datetime) -> None:
    """Raises `catalogue_day_passed` where its first day has begun or begins within a minute, and

    `catalogue_day_taken` where another version begins on it.
    """
    if now + KNOWN_IN_ADVANCE > begins_at(effective_from):
        raise DomainError("catalogue_day_passed", "/effective_from")
    if any(version.effective_from == effective_from for version in versions):
        raise DomainError("catalogue_day_taken", "/effective_from")


def check_version(version: Catalogue, versions: Sequence[Catalogue]) -> None:
    """Raises `catalogue_invalid` with every flaw.

    A code once sold stays a code of every later version, as what it was: memberships hold it.
    """
    kept = {f"{flaw.pointer} {flaw.reason}": flaw for flaw in _kept_flaws(version, versions)}
    flaws = [*_plan_flaws(version), *kept.values()]
    if flaws:
        raise DomainError(
            "catalogue_invalid",
            flaws=[{"pointer": flaw.pointer, "reason": flaw.reason} for flaw in flaws],
        )


def _plan_flaws(version: Catalogue) -> Iterator[Flaw]:
    for index, plan in enumerate(version.plans):
        place = f"/plans/{index}"
        if plan.code not in set(Hosting):
            yield Flaw(f"{place}/code", "the groupware hosts no such plan")
        if plan.service_type not in SERVICE_TYPES:
            yield Flaw(f"{place}/service_type", "SHARED or DEDICATED")
        yield from _free_flaws(plan, place) if plan.free else _term_flaws(plan, place)


def _free_flaws(plan: Plan, place: str) -> Iterator[Flaw]:
    """Without terms there is nothing to pay, and the numbers are the plan's."""
    if plan.unit_price or plan.base_price or plan.setup_price:
        yield Flaw(f"{place}/terms", "a plan without terms costs nothing")
    if not plan.fixed_users or not plan.fixed_storage_gb:
        yield Flaw(f"{place}/fixed_users", "a plan without terms has its own users and storage")


def _term_flaws(plan: Plan, place: str) -> Iterator[Flaw]:
    months = [term.months for term in plan.terms]
    if len(set(months)) != len(months) or not set(months) <= SOLD_MONTHS:
        yield Flaw(f"{place}/terms", "1, 12 and 24 months, each once")
    if not set(months) >= RENEWED_MONTHS:
        yield Flaw(f"{place}/terms", "1 and 12 months, which terms are renewed for")
    if plan.fixed_users is not None or plan.fixed_storage_gb is not None:
        yield Flaw(f"{place}/fixed_users", "of a plan without terms only")
    for index, term in enumerate(plan.terms):
        promotion = term.promotion
        if promotion is None:
            continue
        taken_off = promotion.kind is PromotionKind.PREPAY
        if taken_off is not (0 < promotion.percent <= 100):
            yield Flaw(
                f"{place}/terms/{index}/promotion/percent", "1 to 100 of PREPAY, 0 of IN_PRICE"
            )


def _kept_flaws(version: Catalogue, versions: Sequence[Catalogue]) -> Iterator[Flaw]:
    """Against every version there is, those of days to come among them."""
    order = [plan.code for plan in version.plans]
    for former in versions:
        for plan in former.plans:
            now = version.plan(plan.code)
            if now is None:
                yield Flaw("/plans", f"{plan.code} was sold and is missing")
            elif now.free is not plan.free or now.service_type != plan.service_type:
                yield Flaw("/plans", f"{plan.code} is another kind of plan than it was")
        kept = [plan.code for plan in former.plans if plan.code in order]
        if kept != [code for code in order if code in kept]:
            yield Flaw("/plans", "in another order than they were: CHANGE goes up the list")
        for add_on in former.add_ons:
            sold = version.add_on(add_on.code)
            if sold is None:
                yield Flaw("/add_ons", f"{add_on.code} was sold and is missing")
            elif (sold.basis is Basis.ONCE) is not (add_on.basis is Basis.ONCE):
                yield Flaw("/add_ons", f"{add_on.code}: once and monthly are different things")
