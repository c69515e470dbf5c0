"""Inviting administrators (사용자 초대): what may be written, how long it holds, who is listed how.

PRODUCT.md section 6, guide page 8.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from app.domain.catalogue import Name
from app.domain.errors import DomainError

LIFETIME: Final = timedelta(days=7)
RESEND_AFTER: Final = timedelta(minutes=1)
MOST_SENDS: Final = 10
LINK_LASTS: Final = timedelta(hours=72)
"""How long the groupware's word that somebody administers a site holds (PRODUCT.md section 5)."""
MOST_USERS: Final = 1_000
"""Users and open invitations of a company: they are searched and sorted after decryption."""

_LINK = re.compile(r"(?i)https?:|www\.|\S\.[a-z]{2,}|\S+@\S+")


class InvitationState(StrEnum):
    """INVITED and APPROVAL_PENDING are open. Cancelled ones are not kept."""

    INVITED = "INVITED"
    APPROVAL_PENDING = "APPROVAL_PENDING"
    ACCEPTED = "ACCEPTED"


class Acceptance(StrEnum):
    """What became of an acceptance. LINK_REQUIRED is remembered until the link is there."""

    ACCEPTED = "ACCEPTED"
    APPROVAL_PENDING = "APPROVAL_PENDING"
    LINK_REQUIRED = "LINK_REQUIRED"


class UserState(StrEnum):
    ACTIVE = "ACTIVE"
    INVITED = "INVITED"
    SUSPENDED = "SUSPENDED"


USER_STATE_LABELS: Mapping[UserState, Name] = MappingProxyType(
    {
        UserState.ACTIVE: Name("정상", "Active"),
        UserState.INVITED: Name("초대중", "Invited"),
        UserState.SUSPENDED: Name("정지", "Suspended"),
    }
)
ROLE_LABELS: Mapping[str, str] = MappingProxyType({"SUPER_ADMIN": "SUPER ADMIN", "ADMIN": "ADMIN"})


class UserSort(StrEnum):
    """What the list is sorted by; `-` turns it round."""

    NAME = "name"
    NAME_DOWN = "-name"
    EMAIL = "email"
    EMAIL_DOWN = "-email"
    STATE = "state"
    STATE_DOWN = "-state"
    LAST_SIGN_IN = "last_signed_in_at"
    LAST_SIGN_IN_DOWN = "-last_signed_in_at"


@dataclass(frozen=True, slots=True)
class User:
    """A row of the list: a member by `user_id`, or an open invitation by `invitation_id`."""

    user_id: UUID | None
    invitation_id: UUID | None
    name: str
    email: str
    role: str
    state: UserState
    approval_pending: bool
    last_signed_in_at: datetime | None
    since: datetime


def check_no_link(words: str, pointer: str) -> None:
    """Names and notes are shown in mails to strangers. Raises `text_has_link` for addresses."""
    if _LINK.search(words):
        raise DomainError("text_has_link", pointer)


def outcome_when_linked(*, email_verified: bool, same_email: bool) -> Acceptance:
    """What an acceptance by a linked administrator comes to."""
    known = email_verified and same_email
    return Acceptance.ACCEPTED if known else Acceptance.APPROVAL_PENDING


def list_users(users: Iterable[User], query: str | None, sort: UserSort | None) -> list[User]:
    """The corporate account first, then by `sort` (names and addresses fold case), then by age.

    `query` is a part of the name or the address.
    """
    wanted = (query or "").casefold().strip()
    found = [u for u in users if wanted in u.name.casefold() or wanted in u.email.casefold()]
    found.sort(key=lambda user: user.since)
    if sort is not None:
        field = sort.removeprefix("-")
        found.sort(key=lambda user: _rank(user, field), reverse=sort.startswith("-"))
    found.sort(key=lambda user: user.role != "SUPER_ADMIN")
    return found


def _rank(user: User, field: str) -> tuple[float, str]:
    """Never signed in counts as long ago."""
    if field == "last_signed_in_at":
        seen = user.last_signed_in_at
        return (seen.timestamp() if seen else 0.0, "")
    return (0.0, str(getattr(user, field)).casefold())
