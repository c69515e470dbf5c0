"""Do reads keep their speed while sign-ins run flat out? `make bench-sign-ins`.

One portal process. Rounds of reads alone and of reads beside sign-ins take turns, so that the
machine's other work moves both; the ratio is the median of the pairs. Exits 1 below 0.8, and for
an answer that is not 2xx. What the sign-ins cost themselves is `make bench`.
"""

import asyncio
import pickle
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from app.db.prepare import prepare
from benchmarks.data import PASSWORD, fill, tokens
from benchmarks.load import Job, Round
from benchmarks.processes import free_port, load, server
from benchmarks.recorded import Request
from tools.postgres import EmbeddedPostgres

PAIRS, SECONDS, COMPANIES, READER = 7, 3.0, 200, 1
KEPT = 0.8
SIGNING_IN = 4
"""Connections that send sign-ins without a pause: twice what one process hashes at once."""


def reads(port: int) -> Job:
    signed = {"Authorization": f"Bearer {tokens().of(READER)}"}
    return Job(port, [Request("GET", "/v1/me", signed).wire(port)], SECONDS)


def sign_ins(port: int) -> Job:
    """Each account once: a second try of one would be counted against it."""
    bodies = [
        f'{{"login_id":"bench-{number}","password":"{PASSWORD}","client_type":"NATIVE"}}'
        for number in range(2, COMPANIES)
    ]
    json = {"Content-Type": "application/json"}
    wires = [Request("POST", "/v1/auth/login", json, body.encode()).wire(port) for body in bodies]
    return Job(port, wires, SECONDS + 1, connections=SIGNING_IN)


def beside(port: int) -> tuple[Round, Round]:
    """(reads, the sign-ins that ran meanwhile)."""
    busy = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert busy.stdin is not None
    assert busy.stdout is not None
    pickle.dump(sign_ins(port), busy.stdin)
    busy.stdin.close()
    found = load(reads(port))
    signed: Round = pickle.load(busy.stdout)
    busy.wait()
    if signed.wrong:
        raise SystemExit(f"a wrong answer:\n{signed.wrong.decode('utf-8', 'replace')}")
    return found, signed


def measure(cluster: EmbeddedPostgres) -> float:
    cluster.create_database("portal")
    asyncio.run(prepare(cluster.dsn("portal")))
    asyncio.run(fill(cluster.dsn("portal"), COMPANIES))
    port = free_port()
    url = cluster.dsn("portal", "portal_api")
    with server("benchmarks.portal", port, None, DATABASE_URL=url, PORT=str(port)):
        load(reads(port))
        print("| reads alone /s | beside sign-ins /s | p99 ms | sign-ins /s | kept |")
        print("| --- | --- | --- | --- | --- |")
        kept = []
        for _ in range(PAIRS):
            alone = load(reads(port))
            both, signed = beside(port)
            kept.append(both.rate / alone.rate)
            print(
                f"| {alone.rate:,.0f} | {both.rate:,.0f} | {both.p99:.1f} | {signed.rate:.1f} |"
                f" {kept[-1]:.2f} |",
                flush=True,
            )
    return statistics.median(kept)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cluster = EmbeddedPostgres(Path(folder), durable=False)
        cluster.ensure()
        try:
            kept = measure(cluster)
        finally:
            cluster.stop()
    print(f"\nReads keep {kept:.2f} of their speed; {KEPT} is wanted.")
    if kept < KEPT:
        sys.exit(1)


if __name__ == "__main__":
    main()
