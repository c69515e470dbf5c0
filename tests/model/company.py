"""One company that does as it is told, on a stack that stands still between its rules."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from sandbox.groupware.state import GroupwareState
from sandbox.nts import NtsState
from sandbox.portone.billing_keys import issue_billing_key
from sandbox.portone.errors import PortOneFailure
from sandbox.portone.state import PortOneState
from sandbox.portone.virtual_accounts import deposit
from tools.simulation.customers import SEOUL, Customer, Tally
from tools.simulation.stack import Stack, running
from tools.visitor import Json

BEGINS = date(2030, 1, 7)
"""Far enough from today that a seed plays the same days until then."""
RESTS_AT = time(20, 0)
"""People act in the evening: what the day was to bring has come."""
_TABLES = (
    "SELECT format('%I', relname) AS name FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'business_clock'"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is the problem's where it was refused."""

    status: int
    body: Json
    code: str | None


class Company(Customer):
    """The answers are the test's to judge."""

    def __init__(self, stack: Stack, number: int) -> None:
        super().__init__(stack, number, random.Random(number), lambda *_: None, Tally())
        self.number = number

    async def _order(self, items: list[Json]) -> None:
        """What arrives orders nothing by itself."""

    async def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        answer = await self._send(method, path, body, headers or {})
        if answer.status_code == 401 and answer.json()["code"] != "reauthentication_required":
            await self._sign_in()
            if not self.gone:
                answer = await self._send(method, path, body, headers or {})
        found: Json = answer.json() if answer.content else {}
        etag = answer.headers.get("etag")
        if etag is not None:
            found["etag"] = etag
        return Answer(answer.status_code, found, None if answer.is_success else found["code"])

    async def proves_itself(self) -> None:
        """What needs a step-up follows."""
        await self._sign_in()

    async def changes(self, path: str, body: Json) -> Answer:
        """With the ETag of what was just read."""
        seen = await self.ask("GET", path)
        if seen.code is not None:
            return seen
        return await self.ask("PATCH", path, body, {"If-Match": seen.body["etag"]})

    async def registers(self, number: str) -> Answer:
        window = await self.ask("POST", "/v1/payment-methods/start")
        if window.code is not None:
            return window
        issued = issue_billing_key(
            self._stack.world,
            number,
            issue_id=window.body["issue_id"],
            customer_id=window.body["customer"]["customer_id"],
            expires="2099-12",  # lives are longer than cards last; expiry has tests of its own
        )
        body = {"issue_id": window.body["issue_id"], "billing_key": issued.key}
        return await self.ask("POST", "/v1/payment-methods", body)

    async def pays_in(self, account: str, amount: int | None) -> bool:
        """False: the bank knows no such account any more."""
        try:
            deposit(self._stack.world, account, amount)
        except PortOneFailure:
            return False
        await self._stack.world.webhooks.settled()
        await self._stack.run_due()
        return True


class Scene:
    """The stack of all examples, on one event loop."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._stop: asyncio.Event
        self.stack = self.run(self._begin(folder))
        self.seen: Counter[str] = Counter()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    @property
    def today(self) -> date:
        return self.stack.now.astimezone(SEOUL).date()

    async def anew(self) -> None:
        """Everything as it was before the first life, on the same evening: each life is alone.

        Nothing is proved or compared once a day: what is looked at here is looked at each time.
        """
        await self.stack.control.execute(self._forget)
        world = self.stack.world
        world.faults.clear()
        world.portone, world.groupware, world.nts = PortOneState(), GroupwareState(), NtsState()
        world.clock.ahead = timedelta()
        await self.stack.move_to(datetime.combine(BEGINS, RESTS_AT, tzinfo=SEOUL))
        self.seen["lives"] += 1

    async def until(self, day: date) -> None:
        """To that evening; the clock stops, every six hours at most, where something is due."""
        end = datetime.combine(day, RESTS_AT, tzinfo=SEOUL)
        while True:
            await self.stack.run_due()
            if self.stack.now >= end:
                return
            due = await self.stack.next_due() or end
            hour = due.astimezone(SEOUL).replace(minute=0, second=0, microsecond=0)
            await self.stack.move_to(min(hour + timedelta(hours=6 - hour.hour % 6), end))

    async def a_moment(self) -> None:
        """Long enough for what is looked at again after a minute."""
        await self.stack.move_to(self.stack.now + timedelta(minutes=2))
        await self.stack.run_due()

    async def _begin(self, folder: Path) -> Stack:
        self._stop = asyncio.Event()
        ready: asyncio.Future[Stack] = asyncio.get_running_loop().create_future()

        async def keep() -> None:
            async with running(folder) as stack:
                self._forget = await _forgetting(stack)
                ready.set_result(stack)
                await self._stop.wait()

        self._kept = asyncio.create_task(keep())
        await asyncio.wait({self._kept, ready}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            self._kept.result()
        return ready.result()

    def close(self) -> None:
        async def end() -> None:
            self._stop.set()
            await self._kept

        self.run(end())
        self._runner.close()


async def _forgetting(stack: Stack) -> str:
    """Statements that empty every table that is empty before anything has happened, triggers or

    not, and the daily tasks."""
    tables = await stack.control.fetch(_TABLES)
    filled = [
        row["name"]
        for row in tables
        if row["name"] != "daily_tasks"
        and await stack.control.fetchval(f"SELECT EXISTS (SELECT FROM {row['name']})")
    ]
    emptied = [f"DELETE FROM {row['name']}" for row in tables if row["name"] not in filled]
    return "; ".join(["SET session_replication_role = replica", *emptied])
