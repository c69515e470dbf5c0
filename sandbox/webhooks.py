"""Signed posts to the portal (Standard Webhooks), tried again a few times, then left alone."""

import asyncio
import itertools
import json
import random
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import httpx
import structlog
from standardwebhooks.webhooks import Webhook

from sandbox.faults import Fault, Faults
from sandbox.settings import SandboxSettings

Target = Literal["portone", "groupware"]
PAUSES = (0.0, 0.2, 1.0, 3.0, 10.0)
KEPT = 500

log = structlog.get_logger("sandbox.webhooks")


@dataclass(frozen=True, slots=True)
class SentWebhook:
    """One message as it was made; sending it again keeps its id."""

    id: str
    target: Target
    type: str
    body: str


class Webhooks:
    """Real time signs: a webhook's tolerance is wire time, whatever the sandbox's clock says."""

    def __init__(
        self, settings: SandboxSettings, client: httpx.AsyncClient, faults: Faults
    ) -> None:
        self._settings = settings
        self._client = client
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent: deque[SentWebhook] = deque(maxlen=KEPT)

    @property
    def muted(self) -> bool:
        """The fault `down`: nothing is delivered, as when the portal's firewall is closed."""
        return self._faults.of("webhooks").down

    @muted.setter
    def muted(self, muted: bool) -> None:
        self._faults.put("webhooks", Fault(down=muted))

    def send(self, target: Target, type: str, data: dict[str, object], /) -> None:
        """Makes a message and delivers it in the background."""
        body = {"type": type, "timestamp": datetime.now(UTC).isoformat(), "data": data}
        message = SentWebhook(f"msg_{uuid4().hex}", target, type, json.dumps(body))
        self.sent.append(message)
        if not self.muted:
            self.deliver(message)

    def deliver(self, message: SentWebhook) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, message: SentWebhook) -> None:
        secret = (
            self._settings.portone_webhook_secret
            if message.target == "portone"
            else self._settings.groupware_webhook_secret
        )
        url = f"{self._settings.portal_url}/v1/webhooks/{message.target}"
        for attempt, pause in zip(itertools.count(1), PAUSES, strict=False):
            fault = self._faults.of("webhooks")
            await asyncio.sleep(pause + fault.latency_ms / 1000)
            if self.muted or random.random() < fault.error_rate:
                continue
            now = datetime.now(UTC)
            headers = {
                "Content-Type": "application/json",
                "webhook-id": message.id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(secret).sign(message.id, now, message.body),
            }
            try:
                answer = await self._client.post(url, content=message.body, headers=headers)
            except httpx.HTTPError:
                continue
            if self._faults.drops("webhooks"):
                continue  # the portal took it, and we never heard of it
            if answer.is_success:
                return
            log.warning("webhook_refused", attempt=attempt, status=answer.status_code)

    async def settled(self) -> None:
        """Until everything under way is delivered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
