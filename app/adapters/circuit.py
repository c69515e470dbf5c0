"""A circuit breaker: a provider that fails is left alone for a while."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permit:
    """One call's leave to go out. A permit of an earlier `generation` changes nothing any more."""

    generation: int
    probe: bool


class CircuitBreaker:
    """Opens after `failures` failed calls within `window` seconds, for `open_for` seconds.

    Afterwards one call goes out as a probe while the others are still answered at once: its
    success closes the circuit, its failure opens it again. Times are of a monotonic clock.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        window: float = 30.0,
        open_for: float = 30.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._window = window
        self._open_for = open_for
        self._now = now
        self._failed_at: deque[float] = deque()
        self._opened_at: float | None = None
        self._probing = False
        self._generation = 0

    def enter(self) -> Permit | None:
        """Leave to call, or None while open. Each permit is given to exactly one of `succeeded`,
        `failed` and `abandoned`."""
        if self._opened_at is None:
            return Permit(self._generation, probe=False)
        if self._probing or self._now() - self._opened_at < self._open_for:
            return None
        self._probing = True
        return Permit(self._generation, probe=True)

    def seconds_left(self) -> int:
        """Whole seconds until the next probe, at least 1."""
        if self._opened_at is None:
            return 1
        return max(1, math.ceil(self._opened_at + self._open_for - self._now()))

    def succeeded(self, permit: Permit) -> None:
        if permit.probe and permit.generation == self._generation:
            self._opened_at = None
            self._probing = False
            self._failed_at.clear()
            self._generation += 1

    def failed(self, permit: Permit) -> None:
        if permit.generation != self._generation:
            return
        now = self._now()
        if permit.probe:
            self._open(now)
            return
        self._failed_at.append(now)
        while self._failed_at[0] <= now - self._window:
            self._failed_at.popleft()
        if len(self._failed_at) >= self._failures:
            self._open(now)

    def abandoned(self, permit: Permit) -> None:
        """The call was cancelled by us: it says nothing about the provider."""
        if permit.probe and permit.generation == self._generation:
            self._probing = False

    def _open(self, now: float) -> None:
        self._opened_at = now
        self._probing = False
        self._failed_at.clear()
        self._generation += 1
