"""`make simulate`: three years of a hundred companies, with faults, and the books at the end.

COMPANIES (100), YEARS (3), PARTS (as many as there are processors, 2 at most) and SEED may be set.
The companies are split over the parts. Each part is a process with a PostgreSQL of its own, the
portal, its workers' jobs, and the sandbox's providers, under one clock that jumps from one due row
to the next. Ends with 1 where a ledger, a provider's books, a groupware's sites or any state is
not as it must be.
"""

import asyncio
import functools
import gc
import itertools
import multiprocessing
import operator
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import structlog
import uvloop

from tools.simulation.play import Plan, Play, Progress
from tools.simulation.stack import running
from tools.simulation.summary import Summary

MOST_PARTS = 2
MUCH = 300
"""Companies times years from which on everything that there is should have happened."""
ENDS_BY_ITSELF_SECONDS = 1
COLLECTED_AFTER = 50_000
"""Objects between two looks of the garbage collector: nearly all die without it."""
Said = tuple[int, Progress | Summary | str]
"""By which part; a text is the traceback with which it ended."""


async def play(plan: Plan, place: int, said: "SimpleQueue[Said]") -> None:
    with tempfile.TemporaryDirectory(prefix="portal-simulate-") as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as another user where root runs this
        async with running(Path(folder)) as stack:
            gc.freeze()
            gc.set_threshold(COLLECTED_AFTER)
            summary = await Play(stack, plan, lambda progress: said.put((place, progress))).run()
    said.put((place, summary))


def part(plan: Plan, place: int, said: "SimpleQueue[Said]") -> None:
    """One process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(play(plan, place, said))
    except KeyboardInterrupt:
        sys.exit(1)
    except Exception:
        said.put((place, traceback.format_exc()))
        sys.exit(1)


def plans(companies: int, years: int, seed: int, parts: int) -> list[Plan]:
    """The companies as evenly as they go."""
    edges = [companies * n // parts for n in range(parts + 1)]
    return [
        Plan(first, beyond - first, years, seed + place)
        for place, (first, beyond) in enumerate(itertools.pairwise(edges))
    ]


@dataclass(slots=True)
class Display:
    """A line for each month that every part has reached."""

    parts: int
    started: float
    reached: dict[str, dict[int, Progress]] = field(default_factory=dict)

    def show(self, place: int, progress: Progress) -> None:
        all_parts = self.reached.setdefault(progress.month, {})
        all_parts[place] = progress
        if len(all_parts) == self.parts:
            there = all_parts.values()
            print(
                f"{progress.month}  {time.monotonic() - self.started:6.1f} s"
                f"  {sum(p.companies for p in there):5d} companies"
                f" {sum(p.orders for p in there):6d} orders"
                f" {sum(p.jobs for p in there):8d} jobs"
                f" {sum(p.payments for p in there):6d} payments",
                flush=True,
            )


def simulate(companies: int, years: int, seed: int, parts: int) -> int:
    """0 where everything agrees."""
    print(
        f"simulate: {companies} companies, {years} years, {parts} processes, SEED={seed}",
        flush=True,
    )
    started = time.monotonic()
    context = multiprocessing.get_context("spawn")
    said: SimpleQueue[Said] = context.SimpleQueue()
    processes = [
        context.Process(target=part, args=(plan, place, said))
        for place, plan in enumerate(plans(companies, years, seed, parts))
    ]
    for process in processes:
        process.start()
    try:
        summaries = _listen(said, Display(parts, started))
    except BaseException:
        for process in processes:
            process.join(ENDS_BY_ITSELF_SECONDS)
            _interrupt(process)
        raise
    finally:
        for process in processes:
            process.join()
    summary = functools.reduce(operator.add, summaries)
    if companies * years >= MUCH:
        summary.wrong.extend(summary.missing())
    print(*summary.lines(), sep="\n")
    agrees = f"{len(summary.wrong)} WRONG" if summary.wrong else "all agrees"
    print(f"{agrees} after {time.monotonic() - started:.0f} s")
    return 1 if summary.wrong else 0


def _interrupt(process: BaseProcess) -> None:
    """It ends its PostgreSQL, as at Ctrl-C."""
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGINT)


def _listen(said: "SimpleQueue[Said]", display: Display) -> list[Summary]:
    """The parts' summaries. Raises RuntimeError where one of them failed."""
    summaries: list[Summary] = []
    while len(summaries) < display.parts:
        place, what = said.get()
        if isinstance(what, Progress):
            display.show(place, what)
        elif isinstance(what, Summary):
            summaries.append(what)
        else:
            raise RuntimeError(f"part {place} failed\n{what}")
    return summaries


def main() -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    companies, years = int(os.environ.get("COMPANIES", "100")), int(os.environ.get("YEARS", "3"))
    parts = int(os.environ.get("PARTS") or min(MOST_PARTS, os.cpu_count() or 1, companies))
    sys.exit(simulate(companies, years, seed, parts))


if __name__ == "__main__":
    main()
