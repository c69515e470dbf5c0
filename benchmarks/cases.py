"""What is measured, and the statements that its limit runs."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import TextClause

from app.clock import wire_now
from app.db import membership_reads, order_reads, principals
from benchmarks.data import Seeded


@dataclass(frozen=True)
class Case:
    """A request. `same`: every answer is equal; `bare`: the limit is a bare FastAPI route."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: str = ""
    statements: list[tuple[str, list[Any]]] = field(default_factory=list)
    same: bool = True
    bare: bool = False

    def http(self, port: int, path: str | None = None) -> str:
        """The request as it goes over the wire."""
        lines = [f"{self.method} {path or self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body.encode())}")
        return "\r\n".join(lines) + "\r\n\r\n" + self.body


def positional(clause: TextClause, values: dict[str, Any]) -> tuple[str, list[Any]]:
    """A named statement as asyncpg takes it: `:company` becomes `$1`."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    sql = re.sub(r"(?<!:):([a-z_]+)", number, clause.text)
    return sql, [values[name] for name in names]


def cases(seeded: Seeded) -> list[Case]:
    """Hot reads first, then the preview."""
    auth = {"Authorization": f"Bearer {seeded.token}"}
    company = {"uuid": str(seeded.company)}
    principal = positional(
        principals._PRINCIPAL,
        {
            "session": {"uuid": str(seeded.session)},
            "company": None,
            "wire_now": {"time": wire_now().isoformat()},
        },
    )
    page = {"company": company, "at": None, "id": None, "size": 21}
    preview = {"items": [{"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}]}
    return [
        Case(
            "GET /v1/me",
            "GET",
            "/v1/me",
            auth,
            statements=[
                principal,
                (
                    "SELECT name, phone, email FROM accounts WHERE id = $1",
                    [{"uuid": str(seeded.account)}],
                ),
            ],
        ),
        Case(
            "GET /v1/memberships",
            "GET",
            "/v1/memberships",
            auth,
            statements=[principal, positional(membership_reads._PAGE, page)],
        ),
        Case(
            "GET /v1/orders",
            "GET",
            "/v1/orders",
            auth,
            statements=[principal, positional(order_reads._PAGE, page)],
        ),
        Case(
            "POST /v1/price-previews",
            "POST",
            "/v1/price-previews",
            {"Content-Type": "application/json"},
            json.dumps(preview),
            bare=True,
        ),
    ]
