"""Who acts in the stories: a client of the portal that insists on what it is answered."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.domain.roles import Role
from tests.e2e.guide.notebook import Notebook
from tests.flows import key

Json = dict[str, Any]
TOKEN_IS_FRESH = 400.0
"""Seconds of the ten minutes that an access token lasts: a cast outlives it on a busy machine."""


@dataclass
class Actor:
    """Signed in. `site_id` and `membership_id` are of the company's first site, where it is open.

    `address` is where they call from: limits are per address.
    """

    role: Role
    client: httpx.AsyncClient
    notebook: Notebook
    account_id: str
    login_id: str
    email: str
    token: str = field(repr=False)
    password: str = field(repr=False)
    address: str
    company_id: str | None = None
    business_number: str | None = None
    site_id: str = ""
    membership_id: str = ""
    signed_in: float = field(default_factory=time.monotonic)

    async def asks(
        self,
        method: str,
        path: str,
        status: int = 200,
        body: object = None,
        headers: dict[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """The answer, which has to have the status."""
        if time.monotonic() - self.signed_in > TOKEN_IS_FRESH:
            await self._signs_in_again()
        known = {"Authorization": f"Bearer {self.token}", "X-Forwarded-For": self.address}
        if body is not None:
            sent["json"] = body
        answer = await self.client.request(
            method, path, headers=known | (headers or {}), timeout=30, **sent
        )
        self.notebook.note(method, answer.request.url.path)
        found = f"{method} {path}: {answer.status_code}, not {status}: {answer.text[:500]}"
        assert answer.status_code == status, found
        return answer

    async def _signs_in_again(self) -> None:
        """As whoever comes back to an open page does; no story is about it."""
        body = {"login_id": self.login_id, "password": self.password, "client_type": "NATIVE"}
        answer = await self.client.post(
            "/v1/auth/login", json=body, headers={"X-Forwarded-For": self.address}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        self.token, self.signed_in = answer.json()["access_token"], time.monotonic()

    async def reads(self, path: str, **query: Any) -> Json:
        """What a GET answers."""
        found: Json = (await self.asks("GET", path, params=query)).json()
        return found

    async def sends(self, path: str, body: object = None, status: int = 201) -> Json:
        """What a POST under a new key answers."""
        answer = await self.asks("POST", path, status, body, key())
        sent: Json = answer.json() if answer.content else {}
        return sent

    async def changes(self, method: str, path: str, body: Json, read: str | None = None) -> Json:
        """As a form does it: read (from `read`, or there itself), then written with If-Match."""
        seen = await self.asks("GET", read or path)
        match = {"If-Match": seen.headers["etag"]}
        changed: Json = (await self.asks(method, path, 200, body, match)).json()
        return changed

    async def is_refused(
        self,
        method: str,
        path: str,
        code: str,
        body: object = None,
        *,
        status: int = 403,
        seen: str = '"r1"',
    ) -> Json:
        """The problem, which has to have the status and the code. `seen` is the ETag of a form."""
        headers = key() if method == "POST" else {"If-Match": seen}
        problem: Json = (await self.asks(method, path, status, body, headers)).json()
        assert problem["code"] == code, problem
        return problem

    async def sees_pages(self) -> list[str]:
        """The keys of the menu's pages, in its order."""
        keys = []
        for item in (await self.reads("/v1/me"))["menu"]:
            keys += [child["key"] for child in item["children"]] or [item["key"]]
        return keys

    async def steps_up(self) -> None:
        """Types the password again."""
        await self.asks("POST", "/v1/auth/step-up", 204, {"password": self.password})

    async def downloads(self, path: str, kind: str, begins: bytes) -> bytes:
        """A file of the media type that begins as such a file does."""
        answer = await self.asks("GET", path)
        assert answer.headers["content-type"].startswith(kind), answer.headers
        assert answer.content.startswith(begins), answer.content[:20]
        return answer.content
