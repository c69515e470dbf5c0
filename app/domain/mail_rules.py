"""Which mail may go to which address: what each is for, and what its address needs.

PRODUCT.md section 3: an address that is not verified gets the mail that verifies it, what its own
signed-in user causes, and what contract or law makes us send. Section 14: marketing by its own
rules †: 정보통신망법 제50조 and its 시행령, for the operator's adviser to confirm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.errors import DomainError
from app.domain.periods import SEOUL


class MailPurpose(StrEnum):
    """Why somebody is written to."""

    VERIFICATION = "VERIFICATION"
    OWN = "OWN"
    """Caused by the address's own signed-in user."""
    CONTRACT = "CONTRACT"
    """Orders, payments, opening, renewal."""
    SECURITY = "SECURITY"
    """Sign-ins, keys, links, roles, and who asks for one."""
    ANSWER = "ANSWER"
    """What somebody asked for by writing to us, with or without an account."""
    INVITATION = "INVITATION"
    """To somebody whom a company or a site named: the address is nobody's account yet."""
    OPERATOR = "OPERATOR"
    """To the operator's own staff: something takes a hand."""
    NOTICE = "NOTICE"
    """Anything else: to a verified address only."""
    MARKETING = "MARKETING"
    """Advertising: to a verified address with a consent in force, in daytime."""


PURPOSES: Final[Mapping[str, MailPurpose]] = MappingProxyType(
    {
        "verify_email": MailPurpose.VERIFICATION,
        "quote_issued": MailPurpose.OWN,
        "document_sent": MailPurpose.OWN,
        "assisted_handover_held": MailPurpose.OWN,
        "assisted_handover_refused": MailPurpose.OWN,
        "claim_held": MailPurpose.OWN,
        "claim_refused": MailPurpose.OWN,
        "document_approved": MailPurpose.OWN,
        "document_held": MailPurpose.OWN,
        "document_refused": MailPurpose.OWN,
        "signed_up": MailPurpose.OWN,
        "signed_up_individual": MailPurpose.OWN,
        "inquiry_received": MailPurpose.OWN,
        "marketing_answered": MailPurpose.OWN,
        "marketing_renewal": MailPurpose.NOTICE,
        "campaign": MailPurpose.MARKETING,
        "campaign_test": MailPurpose.OPERATOR,
        "inquiry_answered": MailPurpose.ANSWER,
        "order_placed": MailPurpose.CONTRACT,
        "payment_received": MailPurpose.CONTRACT,
        "refund_sent": MailPurpose.CONTRACT,
        "tax_contact_wanted": MailPurpose.CONTRACT,
        "goodwill_credit": MailPurpose.CONTRACT,
        "goodwill_users": MailPurpose.CONTRACT,
        "goodwill_ended": MailPurpose.CONTRACT,
        "refund_account_wanted": MailPurpose.CONTRACT,
        "refund_account_set": MailPurpose.SECURITY,
        "virtual_account_issued": MailPurpose.CONTRACT,
        "dispute": MailPurpose.OPERATOR,
        "tax_invoice_held": MailPurpose.OPERATOR,
        "terms_invoice": MailPurpose.CONTRACT,
        "terms_due_soon": MailPurpose.CONTRACT,
        "terms_overdue": MailPurpose.CONTRACT,
        "deposit_in_part": MailPurpose.CONTRACT,
        "card_registered": MailPurpose.SECURITY,
        "card_lost": MailPurpose.CONTRACT,
        "card_expires": MailPurpose.CONTRACT,
        "termination_requested": MailPurpose.CONTRACT,
        "termination_recorded": MailPurpose.CONTRACT,
        "termination_undone": MailPurpose.CONTRACT,
        "service_ended": MailPurpose.CONTRACT,
        "company_closed": MailPurpose.CONTRACT,
        "last_site_ends": MailPurpose.CONTRACT,
        "site_opened": MailPurpose.CONTRACT,
        "free_plan_has_no_room": MailPurpose.CONTRACT,
        "membership_ended": MailPurpose.CONTRACT,
        "renewal_charge_failed": MailPurpose.CONTRACT,
        "renewal_ordered": MailPurpose.CONTRACT,
        "renewal_overdue": MailPurpose.CONTRACT,
        "renewal_price_rises": MailPurpose.CONTRACT,
        "renewal_reminder": MailPurpose.CONTRACT,
        "service_expired": MailPurpose.CONTRACT,
        "account_change_held": MailPurpose.CONTRACT,
        "account_change_refused": MailPurpose.CONTRACT,
        "account_change_done": MailPurpose.CONTRACT,
        "change_held": MailPurpose.CONTRACT,
        "change_refused": MailPurpose.CONTRACT,
        "change_done": MailPurpose.CONTRACT,
        "business_status_changed": MailPurpose.CONTRACT,
        "business_not_active": MailPurpose.OPERATOR,
        "usage_high": MailPurpose.CONTRACT,
        "usage_full": MailPurpose.CONTRACT,
        "account_suspended": MailPurpose.SECURITY,
        "account_restored": MailPurpose.SECURITY,
        "admin_lost_denied": MailPurpose.SECURITY,
        "admin_lost_silent": MailPurpose.SECURITY,
        "assisted_handover_asked": MailPurpose.SECURITY,
        "assisted_handover_noticed": MailPurpose.SECURITY,
        "assisted_handover_opened": MailPurpose.SECURITY,
        "company_claimed": MailPurpose.SECURITY,
        "company_moved": MailPurpose.SECURITY,
        "email_changed": MailPurpose.SECURITY,
        "groupware_linked": MailPurpose.SECURITY,
        "handed_over": MailPurpose.SECURITY,
        "invitation_approval": MailPurpose.SECURITY,
        "new_device": MailPurpose.SECURITY,
        "password_changed": MailPurpose.SECURITY,
        "password_reset": MailPurpose.SECURITY,
        "password_reset_notice": MailPurpose.SECURITY,
        "phone_changed": MailPurpose.SECURITY,
        "session_ended": MailPurpose.SECURITY,
        "social_linked": MailPurpose.SECURITY,
        "social_unlinked": MailPurpose.SECURITY,
        "withdrawn": MailPurpose.SECURITY,
        "assisted_handover_done": MailPurpose.INVITATION,
        "corporate_invitation": MailPurpose.INVITATION,
        "document_approved_sign_up": MailPurpose.INVITATION,
        "handover": MailPurpose.INVITATION,
        "user_invitation": MailPurpose.INVITATION,
    }
)
"""By kind. A kind without a line cannot be queued."""
TOLD_IN_THE_PORTAL: Final = frozenset({MailPurpose.CONTRACT, MailPurpose.ANSWER})
"""What is 알림, too, where its mail has an account."""
TO_ANY_ADDRESS: Final = frozenset(MailPurpose) - {MailPurpose.NOTICE, MailPurpose.MARKETING}

