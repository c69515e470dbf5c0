"""Companies as they are: punctual or not, growing or leaving, all of it through the API."""

import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from sandbox.portone.billing_keys import issue_billing_key
from sandbox.portone.console_actions import approve, fail
from sandbox.portone.virtual_accounts import deposit
from tools.simulation.stack import Stack
from tools.visitor import Applicant, Json, Unexpected, Visitor, agreed, with_check_digit

SEOUL = ZoneInfo("Asia/Seoul")
GOOD_CARD = "4518420000001234"
POOR_CARD, LOST_CARD = "4518420000000001", "4518420000000003"
UNAVAILABLE = frozenset({502, 503})
REFUSED = frozenset({403, 404, 409, 412, 422})
Later = Callable[[datetime, Callable[[], Awaitable[None]]], None]


@dataclass(frozen=True, slots=True)
class Persona:
    """How a company is. `pays`: the chance that an open order is paid when somebody looks."""

    plan: str
    users: int
    months: int
    pays: float
    card: str | None
    restless: float
    leaves: float
    on_terms: bool


def persona(dice: random.Random) -> Persona:
    """Many small ones that pay, some that forget, a few that leave."""
    plan, months = dice.choices(
        [("SHARED", 1), ("SHARED", 12), ("SHARED", 24), ("DEDICATED", 12)], [40, 40, 8, 12]
    )[0]
    return Persona(
        plan=plan,
        users=dice.choice([1, 3, 5, 10, 20, 50, 120]),
        months=months,
        pays=dice.choices([0.95, 0.5, 0.1], [70, 22, 8])[0],
        card=dice.choices([GOOD_CARD, POOR_CARD, LOST_CARD, None], [55, 6, 4, 35])[0],
        restless=dice.choice([0.1, 0.25, 0.5]),
        leaves=dice.choice([0.0, 0.01, 0.03]),
        on_terms=dice.random() < 0.1,
    )


