"""The mail server: takes everything and keeps it in the inbox."""

import asyncio
import random
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.faults import Faults
from sandbox.messages import Messages

LARGEST = 30 * 1024 * 1024


class Inbox:
    """aiosmtpd's handler: its method names are the library's."""

    def __init__(self, messages: Messages, faults: Faults) -> None:
        self._messages = messages
        self._faults = faults

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._faults.of("smtp")
        await asyncio.sleep(fault.latency_ms / 1000)
        if fault.down or random.random() < fault.error_rate:
            return "451 4.3.0 the sandbox's mail server is down"
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        mail = message_from_bytes(raw, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        for recipient in envelope.rcpt_tos:
            self._messages.add_mail(recipient, mail)
        if self._faults.drops("smtp"):
            return "421 4.4.2 connection dropped after the mail was taken"
        return "250 2.0.0 taken"


async def start_smtp(messages: Messages, faults: Faults, port: int) -> asyncio.Server:
    """Listens on loopback. Raises OSError where the port is taken."""
    inbox = Inbox(messages, faults)

    def session() -> SMTP:
        return SMTP(inbox, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="sandbox")

    return await asyncio.get_running_loop().create_server(session, "127.0.0.1", port)
