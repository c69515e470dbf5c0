"""The inbox of everybody: mails that came by SMTP and text messages, newest last."""

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

KEPT = 1000
_LINK = re.compile(r"https?://[^\s<>\"')\u0080-\U0010ffff]+(?<![.,;:!?])", re.ASCII)
"""Ends before a sentence's own punctuation and before a Korean particle."""


class Clock(Protocol):
    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A mail or a text message. `otp` and `links` are what tests and scripts look for."""

    kind: str
    to: str
    subject: str
    text: str
    html: str
    otp: str | None
    links: tuple[str, ...]
    message_id: str
    attachments: tuple[str, ...]
    at: datetime


class Messages:
    """The last thousand."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Message] = deque(maxlen=KEPT)

    def add_sms(self, to: str, text: str, otp: str | None, /) -> None:
        links = tuple(_LINK.findall(text))
        now = self._clock.now()
        self._kept.append(Message("SMS", to, "", text, "", otp, links, "", (), now))

    def add_mail(self, to: str, mail: EmailMessage) -> None:
        plain = mail.get_body(("plain",))
        rich = mail.get_body(("html",))
        text = str(plain.get_content()) if plain else ""
        html = str(rich.get_content()) if rich else ""
        self._kept.append(
            Message(
                kind="MAIL",
                to=to,
                subject=str(mail.get("Subject", "")),
                text=text,
                html=html,
                otp=None,
                links=tuple(dict.fromkeys(_LINK.findall(text))),
                message_id=str(mail.get("Message-ID", "")).strip(),
                attachments=tuple(part.get_filename() or "" for part in mail.iter_attachments()),
                at=self._clock.now(),
            )
        )

    def to(self, address: str | None = None) -> list[Message]:
        """All, or those to an address or number, hyphens aside; newest last."""
        if address is None:
            return list(self._kept)
        wanted = address.replace("-", "").lower()
        return [m for m in self._kept if m.to.replace("-", "").lower() == wanted]