@dataclass
class Tally:
    """What the customers did, and what they were answered."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class Customer:
    """One company's corporate member, at work."""

    def __init__(
        self, stack: Stack, number: int, dice: random.Random, later: Later, tally: Tally
    ) -> None:
        self._stack = stack
        self._dice = dice
        self._later = later
        self._tally = tally
        self._number = number
        self._client = stack.client(f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        self.persona = persona(dice)
        self.gone = False
        self._card_id: str | None = None
        self._headers: dict[str, str] = {}
        self._password = f"simulated {secrets.token_hex(8)}"
        self._login_id = f"sim{number:06d}"

    async def close(self) -> None:
        await self._client.aclose()

    async def arrive(self) -> None:
        """Signs up, orders, pays; the card for renewals follows."""
        who = Applicant(
            business_number=with_check_digit(
                (201 + self._number % 700) * 10**6 + 81 * 10**4 + self._number + 1
            ),
            company_name=f"모의상사 {self._number}",
            name="홍길동",
            phone=f"010{self._number:08d}",
            login_id=self._login_id,
            password=self._password,
            email=f"{self._login_id}@sim.example",
        )
        visitor = Visitor(self._client, self._stack.sandbox)
        business = await visitor.verify_business("", who)
        person = await visitor.verify_phone(("", "", ""), who)
        answer = await visitor.sign_up("", who, business, person)
        self._signed_in(answer["session"])
        self._count("sign_up")
        await self._name_tax_contact()
        if self.persona.on_terms:
            path = f"/v1/operator/companies/{answer['account']['company_id']}/payment-terms"
            await self._stack.operator.put(path, json={"days": 30, "limit": None})
        await self._order([self._new_site()])

    async def _name_tax_contact(self) -> None:
        """What an order needs whose payment has a tax invoice."""
        body: Json = {
            "postcode": "04524",
            "road_address": "서울특별시 중구 세종대로 110",
            "business_type": "도소매",
            "business_class": "사무용품",
            "representative_name": "홍길동",
            "contacts": [{"name": "정도현", "email": f"tax@sim{self._number}.example"}],
        }
        path = "/v1/company/tax-invoice-contact"
        await self._change(path, "PUT", path, body)

    async def look(self) -> None:
        """Somebody looks into the portal: pays what is open, or does something."""
        if self.gone:
            return
        open_orders = await self._ask("GET", "/v1/orders?status=PENDING_PAYMENT")
        if open_orders is None:
            return
        for order in open_orders["items"]:
            if self._dice.random() < self.persona.pays:
                await self._pay(order)
        if self._card_id is None and self.persona.card and self._dice.random() < 0.3:
            live = await self._live_memberships()
            if live:
                await self._register_card(self._dice.choice(live))
        if self._dice.random() < self.persona.restless:
            await self._do_something()

    async def _live_memberships(self) -> list[Json]:
        found = await self._ask("GET", "/v1/memberships")
        return [m for m in (found or {"items": []})["items"] if m["status"] != "TERMINATED"]

    async def _do_something(self) -> None:
        live = await self._live_memberships()
        if not live:
            if self._dice.random() < 0.3:
                await self._order([self._new_site()])
            return
        membership = self._dice.choice(live)
        if self._dice.random() < self.persona.leaves:
            await self._terminate(membership)
            return
        wishes: list[tuple[float, Callable[[Json], Awaitable[None]]]] = [
            (30, self._add_users),
            (10, self._extend),
            (8, self._reduce),
            (6, self._upgrade),
            (12, self._toggle),
            (10, self._register_card),
            (3, self._second_site),
        ]
        act = self._dice.choices([w[1] for w in wishes], [w[0] for w in wishes])[0]
        await act(membership)

    # --- wishes

    def _new_site(self) -> Json:
        wanted = self.persona
        return {
            "type": "NEW",
            "plan": wanted.plan,
            "users": wanted.users,
            "months": wanted.months,
            "site": {
                "name": f"모의 {self._number}",
                "subdomain": f"sim-{secrets.token_hex(6)}",
                "admin_name": "홍길동",
                "admin_login_id": "admin",
                "admin_email": f"admin@sim{self._number}.example",
            },
        }

    async def _second_site(self, _: Json) -> None:
        await self._order([self._new_site()])

    async def _add_users(self, membership: Json) -> None:
        wanted = {
            "type": "ADD_EXTEND",
            "membership_id": membership["id"],
            "add_users": self._dice.randint(1, 5),
            "add_ons": self._dice.choice([[], [], [{"code": "STORAGE_GB", "quantity": 10}]]),
            "extend_months": 0,
        }
        await self._order([wanted])

    async def _extend(self, membership: Json) -> None:
        months = self._dice.choice([1, 12])
        wanted = {"type": "ADD_EXTEND", "membership_id": membership["id"], "extend_months": months}
        await self._order([wanted | {"add_users": 0, "add_ons": []}])

    async def _upgrade(self, membership: Json) -> None:
        wanted = {
            "type": "CHANGE",
            "membership_id": membership["id"],
            "plan": "DEDICATED",
            "users": membership["users"]["total"] + 5,
            "months": 12,
            "add_ons": [],
        }
        await self._order([wanted])

    async def _reduce(self, membership: Json) -> None:
        path = f"/v1/memberships/{membership['id']}"
        users = max(1, membership["users"]["total"] - 2)
        body = {"plan": membership["plan"], "users": users, "add_ons": []}
        if await self._change(path, "PUT", f"{path}/scheduled-change", body):
            self._count("scheduled_change")

    async def _toggle(self, membership: Json) -> None:
        path = f"/v1/memberships/{membership['id']}"
        body = {"auto_renew": not membership["auto_renew"]}
        if await self._change(path, "PATCH", path, body):
            self._count("auto_renew")

    async def _register_card(self, membership: Json) -> None:
        """With the toggle: a card alone charges nothing."""
        number = self.persona.card
        window = await self._ask("POST", "/v1/payment-methods/start") if number else None
        if window is None or number is None:
            return
        issued = issue_billing_key(
            self._stack.world,
            number,
            issue_id=window["issue_id"],
            customer_id=window["customer"]["customer_id"],
        )
        body = {"issue_id": window["issue_id"], "billing_key": issued.key}
        card = await self._ask("POST", "/v1/payment-methods", body)
        if card is None:
            return
        self._count("card")
        self._card_id = card["id"]
        path = f"/v1/memberships/{membership['id']}"
        await self._change(path, "PATCH", path, {"payment_method_id": card["id"]})
        await self._change(path, "PATCH", path, {"auto_renew": True})

    async def _terminate(self, membership: Json) -> None:
        await self._sign_in()
        last_day = self._today() + timedelta(days=self._dice.randint(0, 20))
        body = {"last_day": str(last_day), "reason": "NOT_NEEDED"}
        path = f"/v1/memberships/{membership['id']}/termination"
        if await self._ask("POST", path, body) is not None:
            self._count("termination")

    # --- orders and money

    async def _order(self, items: list[Json]) -> None:
        asked = [{k: v for k, v in item.items() if k != "site"} for item in items]
        price = await self._ask("POST", "/v1/price-previews", {"items": asked})
        if price is None:
            return
        body: Json = {
            "items": items,
            "expected_total": price["total"],
            "payment_method": self._method() if price["total"] > 0 else None,
            "accept_credit": True,
            "use_credit": self._dice.random() < 0.5,
            "confirm_duplicate": True,
            "consents": agreed("SERVICE_CONTRACT", "EARLY_TERMINATION"),
        }
        order = await self._ask("POST", "/v1/orders", body)
        if order is None:
            return
        self._count(f"order {order['type']}")
        if order["status"] == "PENDING_PAYMENT":
            await self._pay(order)
        elif order["payment_method"] == "TERMS" and self._dice.random() < self.persona.pays:
            days = self._dice.choice([10, 25, 29, 33, 70])
            paid_by = order | {"payment_method": "CARD"}
            self._later(self._stack.now + timedelta(days=days), lambda: self._pay(paid_by))

    def _method(self) -> str:
        if self.persona.on_terms:
            return self._dice.choices(["CARD", "TERMS"], [1, 3])[0]
        return self._dice.choices(["CARD", "TRANSFER", "VIRTUAL_ACCOUNT"], [6, 2, 3])[0]

    async def _pay(self, order: Json) -> None:
        """In the browser, by transfer, by the registered card at once, or into an account some days
        later; now and then refused.
        """
        method = order["payment_method"]
        path = f"/v1/orders/{order['id']}/payments"
        payment = await self._ask("POST", path, {"method": method})
        if payment is None:
            return
        if method == "BILLING_KEY":
            self._count("paid by the registered card")
            return
        if method == "VIRTUAL_ACCOUNT":
            account = (payment.get("virtual_account") or {}).get("number")
            if account is not None:
                days = self._dice.choice([0, 1, 1, 2, 4, 12])
                self._later(
                    self._stack.now + timedelta(days=days, minutes=7),
                    lambda: self._pay_in(account),
                )
            return
        if self._dice.random() < 0.05:
            await fail(self._stack.world, payment["id"])
            self._count("card refused")
            return
        checkout = payment["checkout"] or {}
        vat = checkout.get("vat_amount")
        kind: Any = "TRANSFER" if method == "TRANSFER" else "CARD"
        await approve(self._stack.world, payment["id"], method=kind, vat=vat)
        if self._dice.random() < 0.8:  # else the browser was closed: the webhook tells
            await self._ask("POST", f"/v1/payments/{payment['id']}/complete")
        self._count("paid in the browser")

    async def _pay_in(self, account: str) -> None:
        """Now and then the wrong amount, or twice."""
        wrong = self._dice.random() < 0.05
        paid = deposit(self._stack.world, account, 1_000 if wrong else None)
        self._count("wrong deposit" if wrong else "deposit")
        if self._dice.random() < 0.03 and paid.status == "PAID":
            deposit(self._stack.world, account)
            self._count("deposit twice")

    # --- HTTP

    async def _change(self, read: str, method: str, path: str, body: Json) -> bool:
        """With the ETag of what was just read."""
        answer = await self._send("GET", read, None, {})
        if answer.status_code != 200:
            return False
        seen = {"If-Match": answer.headers["etag"]}
        return await self._ask(method, path, body, seen) is not None

    async def _ask(
        self, method: str, path: str, body: Json | None = None, more: dict[str, str] | None = None
    ) -> Json | None:
        """None where it was refused or a provider is down. Raises Unexpected for anything else."""
        answer = await self._send(method, path, body, more or {})
        if answer.status_code == 401:
            await self._sign_in()
            if self.gone:
                return None
            answer = await self._send(method, path, body, more or {})
        if answer.status_code in REFUSED | UNAVAILABLE:
            self._tally.refused[str(answer.json().get("code"))] += 1
            return None
        if not answer.is_success:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        found: Json = answer.json() if answer.content else {}
        return found

    async def _send(
        self, method: str, path: str, body: Json | None, more: dict[str, str]
    ) -> httpx.Response:
        headers = self._headers | more
        if method == "POST":
            headers = headers | {"Idempotency-Key": secrets.token_hex(16)}
        return await self._client.request(method, path, json=body, headers=headers)

    async def _sign_in(self) -> None:
        body = {"login_id": self._login_id, "password": self._password, "client_type": "NATIVE"}
        answer = await self._client.post("/v1/auth/login", json=body)
        if answer.status_code in {401, 403}:  # withdrawn with its company
            self.gone = True
            self._count("withdrawn")
            return
        if answer.status_code != 200:
            raise Unexpected(f"sign-in: {answer.status_code} {answer.text[:300]}")
        self._signed_in(answer.json())

    def _signed_in(self, session: Json) -> None:
        self._headers = {"Authorization": f"Bearer {session['access_token']}"}

    def _today(self) -> date:
        return self._stack.now.astimezone(SEOUL).date()

    def _count(self, what: str) -> None:
        self._tally.done[what] += 1
