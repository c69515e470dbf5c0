"""The sandbox's PortOne alone, and the official SDK that judges it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import portone_server_sdk as sdk
import uvicorn
from fastapi import FastAPI
from portone_server_sdk.payment.billing_key import BillingKeyClient
from portone_server_sdk.payment.cash_receipt import CashReceiptClient

from sandbox.portone import PortOneState, build_router


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Messages:
    sent: list[tuple[str, str | None]] = field(default_factory=list)

    def add_sms(self, to: str, text: str, otp: str | None) -> None:
        assert otp is None or otp in text
        self.sent.append((to, otp))

    def last_otp(self) -> str:
        otp = self.sent[-1][1]
        assert otp is not None
        return otp


@dataclass
class Webhooks:
    sent: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def send(self, target: str, type: str, data: dict[str, object]) -> None:
        self.sent.append((target, type, data))

    def types(self) -> list[str]:
        return [kind for _, kind, _ in self.sent]


@dataclass
class Settings:
    portone_secret: str = "sandbox-portone-api-secret"
    store_id: str = "store-sandbox"


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)
    messages: Messages = field(default_factory=Messages)
    webhooks: Webhooks = field(default_factory=Webhooks)
    portone: PortOneState = field(default_factory=PortOneState)
    settings: Settings = field(default_factory=Settings)
    base_url: str = ""
    judges: dict[tuple[str, str], "Judge"] = field(default_factory=dict)

    def changed(self) -> None:
        pass

    def client(
        self, secret: str = "sandbox-portone-api-secret", store_id: str = "store-sandbox"
    ) -> "Judge":
        key = (secret, store_id)
        if key not in self.judges:
            self.judges[key] = Judge(secret, self.base_url, store_id)
        return self.judges[key]


class Judge:
    """The SDK clients the sandbox serves, each made when it is first asked for."""

    def __init__(self, secret: str, base_url: str, store_id: str) -> None:
        self._facts = (secret, base_url, store_id)

    @cached_property
    def payment(self) -> sdk.PaymentClient:
        secret, base_url, store_id = self._facts
        return sdk.PaymentClient(secret=secret, base_url=base_url, store_id=store_id)

    @cached_property
    def identity_verification(self) -> sdk.IdentityVerificationClient:
        secret, base_url, store_id = self._facts
        return sdk.IdentityVerificationClient(secret=secret, base_url=base_url, store_id=store_id)

    @cached_property
    def account(self) -> sdk.AccountClient:
        secret, base_url, store_id = self._facts
        return sdk.AccountClient(secret=secret, base_url=base_url, store_id=store_id)

    @cached_property
    def tax_invoice(self) -> sdk.TaxInvoiceClient:
        secret, base_url, store_id = self._facts
        return sdk.TaxInvoiceClient(secret=secret, base_url=base_url, store_id=store_id)

    @property
    def cash_receipt(self) -> CashReceiptClient:
        return self.payment.cash_receipt

    @property
    def billing_key(self) -> BillingKeyClient:
        return self.payment.billing_key

    async def close(self) -> None:
        # The SDK offers no way to close what it opens.
        below = [self.billing_key, self.cash_receipt] if "payment" in self.__dict__ else []
        for name in {
            "payment",
            "identity_verification",
            "account",
            "tax_invoice",
        } & self.__dict__.keys():
            client = self.__dict__[name]
            for opened in (client, *(below if name == "payment" else [])):
                opened._sync_client.close()
                await opened._async_client.aclose()


@asynccontextmanager
async def judged() -> AsyncIterator[World]:
    """The sandbox's PortOne behind a socket, as the SDK wants it."""
    world = World()
    app = FastAPI()
    app.include_router(build_router(world))
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none")
    socket = config.bind_socket()
    # Listening now, so that a call made before the server runs waits in the queue.
    socket.listen()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([socket])))
    thread.start()
    world.base_url = f"http://127.0.0.1:{socket.getsockname()[1]}/portone"
    yield world
    for judge in world.judges.values():
        await judge.close()
    server.should_exit = True
    await asyncio.to_thread(thread.join, 10)
    socket.close()
