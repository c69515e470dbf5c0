"""The world outside, as the services see it.

Every call may raise the three errors of `app.domain.provider_errors`:
`ProviderUnavailable` (down, slow, circuit open; the work may have been done or not),
`ProviderNonsense` (the answer cannot be read; the same doubt), and
`ProviderRefused` (understood and declined: nothing was done). A docstring names the refusals that
its caller is expected to handle; every other refusal is a matter for the operator.
No call may be made while a transaction is open.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Protocol, Self

from app.domain.authorization import Authorization
from app.domain.billing_keys import ChargeRequest, ReportedBillingKey
from app.domain.cash_receipts import IssuedReceipt, ReceiptToIssue
from app.domain.documents import Document
from app.domain.evidence import InvoiceToIssue, IssuedInvoice
from app.domain.identity import IdentityReport, IdentityRequest
from app.domain.mails import OutgoingMail
from app.domain.order_workbooks import WorkbookRow
from app.domain.provider_payments import (
    AccountRequest,
    CancelRequest,
    CancelResult,
    ReportedPayment,
)
from app.domain.provisioning import (
    DesiredSite,
    OperationReport,
    SiteAccepted,
    SiteFacts,
    SiteUser,
    UsageReport,
)
from app.domain.registry import BusinessMatch, BusinessStatus
from app.domain.social import SocialUser
from app.domain.sso import GroupwareUser
from app.domain.webhook_events import PaymentEvent, SiteEvent


class BusinessRegistry(Protocol):
    """The state's register. An unknown number is an answer (UNKNOWN), not a failure."""

    async def status(self, number: str) -> BusinessStatus:
        """The business of ten digits; its checksum was checked before."""
        ...

    async def validate(self, number: str, representative: str, opened_on: date) -> BusinessMatch:
        """Whether the three belong together. No match is an answer, not a failure."""
        ...


class IdentityProvider(Protocol):
    """Phone identity. The id is ours, single, and safe to ask about at any time."""

    async def send(self, request: IdentityRequest) -> None:
        """Send the one-time code. Refused ALREADY_DONE: it was sent before (use resend),
        REJECTED: the agency does not know this person and phone, TOO_MANY: budget used up.
        When unavailable the code may be on its way."""
        ...

    async def resend(self, identity_id: str) -> None:
        """Refused NOT_READY: nothing was sent yet, ALREADY_DONE: verified already."""
        ...

    async def confirm(self, identity_id: str, otp: str | None) -> IdentityReport:
        """Try the code (None for APP). Refused REJECTED: wrong or expired code,
        NOT_READY: nothing was sent. One that was verified before is reported again, so that a
        repeat after ProviderUnavailable is safe."""
        ...

    async def get(self, identity_id: str) -> IdentityReport:
        """Refused NOT_FOUND: no such verification."""
        ...


class SocialSignIn(Protocol):
    """One social provider, as its OAuth client."""

    async def authorization_url(self, wanted: Authorization) -> str:
        """Where the browser goes to be asked."""
        ...

    async def redeem(self, code: str, given: Authorization) -> SocialUser:
        """Who came back with this code; the provider's tokens are used at once and dropped.
        Refused REJECTED: code or verifier are not accepted. Raises TokenRefused besides."""
        ...


class GroupwareSignIn(Protocol):
    """The groupware as an OpenID Provider."""

    async def authorization_url(self, wanted: Authorization, login_hint: str | None) -> str:
        """Where the browser goes; whoever is signed in there sees no page."""
        ...

    async def redeem(self, code: str, given: Authorization) -> GroupwareUser:
        """Who came back with this code. Refused REJECTED: code or verifier are not accepted.
        Raises TokenRefused besides."""
        ...


class PaymentProvider(Protocol):
    """Money. Ids are ours; every call here is safe to repeat."""

    async def pre_register(self, payment_id: str, amount: int, currency: str = "KRW") -> None:
        """Fix the amount before the payer pays. Refused ALREADY_DONE: paid already."""
        ...

    async def get(self, payment_id: str) -> ReportedPayment | None:
        """The truth. None: the provider has never heard of it (the payer has not begun)."""
        ...

    def books(self, since: datetime, until: datetime) -> AsyncIterator[ReportedPayment]:
        """Every payment that began in the time, in the provider's order, page by page."""
        ...

    async def cancel(self, request: CancelRequest) -> CancelResult:
        """Send money back. Refused ALREADY_DONE or AMOUNT_CHANGED: another cancellation (perhaps
        our own, whose answer was lost) came first: read the payment and decide again.
        A status FAILED or REQUESTED is an answer: nothing has come back yet."""
        ...


class BillingKeyProvider(Protocol):
    """Cards that are charged without their owner. A key is a secret."""

    async def billing_key(self, key: str) -> ReportedBillingKey | None:
        """Whose it is and of which card. None: the provider has never heard of it."""
        ...

    async def delete_billing_key(self, key: str) -> None:
        """It charges nothing afterwards. Refused DELETED or NOT_FOUND: it is gone already."""
        ...

    async def charge(self, request: ChargeRequest) -> None:
        """Take the money. Refused ALREADY_DONE: the payment was paid before, perhaps by our own
        call whose answer was lost; REJECTED: declined, `detail` is the payment company's code;
        DELETED, NOT_FOUND: no such key. After ProviderUnavailable or ProviderNonsense it may have
        been taken: read the payment. Not sent twice by itself."""
        ...


