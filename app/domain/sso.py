"""Coming from the groupware (PRODUCT.md section 5): who it says that is, and what follows."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class GroupwareUser:
    """A groupware user as its ID token names them. The key is (`issuer`, `subject`)."""

    issuer: str
    subject: str
    external_id: str
    """The portal's id of the site."""
    groupware_site_id: str
    site_admin: bool
    login_id: str = field(repr=False)
    name: str = field(repr=False)
    email: str = field(repr=False)


class SsoState(StrEnum):
    """What a client shows after the exchange. Only LINKED has a session."""

    LINKED = "LINKED"
    LINK_REQUIRED = "LINK_REQUIRED"
    COMPANY_ACCOUNT_MISSING = "COMPANY_ACCOUNT_MISSING"
    NOT_SITE_ADMIN = "NOT_SITE_ADMIN"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    SITE_TERMINATED = "SITE_TERMINATED"
    MANAGED_BY_RESELLER = "MANAGED_BY_RESELLER"


class SsoReason(StrEnum):
    """Why there is no session, or no role ADMIN in it."""

    ACCOUNT_SUSPENDED = "account_suspended"
    SUSPENDED_BY_COMPANY = "suspended_by_company"
    INVITATION_REQUIRED = "invitation_required"
    INVITATION_PENDING = "invitation_pending"


@dataclass(frozen=True, slots=True)
class SsoFacts:
    """What the state follows from. The last three are None for a user without a link."""

    site_admin: bool
    site_terminated: bool
    by_reseller: bool
    has_corporate_account: bool
    account_active: bool | None
    member_active: bool | None
    """None: not invited, or not accepted yet."""
    invited: bool = False


TICKETED = frozenset({SsoState.LINK_REQUIRED, SsoState.COMPANY_ACCOUNT_MISSING})
"""States in which there is something to do, with a ticket."""


def decide(facts: SsoFacts) -> tuple[SsoState, SsoReason | None]:
    """The state, and why. What ends the matter comes before what can be mended."""
    if not facts.site_admin:
        return SsoState.NOT_SITE_ADMIN, None
    if facts.site_terminated:
        return SsoState.SITE_TERMINATED, None
    if facts.by_reseller:
        return SsoState.MANAGED_BY_RESELLER, None
    if not facts.has_corporate_account:
        return SsoState.COMPANY_ACCOUNT_MISSING, None
    if facts.account_active is None:
        return SsoState.LINK_REQUIRED, None
    return _linked(facts)


def _linked(facts: SsoFacts) -> tuple[SsoState, SsoReason | None]:
    if not facts.account_active:
        return SsoState.ACCOUNT_SUSPENDED, SsoReason.ACCOUNT_SUSPENDED
    if facts.member_active is None:
        waits = facts.invited
        reason = SsoReason.INVITATION_PENDING if waits else SsoReason.INVITATION_REQUIRED
        return SsoState.LINKED, reason
    if not facts.member_active:
        return SsoState.ACCOUNT_SUSPENDED, SsoReason.SUSPENDED_BY_COMPANY
    return SsoState.LINKED, None
