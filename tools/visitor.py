"""Somebody who uses the portal over HTTP, and the sandbox's side of what they do.

`make tour` shows what a visitor does, `make run` fills its demo data by them. Nothing is known here
that a frontend would not know.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
"""An object of the API's JSON, as it came."""
TERMS_VERSION = "2023-09"
WAIT_SECONDS = 30.0
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


class Unexpected(Exception):
    """An answer that is not what it should be; says what was asked, wanted and answered."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `note` says in Korean what it is for."""

    note: str
    method: str
    url: httpx.URL
    sent: Json | None
    status: int
    answer: Json


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who signs up, and for which company. `phone` is digits only, `birth_date` is ISO."""

    business_number: str
    company_name: str
    name: str
    phone: str
    login_id: str
    password: str = field(repr=False)
    email: str
    birth_date: str = "1985-03-01"
    gender_digit: str = "1"


def with_check_digit(nine: int) -> str:
    """The business number whose first nine digits are these."""
    digits = f"{nine:09d}"
    weighted = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True))
    return digits + str((10 - (weighted + int(digits[8]) * 5 // 10) % 10) % 10)


def agreed(*kinds: str) -> list[Json]:
    return [{"kind": kind, "version": TERMS_VERSION, "agreed": True} for kind in kinds]


def _nothing(_: Exchange) -> None:
    """Nobody looks."""


class Visitor:
    """Asks, and insists on the status. `saw` is told of each exchange that has a note."""

    def __init__(
        self,
        portal: httpx.AsyncClient,
        sandbox: httpx.AsyncClient,
        saw: Callable[[Exchange], None] = _nothing,
    ) -> None:
        self._portal = portal
        self._sandbox = sandbox
        self._saw = saw
        self._access_token: str | None = None

    async def ask(
        self,
        note: str,
        method: str,
        path: str,
        status: int,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """The answer's object, or {} where there is none. Raises `Unexpected`."""
        sent = dict(headers or {})
        if self._access_token:
            sent["Authorization"] = f"Bearer {self._access_token}"
        return await self._exchange(self._portal, note, method, path, status, body, sent)

    async def ask_sandbox(
        self, note: str, method: str, path: str, status: int = 200, body: Json | None = None
    ) -> Json:
        """Of the sandbox's own JSON interface. Raises `Unexpected`."""
        path = f"/_sandbox/v1{path}"
        return await self._exchange(self._sandbox, note, method, path, status, body, {})

    async def _exchange(
        self,
        client: httpx.AsyncClient,
        note: str,
        method: str,
        path: str,
        status: int,
        body: Json | None,
        headers: dict[str, str],
    ) -> Json:
        try:
            response = await client.request(method, path, json=body, headers=headers)
        except httpx.HTTPError as failed:
            raise Unexpected(f"{method} {path}: {type(failed).__name__}") from failed
        answer = _object(response)
        if note or response.status_code != status:
            self._saw(
                Exchange(note, method, response.request.url, body, response.status_code, answer)
            )
        if response.status_code != status:
            code = answer.get("code", response.text[:200])
            raise Unexpected(f"{method} {path}: {response.status_code} ({code}), not {status}")
        return answer

    async def verify_business(self, note: str, who: Applicant) -> Json:
        body = {"business_number": who.business_number, "company_name": who.company_name}
        return await self.ask(note, "POST", "/v1/business-verifications", 201, body)

    async def verify_phone(self, notes: tuple[str, str, str], who: Applicant) -> Json:
        """Asked for, read from the sandbox's messages, confirmed."""
        body: Json = {
            "purpose": "SIGN_UP",
            "method": "SMS",
            "carrier": "SKT",
            "name": who.name,
            "birth_date": who.birth_date,
            "gender_digit": who.gender_digit,
            "phone": who.phone,
            "consents": agreed(
                "IDENTITY_PRIVACY", "IDENTITY_UNIQUE_ID", "IDENTITY_CARRIER", "IDENTITY_AGENCY"
            ),
        }
        started = await self.ask(notes[0], "POST", "/v1/identity-verifications", 201, body)
        inbox = await self.ask_sandbox(notes[1], "GET", f"/messages?to={who.phone}")
        confirm = {"client_secret": started["client_secret"], "otp": inbox["items"][-1]["otp"]}
        path = f"/v1/identity-verifications/{started['id']}/confirm"
        return await self.ask(notes[2], "POST", path, 200, confirm)

    async def sign_up(self, note: str, who: Applicant, business: Json, person: Json) -> Json:
        """From here on the visitor is signed in."""
        body: Json = {
            "business_verification_token": business["verification_token"],
            "identity_verification_token": person["verification_token"],
            "login_id": who.login_id,
            "password": who.password,
            "company_name": who.company_name,
            "contact": {"email": who.email},
            "consents": agreed("PRIVACY", "AGE_14", "SERVICE_TERMS"),
            "client_type": "NATIVE",
        }
        answer = await self.ask(note, "POST", "/v1/accounts/corporate", 201, body)
        self._access_token = str(answer["session"]["access_token"])
        return answer

    async def sign_in(self, login_id: str, password: str) -> None:
        body = {"login_id": login_id, "password": password, "client_type": "NATIVE"}
        answer = await self.ask("", "POST", "/v1/auth/login", 200, body)
        self._access_token = str(answer["access_token"])

    async def place_order(self, note: str, items: list[Json], total: int) -> Json:
        body: Json = {
            "items": items,
            "expected_total": total,
            "payment_method": "CARD" if total else None,
            "consents": agreed("SERVICE_CONTRACT", "EARLY_TERMINATION"),
        }
        return await self.ask(note, "POST", "/v1/orders", 201, body, _idempotency_key())

    async def pay_by_card(self, notes: tuple[str, str, str], order: Json) -> Json:
        """Started, approved on the payer's side, completed; the payment as it then is."""
        path = f"/v1/orders/{order['id']}/payments"
        payment = await self.ask(
            notes[0], "POST", path, 201, {"method": "CARD"}, _idempotency_key()
        )
        await self.ask_sandbox(notes[1], "POST", f"/payments/{payment['id']}/approve")
        return await self.ask(notes[2], "POST", f"/v1/payments/{payment['id']}/complete", 200)

    async def wait_for_order(self, note: str, order: Json, status: str = "COMPLETED") -> Json:
        """Asks until the order has the status. Raises `Unexpected` after `WAIT_SECONDS`."""
        path = f"/v1/orders/{order['id']}"
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = await self.ask("", "GET", path, 200)
            if found["status"] == status:
                return await self.ask(note, "GET", path, 200) if note else found
            if time.monotonic() > deadline:
                raise Unexpected(
                    f"order {found['number']} is {found['status']}"
                    f" after {WAIT_SECONDS:.0f} s, not {status}"
                )
            await asyncio.sleep(0.1)


def _object(response: httpx.Response) -> Json:
    try:
        decoded = response.json()
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _idempotency_key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(16)}
