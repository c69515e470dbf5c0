"""A person as the phone identity agency knows them. Nothing here shows in a repr."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from app.domain.provider_payments import ChannelType


class Carrier(StrEnum):
    SKT = "SKT"
    KT = "KT"
    LGU = "LGU"
    SKT_MVNO = "SKT_MVNO"
    KT_MVNO = "KT_MVNO"
    LGU_MVNO = "LGU_MVNO"


class IdentityMethod(StrEnum):
    SMS = "SMS"
    APP = "APP"


class IdentityStatus(StrEnum):
    READY = "READY"
    VERIFIED = "VERIFIED"
    FAILED = "FAILED"


class Gender(StrEnum):
    MALE = "MALE"
    FEMALE = "FEMALE"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """Who shall be asked. `phone` is digits only; `gender_digit` the resident number's seventh."""

    id: str
    method: IdentityMethod
    carrier: Carrier = field(repr=False)
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    gender_digit: str = field(repr=False)
    phone: str = field(repr=False)
    ip_address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerifiedPerson:
    """What the agency vouches for. What it did not name is None: it is never filled in."""

    name: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    phone: str | None = field(repr=False)
    ci: str | None = field(repr=False)
    di: str | None = field(repr=False)
    gender: Gender | None = field(repr=False)
    is_foreigner: bool | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """`person` and `verified_at` are there exactly when the status is VERIFIED."""

    id: str
    status: IdentityStatus
    person: VerifiedPerson | None
    verified_at: datetime | None
    channel_type: ChannelType | None
