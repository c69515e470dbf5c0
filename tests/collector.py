"""A collector of OpenTelemetry on loopback: keeps what comes by OTLP over HTTP."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

KINDS = {Span.SPAN_KIND_SERVER: "server", Span.SPAN_KIND_CONSUMER: "consumer"} | {
    Span.SPAN_KIND_CLIENT: "client"
}


@dataclass(frozen=True)
class Collected:
    """One span, as a collector reads it. `resource`: whose it is."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent: str
    failed: bool
    words: str
    """Of its status, and of its events: nothing, if nothing leaks."""
    attributes: dict[str, str | int]
    resource: dict[str, str | int]


class Collector:
    """What was posted to it, as bytes and as spans."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.bodies: list[bytes] = []
        self.paths: set[tuple[str, str | None]] = set()

    @property
    def spans(self) -> list[Collected]:
        return [span for body in self.bodies for span in _read(body)]

    def one(self, name: str, **attributes: str) -> Collected:
        """The only span of this name, in the trace `trace_id` if that is given."""
        found = [
            span
            for span in self.spans
            if span.name == name
            and all(getattr(span, which) == value for which, value in attributes.items())
        ]
        assert len(found) == 1, (name, sorted({span.name for span in self.spans}))
        return found[0]


@contextmanager
def collecting() -> Iterator[Collector]:
    """One that listens until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.paths.add((self.path, self.headers["Content-Type"]))
            collector.bodies.append(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    listening = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    listening.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        listening.join()


def _read(body: bytes) -> Iterator[Collected]:
    for of_a_process in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _values(of_a_process.resource.attributes)
        for scope in of_a_process.scope_spans:
            for span in scope.spans:
                yield Collected(
                    name=span.name,
                    kind=KINDS[span.kind],
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    failed=span.status.code == Status.STATUS_CODE_ERROR,
                    words=span.status.message + "".join(event.name for event in span.events),
                    attributes=_values(span.attributes),
                    resource=resource,
                )


def _values(attributes: Iterable[KeyValue]) -> dict[str, str | int]:
    return {
        found.key: found.value.int_value
        if found.value.HasField("int_value")
        else found.value.string_value
        for found in attributes
    }
