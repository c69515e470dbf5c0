"""`make simulate`: three years of a hundred companies, with faults, and the books at the end.

COMPANIES (100), YEARS (3) and SEED may be set. Everything runs in this process on a PostgreSQL of
its own: the portal, its workers' jobs, and the sandbox's providers, under one clock that jumps from
one due row to the next. Ends with 1 where the ledger, the provider's books, the groupware's sites
or any state is not as it must be.
"""

import asyncio
import heapq
import itertools
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from sandbox.faults import Fault
from tools.simulation import checks
from tools.simulation.customers import Customer, Tally
from tools.simulation.stack import Stack, running

ARRIVE_WITHIN_DAYS = 500
LOOK_EVERY_DAYS = (8, 22)
FAULTS: tuple[tuple[str, Fault], ...] = (
    ("portone", Fault(error_rate=0.5)),
    ("portone", Fault(down=True)),
    ("portone", Fault(drop_after=1)),
    ("portone", Fault(nonsense=True)),
    ("groupware", Fault(down=True)),
    ("groupware", Fault(error_rate=0.6)),
    ("groupware", Fault(drop_after=0)),
    ("webhooks", Fault(down=True)),
)
FAULT_EVERY_DAYS = (4, 25)
Work = Callable[[], Awaitable[None]]


class Simulation:
    """A heap of what people do, and a clock that stops at each of it and at each due row."""

    def __init__(self, stack: Stack, companies: int, years: int, seed: int) -> None:
        self._stack = stack
        self._dice = random.Random(seed)
        self._tally = Tally()
        self._order = itertools.count()
        self._heap: list[tuple[datetime, int, Work]] = []
        self._began = stack.now
        self._ends = stack.now + timedelta(days=365 * years)
        self._started = time.monotonic()
        self._customers: list[Customer] = []
        self.faults = 0
        for number in range(companies):
            at = self._began + self._within(0, ARRIVE_WITHIN_DAYS)
            customer = Customer(
                stack, number, random.Random(self._dice.random()), self.later, self._tally
            )
            self._customers.append(customer)
            self.later(at, self._arrival(customer))
        self.later(self._began + self._within(*FAULT_EVERY_DAYS), self._break_something)
        self.later(self._began + timedelta(days=7), self._operator)

    def _within(self, least: int, most: int) -> timedelta:
        return timedelta(seconds=self._dice.randint(least * 86_400, most * 86_400))

    def later(self, at: datetime, work: Work) -> None:
        heapq.heappush(self._heap, (at, next(self._order), work))

    async def run(self) -> None:
        month = ""
        while True:
            due = await self._stack.next_due()
            moments = [self._heap[0][0], self._ends] + ([due] if due else [])
            moment = min(moments)
            moment = _next_quarter(moment)
            await self._stack.move_to(moment)
            if f"{moment:%Y-%m}" != month:
                month = f"{moment:%Y-%m}"
                self._say(moment)
            while self._heap and self._heap[0][0] <= self._stack.now:
                await heapq.heappop(self._heap)[2]()
            await self._stack.run_due()
            if moment >= self._ends:
                return

    async def settle(self) -> None:
        """The providers are well again, and three more days pass."""
        self._stack.world.faults.clear()
        self._ends += timedelta(days=3)
        self._heap = [entry for entry in self._heap if entry[0] > self._ends]
        heapq.heapify(self._heap)
        self.later(self._ends + timedelta(days=1), self._nothing)
        await self.run()
        for customer in self._customers:
            await customer.close()

    async def _nothing(self) -> None:
        return

    def _arrival(self, customer: Customer) -> Work:
        async def arrive() -> None:
            # People sign up where the providers are well; what breaks a contract's life is later.
            kept = self._stack.world.faults.all()
            self._stack.world.faults.clear()
            await customer.arrive()
            for provider, fault in kept.items():
                self._stack.world.faults.put(provider, fault)
            self.later(self._stack.now + self._within(0, LOOK_EVERY_DAYS[0]), look)

        async def look() -> None:
            await customer.look()
            if not customer.gone:
                self.later(self._stack.now + self._within(*LOOK_EVERY_DAYS), look)

        return arrive

    async def _break_something(self) -> None:
        provider, fault = self._dice.choice(FAULTS)
        self._stack.world.faults.put(provider, fault)
        self.faults += 1
        hours = self._dice.choice([1, 3, 12, 30])
        self.later(self._stack.now + timedelta(hours=hours), self._mend)
        self.later(self._stack.now + self._within(*FAULT_EVERY_DAYS), self._break_something)

    async def _mend(self) -> None:
        self._stack.world.faults.clear()

    async def _operator(self) -> None:
        """Pays by hand what no provider would send back."""
        answer = await self._stack.operator.get(
            "/v1/operator/refunds?state=MANUAL_REQUIRED&size=100"
        )
        for refund in answer.json()["items"]:
            done = await self._stack.operator.post(f"/v1/operator/refunds/{refund['id']}/done")
            if done.status_code == 200:
                self._tally.done["refund by hand"] += 1
        self.later(self._stack.now + timedelta(days=7), self._operator)

    def _say(self, moment: datetime) -> None:
        orders = sum(n for what, n in self._tally.done.items() if what.startswith("order"))
        payments = len(self._stack.world.portone.payments)
        print(
            f"{moment:%Y-%m}  {time.monotonic() - self._started:6.1f} s"
            f"  {self._tally.done['sign_up']:5d} companies {orders:6d} orders"
            f" {self._stack.jobs.total():8d} jobs {payments:6d} payments",
            flush=True,
        )

    async def report(self) -> list[str]:
        """Prints the summary; returns what is wrong."""
        print(f"\n{self._began:%Y-%m-%d} to {self._stack.now:%Y-%m-%d}, {self.faults} faults")
        print("customers:", _listed(dict(self._tally.done)))
        print("refused:  ", _listed(dict(self._tally.refused)))
        print("jobs:", _listed(dict(self._stack.jobs)))
        print("mails:", _listed(dict(self._stack.mails)))
        for name, found in (await checks.counts(self._stack)).items():
            print(f"{name}:", _listed(dict(found)))
        print("ledger:", _listed(await checks.totals(self._stack)))
        wrong = await checks.wrong(self._stack)
        for line in wrong[:40]:
            print("WRONG", line)
        return wrong


def _next_quarter(moment: datetime) -> datetime:
    """The clock stops at quarters of an hour: what is due in between runs together."""
    quarter = timedelta(minutes=15)
    return moment + (datetime.min.replace(tzinfo=UTC) - moment) % quarter


def _listed(found: dict[str, int]) -> str:
    return ", ".join(f"{what} {n:,}" for what, n in sorted(found.items(), key=lambda e: -e[1]))


async def simulate(companies: int, years: int, seed: int) -> int:
    """0 where everything agrees."""
    print(f"simulate: {companies} companies, {years} years, SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="portal-simulate-") as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as another user where root runs this
        async with running(Path(folder)) as stack:
            simulation = Simulation(stack, companies, years, seed)
            started = time.monotonic()
            await simulation.run()
            await simulation.settle()
            wrong = await simulation.report()
    seconds = time.monotonic() - started
    print(f"{'all agrees' if not wrong else f'{len(wrong)} WRONG'} after {seconds:.0f} s")
    return 1 if wrong else 0


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    companies, years = int(os.environ.get("COMPANIES", "100")), int(os.environ.get("YEARS", "3"))
    sys.exit(asyncio.run(simulate(companies, years, seed)))


if __name__ == "__main__":
    main()
