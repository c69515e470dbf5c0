"""Mail: what goes out, and what the server's answers mean. Its answers are played by a stand-in
for the library's `send`, so that no socket is opened."""

from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default

import aiosmtplib
import pytest
import structlog
from aiosmtplib.email import flatten_message

from app.adapters.mail import SmtpMailTransport, SmtpSecurity, build_message, one_line
from app.domain.mails import MailAttachment, OutgoingMail
from app.domain.provider_errors import ProviderRefused, ProviderUnavailable

SENDER = Address("다우오피스 고객포털", addr_spec="portal@portal.example")


def a_mail(**changes: str) -> OutgoingMail:
    facts = {
        "message_id": "<job-1@portal.example>",
        "to": "buyer@example.com",
        "subject": "주문이 접수되었습니다",
        "text": "안녕하세요",
        "html": "<p>안녕하세요</p>",
    }
    pdf = MailAttachment("견적서.pdf", "application/pdf", b"%PDF-1.7")
    return OutgoingMail(**(facts | changes), attachments=(pdf,))


class Server:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[tuple[EmailMessage, dict[str, object]]] = []

    async def send(self, message: EmailMessage, **options: object) -> None:
        self.sent.append((message, options))
        if self.error is not None:
            raise self.error


def transport(
    monkeypatch: pytest.MonkeyPatch, server: Server, security: SmtpSecurity = SmtpSecurity.NONE
) -> SmtpMailTransport:
    monkeypatch.setattr(aiosmtplib, "send", server.send)
    return SmtpMailTransport(
        "smtp.test", 25, "다우오피스 고객포털 <portal@portal.example>", security=security
    )


def test_a_mail_is_text_and_html_with_its_attachment_and_a_stable_id() -> None:
    parsed = message_from_bytes(build_message(SENDER, a_mail()).as_bytes(), policy=default)
    assert parsed["Message-ID"] == "<job-1@portal.example>"
    assert parsed["Subject"] == "주문이 접수되었습니다"
    assert parsed["From"].addresses[0].display_name == "다우오피스 고객포털"
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "안녕하세요"
    assert html.get_content().strip() == "<p>안녕하세요</p>"
    assert [part.get_filename() for part in parsed.iter_attachments()] == ["견적서.pdf"]


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x00"])
def test_no_header_can_be_written_into_a_subject(line_break: str) -> None:
    message = build_message(SENDER, a_mail(subject=f"안내{line_break}Bcc: evil@example.com"))
    parsed = message_from_bytes(message.as_bytes(policy=SMTP), policy=default)
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == "안내 Bcc: evil@example.com"


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b.c\r\nBcc: x@y.z", "a@b.c, x@y.z", "홍 <a@b.c>", "a@b.c\n"]
)
def test_what_is_no_single_address_is_refused(to: str) -> None:
    with pytest.raises(ProviderRefused) as caught:
        build_message(SENDER, a_mail(to=to))
    assert caught.value.code == "RECIPIENT_REFUSED"


def test_a_message_id_must_be_one() -> None:
    with pytest.raises(ValueError, match="message id"):
        build_message(SENDER, a_mail(message_id="<a@b>\r\nBcc: x@y.z"))


def test_direction_marks_do_not_survive_in_a_header() -> None:
    assert one_line("견적\u202efdp.exe") == "견적 fdp.exe"


@pytest.mark.parametrize(
    ("security", "use_tls", "start_tls"),
    [("none", False, False), ("starttls", False, True), ("tls", True, False)],
)
async def test_the_security_asked_for_is_the_one_demanded(
    monkeypatch: pytest.MonkeyPatch, security: str, use_tls: bool, start_tls: bool
) -> None:
    server = Server()
    await transport(monkeypatch, server, SmtpSecurity(security)).send(a_mail())
    options = server.sent[0][1]
    assert (options["use_tls"], options["start_tls"]) == (use_tls, start_tls)
    assert options["recipients"] == ["buyer@example.com"]


def refused(code: int) -> aiosmtplib.SMTPRecipientsRefused:
    return aiosmtplib.SMTPRecipientsRefused(
        [aiosmtplib.SMTPRecipientRefused(code, "no such user", "buyer@example.com")]
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (refused(550), "RECIPIENT_REFUSED"),
        (aiosmtplib.SMTPDataError(554, "spam"), "INVALID"),
        (aiosmtplib.SMTPAuthenticationError(535, "no"), "NOT_ALLOWED"),
    ],
)
async def test_a_no_for_good_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await transport(monkeypatch, Server(error)).send(a_mail())
    assert caught.value.code == code


@pytest.mark.parametrize(
    "error",
    [
        refused(450),
        aiosmtplib.SMTPDataError(451, "later"),
        aiosmtplib.SMTPConnectError("down"),
        aiosmtplib.SMTPTimeoutError("slow"),
        aiosmtplib.SMTPServerDisconnected("gone"),
        ConnectionResetError(),
    ],
)
async def test_a_no_for_now_is_an_outage_and_tells_no_address(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(ProviderUnavailable) as caught,
    ):
        await transport(monkeypatch, Server(error)).send(a_mail())
    assert "buyer" not in f"{logs}{caught.value}{caught.value.__cause__!r}"


async def test_after_five_outages_the_sixth_mail_is_not_even_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(aiosmtplib.SMTPConnectError("down"))
    smtp = transport(monkeypatch, server)
    for _ in range(6):
        with pytest.raises(ProviderUnavailable):
            await smtp.send(a_mail())
    assert len(server.sent) == 5


def test_the_address_of_one_click_is_one_line_as_it_is() -> None:
    """In encoded words, which the library makes of a long one, mail clients find no address."""
    url = f"https://customers.portal.example/v1/marketing/unsubscribe/{'a' * 43}"
    sent = flatten_message(build_message(SENDER, a_mail(unsubscribe=url)))
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in sent
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in sent
    other = flatten_message(build_message(SENDER, a_mail()))
    assert b"List-Unsubscribe" not in other


def test_no_header_can_be_written_into_the_address_of_one_click() -> None:
    url = "https://portal.example/x\r\nBcc: y@z.example"
    message = build_message(SENDER, a_mail(unsubscribe=url))
    assert b"\nBcc:" not in flatten_message(message)
