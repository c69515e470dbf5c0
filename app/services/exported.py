"""The export of an account as it is answered: its sections, and what each says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ExportedAccount:
    """The account and its person; the phone in full."""

    id: UUID
    kind: str
    login_id: str | None
    name: str | None
    birth_date: str | None
    phone: str | None
    email: str | None
    email_verified_at: datetime | None
    department: str | None
    position: str | None
    landline: str | None
    created_at: datetime
    last_signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExportedCompany:
    """`as_what`: CORPORATE_ACCOUNT, or the state of a user (관리자): ACTIVE, SUSPENDED."""

    id: UUID
    name: str
    business_number: str
    as_what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ExportedSocialLink:
    provider: str
    email: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedGroupwareLink:
    """`subject`: the groupware's own key of its user."""

    company: str
    site: str
    issuer: str
    subject: str
    site_admin: bool
    created_at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedLinks:
    social: Sequence[ExportedSocialLink]
    groupware: Sequence[ExportedGroupwareLink]


@dataclass(frozen=True, slots=True)
class ExportedConsent:
    kind: str
    version: str
    agreed: bool
    given_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedSession:
    """One that goes on, or ended not long ago."""

    client_type: str
    device: str
    address: str
    company_id: UUID | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    ended_because: str | None


@dataclass(frozen=True, slots=True)
class ExportedDevice:
    name: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedSignIn:
    at: datetime
    way: str
    outcome: str
    device: str
    address: str


@dataclass(frozen=True, slots=True)
class ExportedInvitation:
    """Of a company to this person; an accepted one has forgotten name, address and note."""

    company: str
    state: str
    name: str | None
    email: str | None
    note: str | None
    sent_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedAgreement:
    kind: str
    version: str
    agreed: bool


@dataclass(frozen=True, slots=True)
class ExportedPayment:
    """`amount` in KRW."""

    method: str
    status: str
    amount: int
    paid_at: datetime | None
    issuer: str | None
    last4: str | None
    receipt_url: str | None


@dataclass(frozen=True, slots=True)
class ExportedOrder:
    """Placed by this account; `total` in KRW with VAT."""

    number: str
    kind: str
    status: str
    payment_status: str
    total: int
    placed_at: datetime
    consents: Sequence[ExportedAgreement]
    payments: Sequence[ExportedPayment]


@dataclass(frozen=True, slots=True)
class ExportedWish:
    """What was asked for; of an ADD_EXTEND, what is added and extended, without a plan."""

    type: str
    plan: str | None
    users: int | None
    months: int | None
    add_ons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ExportedQuote:
    """Asked for by this account; `company_id` None: its own."""

    number: str
    company_id: UUID | None
    items: Sequence[ExportedWish]
    total: int
    quoted_on: date
    expires_at: datetime
    recipients: Sequence[str]
    mailed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExportedMail:
    """Sent to this person, or because of this account. `facts`: what its words mention.

    Somebody else's address is masked. Addresses of pages are left out: they carry secrets.
    """

    kind: str
    language: str
    recipient: str = field(repr=False)
    facts: Mapping[str, str] = field(repr=False)
    state: str
    queued_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExportedInquiryMessage:
    """`files`: what their sender called them; each is got by its inquiry."""

    author: str
    text: str = field(repr=False)
    files: Sequence[str] = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class ExportedInquiry:
    """Asked by this account while it was signed in."""

    number: str
    kind: str
    type: str
    state: str
    title: str = field(repr=False)
    email: str = field(repr=False)
    company_name: str = field(repr=False)
    mobile_phone: str | None = field(repr=False)
    landline: str | None = field(repr=False)
    consents: Sequence[ExportedAgreement]
    messages: Sequence[ExportedInquiryMessage]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedEvent:
    """A line of the audit log about this account."""

    at: datetime
    action: str
    by_me: bool


@dataclass(frozen=True, slots=True)
class Export:
    """By section, each the oldest first."""

    made_at: datetime
    account: ExportedAccount
    companies: Sequence[ExportedCompany]
    links: ExportedLinks
    consents: Sequence[ExportedConsent]
    sessions: Sequence[ExportedSession]
    devices: Sequence[ExportedDevice]
    sign_ins: Sequence[ExportedSignIn]
    invitations: Sequence[ExportedInvitation]
    orders: Sequence[ExportedOrder]
    quotes: Sequence[ExportedQuote]
    inquiries: Sequence[ExportedInquiry]
    mails: Sequence[ExportedMail]
    log: Sequence[ExportedEvent]
