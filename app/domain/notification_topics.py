"""What somebody may choose to be mailed about, and what they are mailed about anyway.

PRODUCT.md section 14: preferences per kind where law allows. A company's own account gets what its
contract makes us send †; its ADMINs may have copies of that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from app.domain.catalogue import Name
from app.domain.errors import DomainError
from app.domain.mail_rules import PURPOSES, MailPurpose
from app.domain.roles import AccountKind


class NotificationTopic(StrEnum):
    """알림 받을 소식."""

    ORDERS = "ORDERS"
    MEMBERSHIPS = "MEMBERSHIPS"
    USAGE = "USAGE"
    INQUIRIES = "INQUIRIES"
    SECURITY = "SECURITY"


TOPIC_LABELS: Final[Mapping[NotificationTopic, Name]] = MappingProxyType(
    {
        NotificationTopic.ORDERS: Name(
            "주문, 결제, 환불, 증빙", "Orders, payments, refunds, evidence"
        ),
        NotificationTopic.MEMBERSHIPS: Name(
            "멤버십 개설, 갱신, 해지", "Opening, renewal and end of memberships"
        ),
        NotificationTopic.USAGE: Name("사용량 80%, 100% 도달", "Usage reaches 80 % or 100 %"),
        NotificationTopic.INQUIRIES: Name("문의 답변", "Answers to inquiries"),
        NotificationTopic.SECURITY: Name("로그인과 계정 보안", "Sign-ins and security"),
    }
)
_ORDERS: Final = frozenset(
    {
        "order_placed",
        "payment_received",
        "refund_sent",
        "goodwill_credit",
        "tax_contact_wanted",
        "refund_account_wanted",
        "virtual_account_issued",
        "terms_invoice",
        "terms_due_soon",
        "terms_overdue",
        "deposit_in_part",
        "card_lost",
        "card_expires",
    }
)


def topic_of(kind: str) -> NotificationTopic | None:
    """Of a mail's kind; None for what no topic is about, such as invitations."""
    purpose = PURPOSES.get(kind)
    if purpose is MailPurpose.SECURITY:
        return NotificationTopic.SECURITY
    if purpose is MailPurpose.ANSWER:
        return NotificationTopic.INQUIRIES
    if purpose is MailPurpose.CONTRACT:
        if kind.startswith("usage_"):
            return NotificationTopic.USAGE
        return NotificationTopic.ORDERS if kind in _ORDERS else NotificationTopic.MEMBERSHIPS
    return None


COPIED: Final = frozenset(
    {NotificationTopic.ORDERS, NotificationTopic.MEMBERSHIPS, NotificationTopic.USAGE}
)
"""What is about a company's business: its ADMINs have copies where they want them."""


@dataclass(frozen=True, slots=True)
class Preference:
    """`changeable`: whether the account may have it otherwise."""

    topic: NotificationTopic
    mail: bool
    changeable: bool


def preferences(
    kind: AccountKind, chosen: Mapping[NotificationTopic, bool]
) -> Sequence[Preference]:
    """In the order of the page: what was chosen where that is free, else what holds anyway."""
    return [
        Preference(topic, chosen.get(topic, default) if free else default, free)
        for topic in NotificationTopic
        for default, free in (_rule(kind, topic),)
    ]


def check_chosen(kind: AccountKind, topic: NotificationTopic, mail: bool, index: int) -> None:
    """Raises `notification_required` for what is mailed to this kind of account anyway."""
    default, free = _rule(kind, topic)
    if not free and mail is not default:
        raise DomainError("notification_required", f"/items/{index}/mail")


def wants_mail(kind: AccountKind, topic: NotificationTopic, chosen: bool | None) -> bool:
    """Of one topic. `chosen`: what the account said, if it did."""
    default, free = _rule(kind, topic)
    return chosen if free and chosen is not None else default


def _rule(kind: AccountKind, topic: NotificationTopic) -> tuple[bool, bool]:
    """(what holds without a choice, whether there is one)."""
    if topic is NotificationTopic.SECURITY:
        return True, False
    if topic is NotificationTopic.INQUIRIES:
        return True, True
    corporate = kind is AccountKind.CORPORATE
    if topic is NotificationTopic.USAGE:
        return corporate, True
    return corporate, not corporate
