"""Steps of the operator's cases, and the time in which a holder may object."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.cases import (
    OBJECTION_TIME,
    CaseKind,
    CaseState,
    HolderAnswer,
    check_objection_time,
    needs_another_operator,
    step_case,
)
from app.domain.errors import DomainError

ASKED = datetime(2026, 11, 25, tzinfo=UTC)
UNTIL = ASKED + OBJECTION_TIME
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("answer", [None, HolderAnswer.OBJECTED])
def test_a_handover_waits_to_the_second(answer: HolderAnswer | None) -> None:
    assert timedelta(hours=72) == OBJECTION_TIME
    for now in (ASKED, UNTIL - SECOND):
        with pytest.raises(DomainError) as refused:
            check_objection_time(UNTIL, answer, now)
        assert refused.value.code == "objection_time_running"
        assert refused.value.facts == {"until": "2026-11-28T00:00:00+00:00"}
    check_objection_time(UNTIL, answer, UNTIL)


def test_who_agrees_and_what_knows_no_objection_waits_for_nothing() -> None:
    check_objection_time(UNTIL, HolderAnswer.AGREED, ASKED)
    check_objection_time(None, None, ASKED)


@pytest.mark.parametrize("state", [CaseState.APPROVED, CaseState.REFUSED])
def test_a_decided_case_stays_as_it_is(state: CaseState) -> None:
    with pytest.raises(DomainError, match="case_decided"):
        step_case(state, CaseState.ON_HOLD)


@pytest.mark.parametrize("kind", CaseKind)
def test_claims_and_handovers_take_two_operators_and_the_rest_one(kind: CaseKind) -> None:
    two = kind in {CaseKind.COMPANY_CLAIM, CaseKind.ASSISTED_HANDOVER}
    assert needs_another_operator(kind, None, "kim") is two
    assert not needs_another_operator(kind, "kim", "lee")
    if two:
        with pytest.raises(DomainError, match="second_operator_required"):
            needs_another_operator(kind, "kim", "kim")
