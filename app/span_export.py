"""Spans to a collector by OTLP over HTTP, from a thread of their own.

A request or job puts its span into a bounded queue and goes on; while the collector is away the
queue is full and the oldest spans are dropped. Imported by `app.spans.exported` only.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.spans import TRACEPARENT, Attributes, Kind, Span

QUEUED: Final = 2048
AT_ONCE: Final = 512
EVERY_SECONDS: Final = 2.0
EXPORT_SECONDS: Final = 5.0
"""For one batch, repeats included."""
FLUSH_SECONDS: Final = 3.0
"""How long the end of a process waits for a collector."""

KINDS: Final = {
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
}
_W3C: Final = TraceContextTextMapPropagator()


class _Recorded:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)


class OtlpRecorder:
    """Belongs to a process. Samplers and the collector's headers are OTEL_*, as everywhere."""

    def __init__(self, endpoint: str, service: str, version: str) -> None:
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_SECONDS)
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service, "service.version": version}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=QUEUED,
                max_export_batch_size=AT_ONCE,
                schedule_delay_millis=EVERY_SECONDS * 1000,
            )
        )
        self._tracer = self._provider.get_tracer("portal", version)

    @contextmanager
    def inner(self, name: str, kind: Kind, attributes: Attributes) -> Iterator[Span]:
        with self._entered(name, kind, attributes, None) as span:
            yield span

    @contextmanager
    def outer(
        self, name: str, kind: Kind, attributes: Attributes, parent: str | None
    ) -> Iterator[Span]:
        """Whatever this task was in before; `tracestate` is others' and is dropped."""
        context = Context()
        if parent is not None:
            context = _W3C.extract({TRACEPARENT: parent}, context)
        with self._entered(name, kind, attributes, context) as span:
            yield span

    @contextmanager
    def _entered(
        self, name: str, kind: Kind, attributes: Attributes, context: Context | None
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            context,
            KINDS[kind],
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as current:
            span = _Recorded(current)
            try:
                yield span
            except BaseException as error:
                span.fail(type(error).__qualname__)
                raise

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get(TRACEPARENT)

    async def aclose(self) -> None:
        """The SDK waits half a minute for a collector that is away; we do not."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, FLUSH_SECONDS)
