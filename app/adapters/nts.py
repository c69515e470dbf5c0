"""The National Tax Service's register of businesses (odcloud, contracts/nts.md)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime

import httpx
import msgspec

from app.adapters.circuit import CircuitBreaker
from app.adapters.http import CONNECT_SECONDS, READ_SECONDS, Call, ProviderHttp
from app.domain.provider_errors import Refusal
from app.domain.registry import BusinessMatch, BusinessState, BusinessStatus, TaxType

_STATES = {
    "01": BusinessState.ACTIVE,
    "02": BusinessState.SUSPENDED,
    "03": BusinessState.CLOSED,
    "": BusinessState.UNKNOWN,
}
_TAX_TYPES = {
    "01": TaxType.GENERAL,
    "02": TaxType.SIMPLIFIED,
    "03": TaxType.SPECIAL,
    "04": TaxType.EXEMPT,
    "05": TaxType.NON_PROFIT_OR_STATE,
    "06": TaxType.UNREGISTERED_GROUP,
    "07": TaxType.SIMPLIFIED_INVOICING,
}


class _Status(msgspec.Struct):
    b_no: str
    b_stt_cd: str
    tax_type_cd: str = ""
    end_dt: str = ""


class _StatusAnswer(msgspec.Struct):
    status_code: str
    data: list[_Status]


class _Validation(msgspec.Struct):
    b_no: str
    valid: str
    status: _Status | None = None


class _ValidationAnswer(msgspec.Struct):
    status_code: str
    data: list[_Validation]


def _refusal(status: int, body: bytes) -> tuple[Refusal, str] | None:
    if status in {401, 403}:
        return Refusal.NOT_ALLOWED, str(status)
    if status in {400, 411, 413}:
        return Refusal.INVALID, str(status)
    return None


class NtsBusinessRegistry:
    """`service_key` is the decoded key: it is encoded into the query here."""

    def __init__(
        self,
        base_url: str,
        service_key: str,
        *,
        read_seconds: float = READ_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        breaker: CircuitBreaker | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = ProviderHttp(
            "nts",
            base_url,
            _refusal,
            read_seconds=read_seconds,
            connect_seconds=connect_seconds,
            breaker=breaker,
            transport=transport,
            sleep=sleep,
        )
        self._params = {"serviceKey": service_key, "returnType": "JSON"}

    async def aclose(self) -> None:
        await self._http.aclose()

    async def status(self, number: str) -> BusinessStatus:
        answer = await self._http.call(
            self._reading("status", "/status", {"b_no": [number]}), _StatusAnswer
        )
        if answer.status_code != "OK" or len(answer.data) != 1:
            raise self._http.nonsense("status", "content")
        return self._business("status", number, answer.data[0])

    async def validate(self, number: str, representative: str, opened_on: date) -> BusinessMatch:
        business = {
            "b_no": number,
            "start_dt": opened_on.strftime("%Y%m%d"),
            "p_nm": representative,
            **dict.fromkeys(("p_nm2", "b_nm", "corp_no", "b_sector", "b_type", "b_adr"), ""),
        }
        answer = await self._http.call(
            self._reading("validate", "/validate", {"businesses": [business]}), _ValidationAnswer
        )
        if answer.status_code != "OK" or len(answer.data) != 1:
            raise self._http.nonsense("validate", "content")
        found = answer.data[0]
        if found.b_no != number or found.valid not in {"01", "02"}:
            raise self._http.nonsense("validate", "content")
        status = None
        if found.status is not None:
            status = self._business("validate", number, found.status)
        return BusinessMatch(matches=found.valid == "01", status=status)

    def _reading(self, operation: str, path: str, body: object) -> Call:
        # A POST that only reads, so that it may be repeated.
        return Call(operation, "POST", path, json=body, params=self._params, repeatable=True)

    def _business(self, operation: str, number: str, found: _Status) -> BusinessStatus:
        state = _STATES.get(found.b_stt_cd)
        if found.b_no != number or state is None:
            raise self._http.nonsense(operation, "content")
        closed_on = None
        if found.end_dt:
            try:
                closed_on = datetime.strptime(found.end_dt + "+0900", "%Y%m%d%z").date()
            except ValueError:
                raise self._http.nonsense(operation, "date") from None
        return BusinessStatus(number, state, _TAX_TYPES.get(found.tax_type_cd), closed_on)