class VirtualAccountProvider(Protocol):
    """Accounts that one payment is paid into."""

    async def issue_account(self, request: AccountRequest) -> None:
        """The account itself is read with its payment. Refused ALREADY_DONE: it has one, or was
        paid."""
        ...

    async def close_account(self, payment_id: str) -> None:
        """Nothing can be paid in any more. Refused NOT_READY: it is closed or was paid,
        NOT_FOUND: it was never issued."""
        ...


class AccountHolders(Protocol):
    """Whose a bank account is."""

    async def holder(self, bank: str, number: str) -> str:
        """As the bank writes it. Refused REJECTED or INVALID: no such account."""
        ...


class TaxInvoiceProvider(Protocol):
    """Tax invoices, by our key."""

    async def issue(self, invoice: InvoiceToIssue) -> IssuedInvoice:
        """Refused ALREADY_DONE: our key was used, look at it; NOT_READY: what it corrects is not
        at the tax service yet, that is tomorrow; REJECTED: the tax service says no."""
        ...

    async def get(self, key: str) -> IssuedInvoice | None:
        """None: nothing was issued by that key."""
        ...

    async def file_url(self, key: str) -> str:
        """Where the PDF is for a while. Refused NOT_FOUND: nothing was issued by that key."""
        ...


class CashReceiptProvider(Protocol):
    """Cash receipts, by our key."""

    async def issue(self, receipt: ReceiptToIssue) -> IssuedReceipt:
        """Refused ALREADY_DONE: one stands by that key, look at it; REJECTED: the tax service says

        no.
        """
        ...

    async def get(self, key: str) -> IssuedReceipt | None:
        """None: nothing was issued by that key."""
        ...

    async def cancel(self, key: str) -> None:
        """As a whole; one that is cancelled or was never issued is no failure."""
        ...


class Groupware(Protocol):
    """Sites. The whole desired state is put; repeats and reordering are harmless."""

    async def put_site(self, site: DesiredSite) -> SiteAccepted:
        """Refused SUBDOMAIN_TAKEN: choose another; INVALID: never acceptable as it is."""
        ...

    async def close_site(self, external_id: str, revision: int) -> None:
        """Ends a site and its data; one that is closed or was never there is no failure."""
        ...

    async def get_operation(self, operation_id: str) -> OperationReport:
        """How far it is. FAILED is an answer. Refused NOT_FOUND: put the site again."""
        ...

    async def get_site(self, external_id: str) -> SiteFacts | None:
        """None when the groupware has no such site."""
        ...

    async def find_sites(self, business_number: str) -> Sequence[SiteFacts]:
        """Every site of the business, none being an empty sequence."""
        ...

    async def usage(self, external_id: str) -> UsageReport:
        """Refused NOT_FOUND: no such site, or not opened yet."""
        ...

    async def user(self, external_id: str, subject: str) -> SiteUser | None:
        """None when the site has no such user."""
        ...


class MailTransport(Protocol):
    """Mail. At least once: a repeat carries the same Message-ID."""

    async def send(self, mail: OutgoingMail) -> None:
        """Returns when the server has taken the mail. Refused RECIPIENT_REFUSED: a hard bounce,
        never repeated; INVALID: the server refuses the message itself. Unavailable: repeat."""
        ...


class DocumentRenderer(Protocol):
    """Papers. Local: none of the provider errors; an answer takes some ten milliseconds."""

    async def render(self, document: Document) -> bytes:
        """The PDF, the same bytes for the same paper. Never blocks the event loop."""
        ...


class PaymentWebhooks(Protocol):
    """Call backs of the payment provider."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        """The event of a raw body. Raises WebhookRefused."""
        ...


class SiteWebhooks(Protocol):
    """Call backs of the groupware."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> SiteEvent:
        """The event of a raw body. Raises WebhookRefused."""
        ...


class FileSink(Protocol):
    """A file that is being written, never an empty one. It is there for readers once it was closed.

    `close` ends it; where that or a `write` fails, or is cancelled, `abort` does.
    """

    async def write(self, content: bytes) -> None:
        """More of it. Never blocks the event loop."""
        ...

    async def close(self) -> None:
        """It is whole, and survives a power cut."""
        ...

    async def abort(self) -> None:
        """It is not there. Says nothing where the storage is away: what is left of it then goes
        with its folder, or by the storage's own rule."""
        ...


class FileStorage(Protocol):
    """Files of customers: on disk, or in any store of objects. Keys are ours: `folder/name`.

    A store of objects may be away: it raises ProviderUnavailable, and another ProviderError where
    it says no.
    """

    async def create(self, key: str) -> FileSink:
        """A new file. The key was never used before."""
        ...

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The content in parts, known to be there. Raises FileNotFoundError."""
        ...

    async def remove_folder(self, folder: str) -> None:
        """Everything below it, whole or half written. Nothing there is no failure."""


class Workbook(Protocol):
    """The history as a file that is written row by row, in constant memory; gone with its block."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def add(self, rows: Sequence[WorkbookRow]) -> None:
        """Blocks for as long as it takes to write them to disk."""
        ...

    def finish(self) -> Path:
        """The file, whole; blocks."""
        ...
