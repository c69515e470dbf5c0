"""What every call to a provider goes through: its circuit, a log line, and two metrics."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from prometheus_client import Counter, Histogram

from app.adapters.circuit import CircuitBreaker
from app.domain.provider_errors import (
    ProviderError,
    ProviderNonsense,
    ProviderRefused,
    ProviderUnavailable,
)
from app.trace import trace_id

CALLS = Counter(
    "portal_provider_calls_total", "Calls to providers", ["provider", "operation", "outcome"]
)
SECONDS = Histogram(
    "portal_provider_seconds", "Time of a call, repeats included", ["provider", "operation"]
)

_log = structlog.stdlib.get_logger("app.adapters")

T = TypeVar("T")


class Watch:
    """Over the calls to one provider."""

    def __init__(self, provider: str, breaker: CircuitBreaker | None = None) -> None:
        self._provider = provider
        self._breaker = breaker or CircuitBreaker()

    async def over(self, operation: str, work: Callable[[], Awaitable[T]], started: float) -> T:
        """Through the circuit, and with one log line, whatever becomes of it.

        `started` is of the monotonic clock. Raises ProviderUnavailable while the circuit is open,
        and what `work` raises.
        """
        outcome = "cancelled"
        try:
            result = await self._guarded(operation, work)
            outcome = "ok"
        except ProviderRefused as error:
            outcome = f"refused:{error.code}"
            raise
        except ProviderUnavailable as error:
            outcome = f"unavailable:{error.reason}"
            raise
        except ProviderNonsense:
            outcome = "nonsense"
            raise
        finally:
            seconds = time.monotonic() - started
            # What comes behind a colon is a provider's own word: not a label's value.
            CALLS.labels(self._provider, operation, outcome.partition(":")[0]).inc()
            SECONDS.labels(self._provider, operation).observe(seconds)
            _log.info(
                "provider_call",
                provider=self._provider,
                operation=operation,
                outcome=outcome,
                ms=round(seconds * 1000),
                request_id=trace_id(),
            )
        return result

    async def _guarded(self, operation: str, work: Callable[[], Awaitable[T]]) -> T:
        permit = self._breaker.enter()
        if permit is None:
            left = self._breaker.seconds_left()
            raise ProviderUnavailable(self._provider, operation, "circuit open", left)
        try:
            result = await work()
        except ProviderRefused:
            self._breaker.succeeded(permit)  # a no is an answer
            raise
        except ProviderError:
            self._breaker.failed(permit)
            raise
        except BaseException:
            self._breaker.abandoned(permit)
            raise
        self._breaker.succeeded(permit)
        return result