CONSENT_LASTS: Final = timedelta(days=730)
"""시행령 제62조의3: two years after the consent it is asked again †."""
ASKED_AGAIN_AFTER: Final = CONSENT_LASTS - timedelta(days=30)
"""So that whoever answers within a month is never without a consent."""
DAY_BEGINS, DAY_ENDS = time(8), time(21)
"""제50조 제3항: nothing from 21:00 to 08:00 †. Kept for mails, too, where law would allow them."""
MARK: Final = "(광고)"
"""제50조 제4항: what a subject begins with †."""


@dataclass(frozen=True, slots=True)
class MarketingConsent:
    """The newest answer to the document MARKETING; confirming it is answering once more."""

    agreed: bool
    given_at: datetime

    def in_force(self, now: datetime) -> bool:
        """Given, not withdrawn, and not two years old."""
        return self.agreed and now < self.given_at + CONSENT_LASTS


def asked_again_at(agreed: bool, given_at: datetime) -> datetime | None:
    """When the newest answer is asked for again; nobody is asked who said no."""
    return given_at + ASKED_AGAIN_AFTER if agreed else None


def says_nothing_new(newest: MarketingConsent | None, agreed: bool, now: datetime) -> bool:
    """The same answer once more on one day in Seoul: a link that was followed twice."""
    if newest is None or newest.agreed is not agreed:
        return False
    return newest.given_at.astimezone(SEOUL).date() == now.astimezone(SEOUL).date()


def check_renewal(newest: MarketingConsent | None, now: datetime) -> None:
    """By a mailed link a consent in force is confirmed, and none is given anew.

    Raises `marketing_consent_needs_sign_in`: a mailbox that others read is no proof of a new one.
    """
    if newest is None or not newest.in_force(now):
        raise DomainError("marketing_consent_needs_sign_in", "/agreed")


def may_be_sent(
    purpose: MailPurpose, *, verified: bool, marketing: MarketingConsent | None, now: datetime
) -> bool:
    """Whether an account's address gets a mail of this purpose. `marketing` None: never asked."""
    if purpose in TO_ANY_ADDRESS:
        return True
    if purpose is MailPurpose.NOTICE:
        return verified
    return verified and marketing is not None and marketing.in_force(now)


def check_marketing(subject: str, facts: Mapping[str, str]) -> None:
    """Raises `ValueError` for advertising that is not marked, or that nobody can unsubscribe from.

    The link works without a sign-in, so it is in the facts like every other link.
    """
    if not subject.startswith(MARK):
        raise ValueError("the subject of advertising begins with (광고)")
    if "://" not in facts.get("unsubscribe", ""):
        raise ValueError("advertising carries the link that ends it")


def next_daytime(at: datetime) -> datetime:
    """`at`, or eight o'clock in Seoul where that is between nine in the evening and then."""
    local = at.astimezone(SEOUL)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return at
    day = local.date() + (timedelta(days=1) if local.time() >= DAY_ENDS else timedelta())
    return datetime.combine(day, DAY_BEGINS, tzinfo=SEOUL).astimezone(at.tzinfo)
