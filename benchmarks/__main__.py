"""One command, one run: the portal beside its limits, in interleaved rounds. `make bench`.

Prints requests per second, p50 and p99, and the ratio to each limit. Says VOID where the load
generator is not at least three times as fast as the fastest limit; exits 1 for an answer that is
not 2xx or that differs. Stops by itself after about three minutes (`docs/performance.md`).
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from app.db.prepare import prepare
from benchmarks.cases import BEGIN, COMMIT, COMPANIES, SIGNER, Case, cases
from benchmarks.data import fill
from benchmarks.limit import LimitJob, Way
from benchmarks.load import Job, Round
from benchmarks.processes import free_port, in_rounds, load, server
from benchmarks.recorded import Request, record
from tools.postgres import EmbeddedPostgres

ROUNDS, SECONDS = 5, 1.0
CONSTANT = Request("GET", "/constant", {})
PLAIN, SAME, LONG = "plain", "same", "long"
MEANS = {
    PLAIN: "two statements, no row-level security",
    SAME: "the portal's own statements",
    LONG: "BEGIN, two statements, COMMIT",
    "bare": "a bare FastAPI route",
}


def ways_of(case: Case, url: str, body: bytes, hashed: str) -> dict[str, Way]:
    """The limits of a case, by name."""
    if case.bare:
        return {}
    runs = asyncio.run(record(url, case.requests if case.once else case.requests[:1]))
    found = {SAME: Way(runs, body, password=hashed if case.password else None)}
    if case.apart:
        found[PLAIN] = Way([case.apart], body, owner=True)
        found[LONG] = Way([[BEGIN, *case.apart, COMMIT]], body)
    return found


def body_of(url: str, request: Request) -> bytes:
    """What the portal answers once; every further answer must be equal to it."""
    answer = httpx.request(
        request.method,
        url + request.path,
        headers=request.headers,
        content=request.body,
        timeout=30,
    )
    if not answer.is_success:
        raise SystemExit(f"{request.path}: {answer.status_code} {answer.text}")
    return answer.content


def against(
    port: int, case: Case, body: bytes, path: str | None = None
) -> Callable[[float], Round]:
    """Rounds of a case at the portal, or at a path of the limit."""
    if not case.once:
        wire = [case.requests[0].wire(port, path)]
        return lambda seconds: load(Job(port, wire, seconds, body))
    wires = [request.wire(port, path) for request in case.requests]
    size = len(wires) // (ROUNDS + 1)
    parts: Iterator[list[bytes]] = iter(
        [wires[first : first + size] for first in range(0, size * (ROUNDS + 1), size)]
    )
    return lambda _: load(Job(port, next(parts), 30.0, once=True))


def compare(case: Case, portal: int, limit: int, body: bytes, paths: dict[str, str]) -> float:
    """One line a limit; returns the fastest limit, for the void check."""
    ways = {"portal": against(portal, case, body)}
    ways |= {name: against(limit, case, body, path) for name, path in paths.items()}
    found = in_rounds(ways, ROUNDS, SECONDS)
    ours = found.pop("portal")
    rate = statistics.median(round_.rate for round_ in ours)
    p50 = statistics.median(round_.p50 for round_ in ours)
    p99 = statistics.median(round_.p99 for round_ in ours)
    fastest = 0.0
    for name, theirs in found.items():
        their_rate = statistics.median(round_.rate for round_ in theirs)
        # Each round beside its neighbour: the machine's other work moves both.
        ratio = statistics.median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))
        print(
            f"| {case.name} | {rate:,.0f} | {p50:.1f} | {p99:.1f} | {MEANS[name]} |"
            f" {their_rate:,.0f} | {ratio:.2f} |",
            flush=True,
        )
        fastest = max(fastest, their_rate)
    return fastest


def measure(cluster: EmbeddedPostgres) -> None:
    """Three copies of one database: the portal's, the limit's, and the one that is recorded."""
    cluster.create_database("seeded")
    asyncio.run(prepare(cluster.dsn("seeded")))
    asyncio.run(fill(cluster.dsn("seeded"), COMPANIES))
    for name in ("portal", "limit", "recorded"):
        cluster.create_database(name, template="seeded")
    # The replay has the recorded ids of rows whose own ids the database makes anew.
    cluster.sql("ALTER TABLE sessions DROP CONSTRAINT fk_sessions_known_device_id", "limit")
    hashed = cluster.sql(
        f"SELECT password_hash FROM accounts WHERE login_id = 'bench-{SIGNER}'", "limit"
    ).strip()
    port, limit_port = free_port(), free_port()
    url = cluster.dsn("portal", "portal_api")
    measured = cases()
    with server("benchmarks.portal", port, None, DATABASE_URL=url, PORT=str(port)):
        base = f"http://127.0.0.1:{port}"
        bodies = {c.name: b"" if c.once else body_of(base, c.requests[0]) for c in measured}
        recorded = cluster.dsn("recorded", "portal_api")
        ways = {c.name: ways_of(c, recorded, bodies[c.name] or b"{}", hashed) for c in measured}
        paths = {
            name: {way: f"/{index}/{way}" for way in (PLAIN, SAME, LONG) if way in found}
            for index, (name, found) in enumerate(ways.items())
        }
        job = LimitJob(
            port=limit_port,
            dsn=f"postgresql://portal_api@/limit?host={cluster.socket_dir}",
            owner_dsn=f"postgresql://postgres@/limit?host={cluster.socket_dir}",
            ways={paths[c][way]: found[way] for c, found in ways.items() for way in found},
            bare=next(bodies[c.name] for c in measured if c.bare),
        )
        with server("benchmarks.limit", limit_port, job):
            print("| what | portal /s | p50 ms | p99 ms | limit | limit /s | ratio |")
            print("| --- | --- | --- | --- | --- | --- | --- |")
            fastest = 0.0
            for case in measured:
                beside = {"bare": "/bare"} if case.bare else paths[case.name]
                limit = compare(case, port, limit_port, bodies[case.name], beside)
                fastest = max(fastest, limit)
            constant = Job(limit_port, [CONSTANT.wire(limit_port)], SECONDS, b'{"ok":true}')
            alone = statistics.median(load(constant).rate for _ in range(ROUNDS))
    print(f"\nThe generator alone: {alone:,.0f}/s, {alone / fastest:.1f} × the fastest limit.")
    if alone < 3 * fastest:
        print("VOID: the generator is not three times as fast as the fastest limit.")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cluster = EmbeddedPostgres(Path(folder), durable=False)
        cluster.ensure()
        try:
            measure(cluster)
        finally:
            cluster.stop()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
