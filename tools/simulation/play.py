"""A part of the companies through all the years, on a stack of its own."""

import heapq
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.faults import Fault
from tools.simulation import checks
from tools.simulation.customers import Customer, Tally
from tools.simulation.stack import Stack
from tools.simulation.summary import Summary

ARRIVE_WITHIN_DAYS = 500
LOOK_EVERY_DAYS = (8, 22)
STOPS_AT = timedelta(hours=1)
"""The clock stops at whole hours: what came due since runs in the order of its due date."""
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
FAULT_HOURS = (2, 4, 12, 30)
Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """`first` is the number of the part's first company."""

    first: int
    companies: int
    years: int
    seed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a part has come."""

    month: str
    companies: int
    orders: int
    jobs: int
    payments: int


Say = Callable[[Progress], None]


@dataclass(slots=True)
class _Heap:
    """What people do, by when."""

    entries: list[tuple[datetime, int, Work]] = field(default_factory=list)
    order: "itertools.count[int]" = field(default_factory=itertools.count)

    def push(self, at: datetime, work: Work) -> None:
        heapq.heappush(self.entries, (at, next(self.order), work))

    def pop_due(self, now: datetime) -> Work | None:
        if self.entries and self.entries[0][0] <= now:
            return heapq.heappop(self.entries)[2]
        return None

    def first(self) -> list[datetime]:
        return [self.entries[0][0]] if self.entries else []


class Play:
    """A heap of what people do, and a clock that stops at each of it and at each due row."""

    def __init__(self, stack: Stack, plan: Plan, say: Say) -> None:
        self._stack = stack
        self._say = say
        self._dice = random.Random(plan.seed)
        random.seed(plan.seed)  # the sandbox's own dice
        self._tally = Tally()
        self._heap = _Heap()
        self._began = stack.now
        self._ends = stack.now + timedelta(days=365 * plan.years)
        self._customers: list[Customer] = []
        self._faults = 0
        for number in range(plan.first, plan.first + plan.companies):
            at = self._began + self._within(0, ARRIVE_WITHIN_DAYS)
            own = random.Random(self._dice.random())
            customer = Customer(stack, number, own, self._heap.push, self._tally)
            self._customers.append(customer)
            self._heap.push(at, self._arrival(customer))
        self._heap.push(self._began + self._within(*FAULT_EVERY_DAYS), self._break_something)
        self._heap.push(self._began + timedelta(days=7), self._operator)

    async def run(self) -> Summary:
        """To the end, and three days more in which the providers are well."""
        await self._through(self._ends)
        self._stack.world.faults.clear()
        self._heap.entries.clear()
        self._heap.push(self._ends + timedelta(days=2), self._operator)
        await self._through(self._ends + timedelta(days=3))
        for customer in self._customers:
            await customer.close()
        return Summary(
            began=self._began,
            ended=self._stack.now,
            faults=self._faults,
            counts={
                "customers": self._tally.done,
                "refused": self._tally.refused,
                "jobs": self._stack.jobs,
                "mails": self._stack.mails,
                **await checks.counts(self._stack),
            },
            ledger=await checks.totals(self._stack),
            wrong=await checks.wrong(self._stack),
        )

    def _within(self, least: int, most: int) -> timedelta:
        return timedelta(seconds=self._dice.randint(least * 86_400, most * 86_400))

    async def _through(self, end: datetime) -> None:
        month = ""
        while self._stack.now < end:
            due = await self._stack.next_due()
            moment = min([*self._heap.first(), *([due] if due else []), end])
            await self._stack.move_to(_next_stop(moment))
            if f"{moment:%Y-%m}" != month:
                month = f"{moment:%Y-%m}"
                self._say(self._progress(month))
            while (work := self._heap.pop_due(self._stack.now)) is not None:
                await work()
            await self._stack.run_due()

    def _progress(self, month: str) -> Progress:
        done = self._tally.done
        return Progress(
            month=month,
            companies=done["sign_up"],
            orders=sum(n for what, n in done.items() if what.startswith("order")),
            jobs=self._stack.jobs.total(),
            payments=len(self._stack.world.portone.payments),
        )

    def _arrival(self, customer: Customer) -> Work:
        async def arrive() -> None:
            # People sign up where the providers are well; what breaks a contract's life is later.
            kept = self._stack.world.faults.all()
            self._stack.world.faults.clear()
            await customer.arrive()
            for provider, fault in kept.items():
                self._stack.world.faults.put(provider, fault)
            self._heap.push(self._stack.now + self._within(0, LOOK_EVERY_DAYS[0]), look)

        async def look() -> None:
            await customer.look()
            if not customer.gone:
                self._heap.push(self._stack.now + self._within(*LOOK_EVERY_DAYS), look)

        return arrive

    async def _break_something(self) -> None:
        provider, fault = self._dice.choice(FAULTS)
        self._stack.world.faults.put(provider, fault)
        self._faults += 1
        mended = self._stack.now + timedelta(hours=self._dice.choice(FAULT_HOURS))
        self._heap.push(mended, self._mend)
        self._heap.push(self._stack.now + self._within(*FAULT_EVERY_DAYS), self._break_something)

    async def _mend(self) -> None:
        self._stack.world.faults.clear()

    async def _operator(self) -> None:
        """Pays by hand what no provider would send back."""
        answer = await self._stack.operator.get(
            "/v1/operator/refunds?state=MANUAL_REQUIRED&size=100"
        )
        for refund in answer.json()["items"]:
            if await self._stack.confirm_refund(refund["id"]):
                self._tally.done["refund by hand"] += 1
        self._heap.push(self._stack.now + timedelta(days=7), self._operator)


def _next_stop(moment: datetime) -> datetime:
    return moment + (datetime.min.replace(tzinfo=UTC) - moment) % STOPS_AT
