"""A PortOne that charges whatever it is asked to, at once: the wire's form and nothing else."""

import asyncio
import json
import os
import re
from datetime import UTC, datetime
from typing import cast

import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CARD = {"issuer": "BC_CARD", "name": "샌드박스카드", "number": "451842******1234"}


class Provider(asyncio.Protocol):
    """One connection of HTTP/1.1, kept alive. What was charged is known to all of them."""

    charged: dict[str, dict[str, object]] = {}  # noqa: RUF012 - the process's books

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._held = cast(asyncio.Transport, transport), b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while True:
            head, found, rest = self._held.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not found or len(rest) < size:
                return
            self._held = rest[size:]
            self._answer(head, rest[:size])

    def _answer(self, head: bytes, body: bytes) -> None:
        method, target, _ = head.partition(b"\r\n")[0].split(b" ")
        payment = target.partition(b"?")[0].split(b"/")[2].decode()
        if method == b"POST":
            answer: object = self._charge(payment, body)
        else:
            answer = self.charged[payment]
        wire = json.dumps(answer).encode()
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(wire), wire)
        )

    def _charge(self, payment: str, body: bytes) -> object:
        asked, now = json.loads(body), datetime.now(UTC).isoformat()
        total = asked["amount"]["total"]
        self.charged[payment] = {
            "id": payment,
            "transactionId": f"transaction-{payment}",
            "status": "PAID",
            "storeId": asked["storeId"],
            "orderName": asked["orderName"],
            "amount": {
                "total": total,
                "paid": total,
                "cancelled": 0,
                "vat": asked["amount"]["vat"],
            },
            "currency": "KRW",
            "requestedAt": "2027-03-24T09:00:00Z",
            "paidAt": "2027-03-24T09:00:00Z",
            "channel": {"type": "TEST", "key": "channel-key-billing"},
            "method": {"type": "PaymentMethodCard", "card": _CARD},
            "receiptUrl": f"https://receipts.example/{payment}",
        }
        return {"payment": {"pgTxId": f"transaction-{payment}", "paidAt": now}}


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
    await server.serve_forever()


def serve(port: int) -> None:
    """Until the process is ended. Not on the core of those that are measured, if there is one."""
    cores = os.sched_getaffinity(0) - {0}
    if cores:
        os.sched_setaffinity(0, cores)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(port))
