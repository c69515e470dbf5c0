"""What somebody from the groupware is told (PRODUCT.md section 5), as a table."""

from dataclasses import replace

import pytest

from app.domain.sso import SsoFacts, SsoReason, SsoState, decide

WELL = SsoFacts(
    site_admin=True,
    site_terminated=False,
    by_reseller=False,
    has_corporate_account=True,
    account_active=True,
    member_active=True,
)
NOBODY = replace(WELL, account_active=None, member_active=None)


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        (WELL, SsoState.LINKED, None),
        (replace(WELL, member_active=None), SsoState.LINKED, SsoReason.INVITATION_REQUIRED),
        (
            replace(WELL, member_active=None, invited=True),
            SsoState.LINKED,
            SsoReason.INVITATION_PENDING,
        ),
        (
            replace(WELL, member_active=False),
            SsoState.ACCOUNT_SUSPENDED,
            SsoReason.SUSPENDED_BY_COMPANY,
        ),
        (
            replace(WELL, account_active=False),
            SsoState.ACCOUNT_SUSPENDED,
            SsoReason.ACCOUNT_SUSPENDED,
        ),
        (NOBODY, SsoState.LINK_REQUIRED, None),
        (replace(NOBODY, has_corporate_account=False), SsoState.COMPANY_ACCOUNT_MISSING, None),
        (replace(WELL, has_corporate_account=False), SsoState.COMPANY_ACCOUNT_MISSING, None),
        (replace(WELL, by_reseller=True), SsoState.MANAGED_BY_RESELLER, None),
        (replace(WELL, site_terminated=True), SsoState.SITE_TERMINATED, None),
        (replace(WELL, site_admin=False), SsoState.NOT_SITE_ADMIN, None),
        (replace(NOBODY, site_admin=False, by_reseller=True), SsoState.NOT_SITE_ADMIN, None),
    ],
)
def test_the_state_follows_from_the_facts(
    facts: SsoFacts, state: SsoState, reason: SsoReason | None
) -> None:
    assert decide(facts) == (state, reason)
