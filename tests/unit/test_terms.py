"""Which consents let a step go on."""

import pytest

from app.domain.errors import DomainError
from app.domain.terms import GivenConsent, TermsUse, check_consents


def agreed(*kinds: str, version: str = "2023-09") -> list[GivenConsent]:
    return [GivenConsent(kind, version, True) for kind in kinds]


REQUIRED = ("PRIVACY", "AGE_14", "SERVICE_TERMS")


def test_marketing_is_never_needed() -> None:
    check_consents(TermsUse.SIGN_UP, agreed(*REQUIRED))
    check_consents(
        TermsUse.SIGN_UP, [*agreed(*REQUIRED), GivenConsent("MARKETING", "2023-09", False)]
    )


@pytest.mark.parametrize("missing", REQUIRED)
def test_each_required_consent_is_needed_and_agreed(missing: str) -> None:
    others = [kind for kind in REQUIRED if kind != missing]
    with pytest.raises(DomainError, match="consent_required") as refused:
        check_consents(TermsUse.SIGN_UP, agreed(*others))
    assert refused.value.facts == {"missing": missing}
    declined = [*agreed(*others), GivenConsent(missing, "2023-09", False)]
    with pytest.raises(DomainError, match="consent_required"):
        check_consents(TermsUse.SIGN_UP, declined)


@pytest.mark.parametrize(
    "consents",
    [
        agreed("PRIVACY", version="2019-01"),
        agreed("MOON"),
        agreed("PRIVACY", "PRIVACY"),
        agreed("IDENTITY_AGENCY"),
    ],
)
def test_another_version_kind_or_step_is_unknown(consents: list[GivenConsent]) -> None:
    with pytest.raises(DomainError, match="consent_unknown"):
        check_consents(TermsUse.SIGN_UP, consents)
