"""A mail ready to be sent."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """`content_type` is `type/subtype`, such as application/pdf."""

    filename: str = field(repr=False)
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """`message_id` is `<local@domain>` and made from the job: a repeat carries the same one."""

    message_id: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[MailAttachment, ...] = ()
    unsubscribe: str | None = field(default=None, repr=False)
    """Of advertising: where a mail client posts that no more is wanted (RFC 8058)."""
