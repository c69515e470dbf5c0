"""Mail over SMTP (contracts/mail.md)."""

import re
import time
import unicodedata
from email.errors import HeaderParseError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import formatdate, parseaddr
from enum import StrEnum

import aiosmtplib
import structlog

from app.adapters.circuit import CircuitBreaker
from app.domain.mails import OutgoingMail
from app.domain.provider_errors import (
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)
from app.spans import mail_span
from app.trace import trace_id

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+=-]{1,120}@[A-Za-z0-9.-]{1,120}>")
_log = structlog.stdlib.get_logger("app.adapters")


class SmtpSecurity(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class SmtpMailTransport:
    """One connection per mail: mails are sent by jobs, a few at a time.

    `sender` is `name <address>`. STARTTLS is demanded, never merely tried.
    """

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        *,
        security: SmtpSecurity = SmtpSecurity.STARTTLS,
        username: str | None = None,
        password: str | None = None,
        timeout_seconds: float = 5.0,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        name, address = parseaddr(sender)
        self._sender = Address(name, addr_spec=address)
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._timeout_seconds = timeout_seconds
        self._breaker = breaker or CircuitBreaker()

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def send(self, mail: OutgoingMail) -> None:
        started = time.monotonic()
        outcome = "cancelled"
        try:
            await self._guarded(mail)
            outcome = "ok"
        except ProviderRefused as error:
            outcome = f"refused:{error.code}"
            raise
        except ProviderUnavailable as error:
            outcome = f"unavailable:{error.reason}"
            raise
        finally:
            _log.info(
                "provider_call",
                provider="mail",
                operation="send",
                outcome=outcome,
                ms=round((time.monotonic() - started) * 1000),
                request_id=trace_id(),
            )

    async def _guarded(self, mail: OutgoingMail) -> None:
        message = build_message(self._sender, mail)
        permit = self._breaker.enter()
        if permit is None:
            left = self._breaker.seconds_left()
            raise ProviderUnavailable("mail", "send", "circuit open", left)
        try:
            with mail_span(self._host, self._port):
                await self._deliver(message, mail.to)
        except ProviderRefused:
            self._breaker.succeeded(permit)
            raise
        except ProviderError:
            self._breaker.failed(permit)
            raise
        except BaseException:
            self._breaker.abandoned(permit)
            raise
        self._breaker.succeeded(permit)

    async def _deliver(self, message: EmailMessage, to: str) -> None:
        try:
            await aiosmtplib.send(
                message,
                sender=self._sender.addr_spec,
                recipients=[to],
                hostname=self._host,
                port=self._port,
                username=self._username,
                password=self._password,
                use_tls=self._security is SmtpSecurity.TLS,
                start_tls=self._security is SmtpSecurity.STARTTLS,
                timeout=self._timeout_seconds,
            )
        # The causes are cut off: they hold addresses and what the server said about them.
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise _answered(codes[0] if codes else 550, Refusal.RECIPIENT_REFUSED) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise _answered(error.code, Refusal.NOT_ALLOWED) from None
        except aiosmtplib.SMTPConnectResponseError as error:
            raise ProviderUnavailable("mail", "send", f"greeting {error.code}") from None
        except aiosmtplib.SMTPResponseException as error:
            raise _answered(error.code, Refusal.INVALID) from None
        except (aiosmtplib.SMTPException, OSError):
            raise ProviderUnavailable("mail", "send", "connection") from None


def _answered(code: int, refusal: Refusal) -> ProviderError:
    """A 4xx is for now, a 5xx for good (RFC 5321, 4.2.1)."""
    if 500 <= code < 600:
        return ProviderRefused("mail", "send", refusal, str(code))
    return ProviderUnavailable("mail", "send", f"reply {code}", 60)


def build_message(sender: Address, mail: OutgoingMail) -> EmailMessage:
    """The message as it goes out. Raises ValueError for a Message-ID that is not ours to make,
    ProviderRefused (RECIPIENT_REFUSED) for what is no single address."""
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise ValueError("not a message id")
    try:
        recipient = Address(addr_spec=mail.to)
    except (ValueError, IndexError, HeaderParseError):
        raise ProviderRefused("mail", "send", Refusal.RECIPIENT_REFUSED, "address") from None
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = one_line(mail.subject)
    message["Message-ID"] = mail.message_id
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{one_line(mail.unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        maintype, _, subtype = attachment.content_type.partition("/")
        message.add_attachment(
            attachment.content,
            maintype=maintype,
            subtype=subtype,
            filename=one_line(attachment.filename),
        )
    return message


def one_line(text: str) -> str:
    """Text for a header: every kind of line break, control and format character becomes a space."""
    plain = "".join(" " if unicodedata.category(c) in _BREAKING else c for c in text)
    return " ".join(plain.split())


_BREAKING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class _UrlHeader(UnstructuredHeader, BaseHeader):
    """One line whatever its length: an address in encoded words is no address to mail clients."""

    def fold(self, *, policy: Policy) -> str:
        return f"List-Unsubscribe: {self}{policy.linesep}"


def _header_factory() -> HeaderRegistry:
    known = HeaderRegistry()
    known.map_to_type("list-unsubscribe", _UrlHeader)
    return known


_POLICY = SMTP.clone(header_factory=_header_factory())
