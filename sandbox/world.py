"""The sandbox's one state: clock, messages, webhooks, faults and the providers' books.

What must outlive a restart is kept in `DATA_DIR/sandbox.json`, written shortly after each change.
"""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from sandbox.bank import BankState
from sandbox.faults import Faults
from sandbox.groupware.state import GroupwareState
from sandbox.messages import Messages
from sandbox.nts import NtsState
from sandbox.once import OnceTokens
from sandbox.portone import PortOneState
from sandbox.request_log import RequestLog
from sandbox.settings import SandboxSettings
from sandbox.social import SocialState
from sandbox.webhooks import Webhooks

WRITE_AFTER_SECONDS = 0.2


class Clock:
    """Business time: real time and how far it was moved ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class World:
    """Made once; `start` reads what was kept, `close` writes it."""

    def __init__(
        self, settings: SandboxSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`transport` is how the portal is reached; tests give the application itself."""
        self.settings = settings
        self.client = httpx.AsyncClient(timeout=35, transport=transport)
        self.clock = Clock()
        self.messages = Messages(self.clock)
        self.faults = Faults()
        self.webhooks = Webhooks(settings, self.client, self.faults)
        self.nts = NtsState()
        self.portone = PortOneState()
        self.groupware = GroupwareState()
        self.social = SocialState()
        self.bank = BankState()
        self.requests = RequestLog()
        self.once = OnceTokens()
        self._writing: asyncio.Task[None] | None = None

    @property
    def kept_at(self) -> Path:
        return self.settings.data_dir / "sandbox.json"

    def start(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            kept = json.loads(self.kept_at.read_text(encoding="utf-8"))
            self.clock.ahead = timedelta(microseconds=kept["ahead_microseconds"])
            self.nts.load(kept["nts"])
            self.portone.load(kept["portone"])
            self.groupware.load(kept["groupware"])
            # A file of an older sandbox knows no social providers.
            self.social.load(kept.get("social", {}))
            self.bank.load(kept.get("bank", []))

    def changed(self) -> None:
        """Writes soon; many changes are written once."""
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def _write_soon(self) -> None:
        await asyncio.sleep(WRITE_AFTER_SECONDS)
        self.write()

    def write(self) -> None:
        """Whole or not at all."""
        kept = {
            "ahead_microseconds": self.clock.ahead // timedelta(microseconds=1),
            "nts": self.nts.dump(),
            "portone": self.portone.dump(),
            "groupware": self.groupware.dump(),
            "social": self.social.dump(),
            "bank": self.bank.dump(),
        }
        self.kept_at.parent.mkdir(parents=True, exist_ok=True)
        draft = self.kept_at.with_suffix(".draft")
        draft.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.kept_at)

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
        await self.webhooks.close()
        await self.client.aclose()
        self.write()
