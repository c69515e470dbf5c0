"""What is measured, and the limits beside which it stands."""

import json
from dataclasses import dataclass, field

from app.db.account_reads import ACCOUNT as ACCOUNT_READ
from app.db.membership_reads import MEMBERSHIP_PAGE
from app.db.order_reads import ORDER_PAGE
from app.db.reads import Read
from app.services.cursors import NEWEST, OLDEST
from benchmarks.data import ACCOUNT, COMPANY, PASSWORD, SESSION, key, tokens
from benchmarks.recorded import Request, Statement, apart

READER, SIGNER, FIRST_BUYER = 1, 2, 101
SIGN_INS, PURCHASES = 400, 2_000
COMPANIES = FIRST_BUYER + PURCHASES
JSON = {"Content-Type": "application/json"}
BEGIN, COMMIT = Statement("BEGIN"), Statement("COMMIT")


@dataclass(frozen=True)
class Case:
    """`requests` are each sent once where `once`, else the first is repeated.

    `apart`: its statements one by one, for the limits that do not run the portal's own.
    `password`: the limit checks one as well. `bare`: the limit is a bare FastAPI route.
    """

    name: str
    requests: list[Request]
    once: bool = False
    apart: list[Statement] = field(default_factory=list)
    password: bool = False
    bare: bool = False


def cases() -> list[Case]:
    return [*_reads(), _preview(), _sign_in(), _purchase()]


def _reads() -> list[Case]:
    ids = (key(SESSION, READER), key(ACCOUNT, READER), key(COMPANY, READER))
    signed = {"Authorization": f"Bearer {tokens().of(READER)}"}

    def read(path: str, statement: Read[object], **values: object) -> Case:
        return Case(
            f"GET {path}",
            [Request("GET", path, signed)],
            apart=apart(statement, *ids, **values),
        )

    (oldest, first), (newest, last) = OLDEST, NEWEST
    return [
        read("/v1/me", ACCOUNT_READ),
        read("/v1/memberships", MEMBERSHIP_PAGE, at=oldest, id=first, size=21),
        read("/v1/orders", ORDER_PAGE, at=newest, id=last, size=21),
    ]


def _preview() -> Case:
    body = {"items": [{"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}]}
    return Case("POST /v1/price-previews", [_post("/v1/price-previews", body)], bare=True)


def _sign_in() -> Case:
    """Each by another account: five tries at once are all that one has from an address."""
    requests = [
        _post(
            "/v1/auth/login",
            {"login_id": f"bench-{company}", "password": PASSWORD, "client_type": "NATIVE"},
        )
        for company in range(SIGNER, SIGNER + SIGN_INS)
    ]
    return Case("POST /v1/auth/login", requests, once=True, password=True)


def _purchase() -> Case:
    """Each order by another company: one company's are placed one after another."""
    signed = tokens()
    return Case(
        "POST /v1/orders",
        [
            _post(
                "/v1/orders",
                _order(f"bought-{company}"),
                {
                    "Authorization": f"Bearer {signed.of(company)}",
                    "Idempotency-Key": f"benchmark-{company:08d}",
                },
            )
            for company in range(FIRST_BUYER, FIRST_BUYER + PURCHASES)
        ],
        once=True,
    )


def _order(subdomain: str) -> dict[str, object]:
    """The guide's order: ten shared users for a year."""
    site = {
        "name": "한빛 본사",
        "subdomain": subdomain,
        "admin_name": "홍길동",
        "admin_login_id": "admin",
        "admin_email": "admin@hanbit.example",
    }
    item = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12, "site": site}
    consents = [
        {"kind": kind, "version": "2023-09", "agreed": True}
        for kind in ("SERVICE_CONTRACT", "EARLY_TERMINATION")
    ]
    return {
        "items": [item],
        "expected_total": 583_000,
        "payment_method": "CARD",
        "consents": consents,
    }


def _post(path: str, body: dict[str, object], headers: dict[str, str] | None = None) -> Request:
    return Request("POST", path, JSON | (headers or {}), json.dumps(body).encode())
