"""Where the stories play: the running portal, the sandbox, and whoever a story needs there."""

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from app.domain.roles import Role
from tests.e2e.guide.actors import Actor, Json
from tests.e2e.guide.notebook import Notebook
from tests.e2e.stack import Stack
from tests.flows import (
    IDENTITY_CONSENTS,
    business_number,
    individual_body,
    item,
    order_body,
    phone_number,
    sign_up_body,
)

PASSWORD = "guide stories 2026"
WAIT_SECONDS = 25.0


class Town:
    """Makes people as the portal demands it, over HTTP only; each is nobody else's."""

    def __init__(self, stack: Stack, clients: list[httpx.AsyncClient], notebook: Notebook) -> None:
        self.stack = stack
        self.notebook = notebook
        self._clients = clients
        self._made = 0

    def _client(self) -> httpx.AsyncClient:
        """The two API processes take turns."""
        self._made += 1
        return self._clients[self._made % len(self._clients)]

    async def sandbox(self, method: str, path: str, body: object = None) -> Any:
        """The sandbox's own interface."""
        return await asyncio.to_thread(self.stack.sandbox, method, path, body)

    async def passes(self, **time: float) -> None:
        """Business time goes on by so much."""
        now = datetime.fromisoformat((await self.sandbox("GET", "/clock"))["now"])
        moved = {"now": (now + timedelta(**time)).isoformat()}
        await self.sandbox("PUT", "/clock", moved)

    async def mail(self, to: str, words: str) -> Json:
        """The newest mail to somebody with the words in its subject or text; waited for."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            mails = (await self.sandbox("GET", f"/messages?to={to}"))["items"]
            found = [mail for mail in mails if words in mail["subject"] + mail["text"]]
            if found:
                newest: Json = found[-1]
                return newest
            assert time.monotonic() < deadline, [mail["subject"] for mail in mails]
            await asyncio.sleep(0.05)

    async def token(self, to: str, page: str) -> str:
        """The token in the link to a page of the SPA in somebody's newest mail."""
        mail = await self.mail(to, f"{page}#token=")
        link = next(link for link in mail["links"] if f"{page}#token=" in link)
        return str(link.partition("#token=")[2])

    async def prospect(self, name: str = "한빛상사", **shown: str) -> Actor:
        """A company that has signed up and ordered nothing. `shown`: 대표자 and opening date."""
        with self.notebook.put_aside():
            client, number, address = self._client(), business_number(), _address()
            headers = {"X-Forwarded-For": address}
            body = {"business_number": number, "company_name": name} | shown
            checked = await client.post("/v1/business-verifications", json=body, headers=headers)
            assert checked.status_code == 201, checked.text
            form = sign_up_body(
                checked.json()["verification_token"],
                await self._identity(client, headers),
                company_name=name,
                password=PASSWORD,
            )
            made = await client.post("/v1/accounts/corporate", json=form, headers=headers)
            actor = self._actor(Role.PROSPECT, client, made, form, address)
            actor.business_number = number
            return actor

    async def member(self) -> Actor:
        """An individual with a verified address."""
        with self.notebook.put_aside():
            client, address = self._client(), _address()
            headers = {"X-Forwarded-For": address}
            form = individual_body(await self._identity(client, headers), password=PASSWORD)
            made = await client.post("/v1/accounts/individual", json=form, headers=headers)
            actor = self._actor(Role.MEMBER, client, made, form, address)
            proof = {"token": await self.token(actor.email, "/verify-email")}
            await actor.asks("POST", "/v1/email-verifications/confirm", 204, proof)
            return actor

    def _actor(
        self,
        role: Role,
        client: httpx.AsyncClient,
        made: httpx.Response,
        form: Json,
        address: str,
    ) -> Actor:
        assert made.status_code == 201, made.text
        account = made.json()["account"]
        return Actor(
            role=role,
            client=client,
            notebook=self.notebook,
            account_id=account["id"],
            login_id=account["login_id"],
            email=form["contact"]["email"],
            token=made.json()["session"]["access_token"],
            password=form["password"],
            address=address,
            company_id=account.get("company_id"),
        )

    async def _identity(self, client: httpx.AsyncClient, headers: dict[str, str]) -> str:
        phone = phone_number()
        body = {
            "purpose": "SIGN_UP",
            "method": "SMS",
            "carrier": "SKT",
            "name": "홍길동",
            "birth_date": "1985-03-01",
            "gender_digit": "1",
            "phone": phone,
            "consents": IDENTITY_CONSENTS,
        }
        started = await client.post("/v1/identity-verifications", json=body, headers=headers)
        assert started.status_code == 201, started.text
        inbox = await self.sandbox("GET", f"/messages?to={phone}")
        proof = {
            "client_secret": started.json()["client_secret"],
            "otp": inbox["items"][-1]["otp"],
        }
        path = f"/v1/identity-verifications/{started.json()['id']}/confirm"
        confirmed = await client.post(path, json=proof, headers=headers)
        assert confirmed.status_code == 200, confirmed.text
        return str(confirmed.json()["verification_token"])

    async def super_admin(self, wanted: Json | None = None, **shown: str) -> Actor:
        """A company whose site is open and paid by card: the guide's, or the item wanted."""
        with self.notebook.put_aside():
            owner = await self.prospect(**shown)
            ordered = wanted or item()
            priced = {name: value for name, value in ordered.items() if name != "site"}
            total = (await owner.sends("/v1/price-previews", {"items": [priced]}, 200))["total"]
            order = await owner.sends("/v1/orders", order_body(ordered, total=total))
            if total:
                await self.pays_by_card(owner, order)
            done = await self.becomes(owner, f"/v1/orders/{order['id']}", status="COMPLETED")
            owner.role = Role.SUPER_ADMIN
            owner.site_id = done["items"][0]["site"]["id"]
            owner.membership_id = done["items"][0]["membership_id"]
            return owner

    async def admin(self, owner: Actor, login_id: str | None = None) -> Actor:
        """An individual whom the company invited and whose groupware user is linked."""
        with self.notebook.put_aside():
            person = await self.member()
            invited = {"name": "정도현", "email": person.email}
            await owner.sends("/v1/invitations", invited)
            arrived = await self.arrives(owner.site_id, login_id or f"u{secrets.token_hex(4)}")
            assert arrived["state"] == "LINK_REQUIRED", arrived
            await self.links(person, arrived["ticket"])
            proof = {"token": await self.token(person.email, "/invitations/accept")}
            accepted = await person.sends("/v1/invitations/accept", proof, 200)
            assert accepted["state"] == "ACCEPTED", accepted
            person.role = Role.ADMIN
            person.company_id = owner.company_id
            person.site_id, person.membership_id = owner.site_id, owner.membership_id
            return person

    async def links(self, person: Actor, ticket: str) -> None:
        """연동 계정 설정."""
        await person.steps_up()
        body = {"ticket": ticket, "confirm_link": True}
        linked = await person.sends("/v1/sso/links", body, 200)
        assert linked["state"] == "LINKED", linked

    async def arrives(self, site_id: str, login_id: str) -> Json:
        """A site administrator opens 고객포털 in the waffle menu: what the portal says of them."""
        opened = await self.sandbox("POST", f"/sites/{site_id}/waffle", {"login_id": login_id})
        address = {"X-Forwarded-For": _address()}
        groupware = {opened["cookie"]["name"]: opened["cookie"]["value"]}
        async with httpx.AsyncClient(timeout=30) as browser:
            started = await browser.get(opened["url"], headers=address)
            kept = {"Cookie": started.headers["set-cookie"].partition(";")[0]} | address
            agreed = await browser.get(
                started.headers["location"],
                headers={"Cookie": "; ".join(f"{n}={v}" for n, v in groupware.items())},
            )
            back = await browser.get(agreed.headers["location"], headers=kept)
            code = parse_qs(urlsplit(back.headers["location"]).query)["code"][0]
            body = {"code": code, "client_type": "NATIVE"}
            url = f"http://127.0.0.1:{self.stack.ports[0]}/v1/sso/exchange"
            answer = await browser.post(url, json=body, headers=kept)
        assert answer.status_code == 200, answer.text
        arrived: Json = answer.json()
        return arrived

    async def pays_by_card(self, actor: Actor, order: Json) -> Json:
        """Started, approved by the payer in the sandbox, completed."""
        started = await actor.sends(f"/v1/orders/{order['id']}/payments", {"method": "CARD"})
        await self.sandbox("POST", f"/payments/{started['id']}/approve", {})
        paid = await actor.sends(f"/v1/payments/{started['id']}/complete", status=200)
        assert paid["status"] == "PAID", paid
        return paid

    async def becomes(self, actor: Actor, path: str, **wanted: object) -> Json:
        """What is there once its fields are as wanted."""
        return await self.until(
            actor, path, lambda found: all(found[name] == value for name, value in wanted.items())
        )

    async def until(self, actor: Actor, path: str, fits: Callable[[Json], bool]) -> Json:
        """What is there once it fits; asked until then."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not fits(found := await actor.reads(path)):
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)
        return found


def _address() -> str:
    """An address of one's own."""
    return ".".join(["10", *(str(secrets.randbelow(254) + 1) for _ in range(3))])
