"""The groupware's provisioning interface (contracts/groupware.md)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import httpx
import msgspec

from app.adapters import groupware_answers as wire
from app.adapters.circuit import CircuitBreaker
from app.adapters.http import CONNECT_SECONDS, READ_SECONDS, Call, ProviderHttp, segment
from app.domain.provider_errors import ProviderRefused, Refusal
from app.domain.provisioning import (
    DesiredSite,
    OperationReport,
    OperationState,
    SiteAccepted,
    SiteFacts,
    SiteUser,
    UsageReport,
)

_EARLY_SECONDS = 30.0
"""A token is renewed this long before it expires, so that none expires on its way."""

T = TypeVar("T")


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int


class _ErrorAnswer(msgspec.Struct):
    code: str = ""
    error: str = ""
    type: str = ""


_REFUSALS = {
    400: Refusal.INVALID,
    401: Refusal.NOT_ALLOWED,
    403: Refusal.NOT_ALLOWED,
    404: Refusal.NOT_FOUND,
    422: Refusal.INVALID,
}


def _refusal(status: int, body: bytes) -> tuple[Refusal, str] | None:
    if status == 409:
        return _conflict(body)
    refusal = _REFUSALS.get(status)
    return None if refusal is None else (refusal, str(status))


def _conflict(body: bytes) -> tuple[Refusal, str] | None:
    try:
        answer = msgspec.json.decode(body, type=_ErrorAnswer)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if "subdomain_taken" in {answer.code, answer.error, answer.type}:
        return Refusal.SUBDOMAIN_TAKEN, "subdomain_taken"
    return Refusal.INVALID, "409"


class GroupwareProvisioning:
    """Client credentials; one token for all calls of the process, fetched when first needed."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        read_seconds: float = READ_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        breaker: CircuitBreaker | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = ProviderHttp(
            "groupware",
            base_url,
            _refusal,
            read_seconds=read_seconds,
            connect_seconds=connect_seconds,
            breaker=breaker,
            transport=transport,
            sleep=sleep,
        )
        self._credentials = (client_id, client_secret)
        self._now = now
        self._token = ""
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def put_site(self, site: DesiredSite) -> SiteAccepted:
        path = f"/api/v1/sites/{segment(site.external_id)}"
        answer = await self._call(
            "site_put", "PUT", path, wire.PutAnswer, json=wire.site_body(site)
        )
        state = answer.state or OperationState.SUCCEEDED
        waiting = state is OperationState.IN_PROGRESS
        if (waiting and not answer.operation_id) or answer.revision < site.revision:
            raise self._http.nonsense("site_put", "content")
        return SiteAccepted(answer.operation_id, answer.revision, state)

    async def close_site(self, external_id: str, revision: int) -> None:
        path = f"/api/v1/sites/{segment(external_id)}"
        body = {"revision": revision}
        try:
            answer = await self._call("site_close", "DELETE", path, wire.CloseAnswer, json=body)
        except ProviderRefused as error:
            if error.code is not Refusal.NOT_FOUND:
                raise
            return
        if answer.revision < revision:
            raise self._http.nonsense("site_close", "content")

    async def get_operation(self, operation_id: str) -> OperationReport:
        path = f"/api/v1/operations/{segment(operation_id)}"
        answer = await self._call("operation_get", "GET", path, wire.OperationAnswer)
        if answer.state is OperationState.SUCCEEDED and answer.site is None:
            raise self._http.nonsense("operation_get", "content")
        return answer.report()

    async def get_site(self, external_id: str) -> SiteFacts | None:
        path = f"/api/v1/sites/{segment(external_id)}"
        try:
            answer = await self._call("site_get", "GET", path, wire.SiteAnswer)
        except ProviderRefused as error:
            if error.code is Refusal.NOT_FOUND:
                return None
            raise
        return answer.facts()

    async def find_sites(self, business_number: str) -> Sequence[SiteFacts]:
        answer = await self._call(
            "site_find",
            "GET",
            "/api/v1/sites",
            wire.SitesAnswer,
            params={"business_number": business_number},
        )
        return [site.facts() for site in answer.sites]

    async def usage(self, external_id: str) -> UsageReport:
        path = f"/api/v1/sites/{segment(external_id)}/usage"
        return (await self._call("site_usage", "GET", path, wire.UsageAnswer)).report()

    async def user(self, external_id: str, subject: str) -> SiteUser | None:
        path = f"/api/v1/sites/{segment(external_id)}/users/{segment(subject)}"
        try:
            answer = await self._call("site_user", "GET", path, wire.UserAnswer)
        except ProviderRefused as error:
            if error.code is Refusal.NOT_FOUND:
                return None
            raise
        return SiteUser(active=answer.active, site_admin=answer.site_admin)

    async def _call(
        self,
        operation: str,
        method: str,
        path: str,
        answer: type[T],
        *,
        json: object | None = None,
        params: dict[str, str] | None = None,
    ) -> T:
        """Every call here is a GET or puts a whole state under a revision: all are repeatable."""
        token = await self._current_token()
        try:
            return await self._http.call(
                self._with(token, operation, method, path, json, params), answer
            )
        except ProviderRefused as error:
            if error.detail != "401":
                raise
        if self._token == token:
            self._renew_at = 0.0  # revoked before its time: once more with a new one
        token = await self._current_token()
        return await self._http.call(
            self._with(token, operation, method, path, json, params), answer
        )

    def _with(
        self,
        token: str,
        operation: str,
        method: str,
        path: str,
        json: object | None,
        params: dict[str, str] | None,
    ) -> Call:
        headers = {"Authorization": f"Bearer {token}"}
        return Call(
            operation,
            method,
            path,
            json=json,
            params=params or {},
            headers=headers,
            repeatable=True,
        )

    async def _current_token(self) -> str:
        async with self._renewing:
            if not self._token or self._now() >= self._renew_at:
                call = Call(
                    "token",
                    "POST",
                    "/oauth/token",
                    form={"grant_type": "client_credentials"},
                    auth=self._credentials,
                    repeatable=True,
                )
                asked_at = self._now()
                answer = await self._http.call(call, _Token)
                self._token = answer.access_token
                self._renew_at = asked_at + answer.expires_in - _EARLY_SECONDS
            return self._token
