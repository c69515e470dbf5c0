"""The sandbox's National Tax Service (odcloud business registration API).

Rules: a number whose check digit holds is in business as a general taxpayer, except the fixed
numbers of `NUMBERS`; any other number is not registered. `/validate` answers that the particulars
match, unless the number is not registered, the representative's (`p_nm`) or the business's
(`b_nm`) name contains "불일치", or the opening date (`start_dt`) is 19000101.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Protocol, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from stdnum.kr import brn

MAX_BUSINESSES = 100
SLOW_SECONDS = 8.0
MISMATCH = "불일치"
MISMATCHED_START = "19000101"
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)


class Standing(StrEnum):
    """How a registration number stands, and how the service behaves for it."""

    IN_BUSINESS = "in_business"
    SIMPLIFIED = "simplified"
    EXEMPT = "exempt"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    SLOW = "slow"
    FAILING = "failing"


# Every check digit holds.
NUMBERS: dict[str, Standing] = {
    "1018100016": Standing.SUSPENDED,
    "1018100020": Standing.CLOSED,
    "1018100035": Standing.UNKNOWN,
    "1018100049": Standing.SLOW,
    "1018100054": Standing.FAILING,
    "1018100068": Standing.SIMPLIFIED,
    "1018100073": Standing.EXEMPT,
}

_MEANINGS: dict[Standing, str] = {
    Standing.IN_BUSINESS: "계속사업자 (일반과세자)",
    Standing.SIMPLIFIED: "계속사업자 (간이과세자)",
    Standing.EXEMPT: "계속사업자 (면세사업자)",
    Standing.SUSPENDED: "휴업자",
    Standing.CLOSED: "폐업자",
    Standing.UNKNOWN: "국세청에 등록되지 않은 번호",
    Standing.SLOW: f"계속사업자, {SLOW_SECONDS:.0f}초 늦게 응답",
    Standing.FAILING: "국세청 오류 (500 INTERNAL_ERROR)",
}

# For the sandbox's console: (number, meaning), the fixed numbers of the table above.
NUMBER_TABLE: list[tuple[str, str]] = [
    (number, _MEANINGS[standing]) for number, standing in NUMBERS.items()
]

_NOT_REGISTERED = "국세청에 등록되지 않은 사업자등록번호입니다."
_BUSINESS = {Standing.SUSPENDED: ("휴업자", "02"), Standing.CLOSED: ("폐업자", "03")}
_TAX = {
    Standing.SIMPLIFIED: ("부가가치세 간이과세자", "02"),
    Standing.EXEMPT: ("부가가치세 면세사업자", "04"),
}


class NtsSettings(Protocol):
    """The key the sandbox's tax service knows."""

    @property
    def nts_service_key(self) -> str: ...


class NtsWorld(Protocol):
    """The part of `sandbox.world.World` that the tax service uses."""

    @property
    def nts(self) -> "NtsState": ...
    @property
    def settings(self) -> NtsSettings: ...


_OVERRIDES = TypeAdapter(dict[str, Standing])


@dataclass
class NtsState:
    """Numbers whose standing was changed by hand; they go before the fixed table."""

    overrides: dict[str, Standing] = field(default_factory=dict)

    def standing(self, number: str) -> Standing:
        """How ten digits stand by the rules of this module."""
        chosen = self.overrides.get(number) or NUMBERS.get(number)
        if chosen is not None:
            return chosen
        return Standing.IN_BUSINESS if check_digit_holds(number) else Standing.UNKNOWN

    def dump(self) -> dict[str, object]:
        """Plain JSON that `load` takes back."""
        return {"overrides": {number: s.value for number, s in self.overrides.items()}}

    def load(self, plain: dict[str, object]) -> None:
        """Replace everything with what `dump` gave; raises pydantic's ValidationError."""
        self.overrides = _OVERRIDES.validate_python(plain.get("overrides", {}))


def check_digit_holds(number: str) -> bool:
    """Whether ten digits are a registration number with a right check digit.

    `stdnum.kr.brn` checks the parts only. The check digit makes the weighted sum of the first
    nine digits, plus the tens of five times the ninth, a multiple of ten.
    """
    if not brn.is_valid(number) or len(number) != 10:
        return False
    digits = [int(d) for d in number]
    total = sum(d * w for d, w in zip(digits[:9], _WEIGHTS, strict=True)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


class _StatusRequest(BaseModel):
    b_no: Annotated[list[str], Field(min_length=1)]


class _Business(BaseModel):
    b_no: Annotated[str, Field(pattern=r"^[0-9]{10}$")]
    start_dt: Annotated[str, Field(pattern=r"^[0-9]{8}$")]
    p_nm: Annotated[str, Field(min_length=1)]
    p_nm2: str = ""
    b_nm: str = ""
    corp_no: str = ""
    b_sector: str = ""
    b_type: str = ""
    b_adr: str = ""


class _ValidateRequest(BaseModel):
    businesses: Annotated[list[_Business], Field(min_length=1)]


Model = TypeVar("Model", bound=BaseModel)


class _Refusal(Exception):
    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def _refusal(status: int, code: str) -> _Refusal:
    return _Refusal(status, {"status_code": code})


def _status_row(number: str, standing: Standing) -> dict[str, str]:
    row = {
        "b_no": number,
        "b_stt": "",
        "b_stt_cd": "",
        "tax_type": _NOT_REGISTERED,
        "tax_type_cd": "",
        "end_dt": "",
        "utcc_yn": "",
        "tax_type_change_dt": "",
        "invoice_apply_dt": "",
        "rbf_tax_type": "",
        "rbf_tax_type_cd": "",
    }
    if standing is Standing.UNKNOWN:
        return row
    row["b_stt"], row["b_stt_cd"] = _BUSINESS.get(standing, ("계속사업자", "01"))
    row["tax_type"], row["tax_type_cd"] = _TAX.get(standing, ("부가가치세 일반과세자", "01"))
    row["end_dt"] = "20251231" if standing is Standing.CLOSED else ""
    row["utcc_yn"] = "N"
    row["rbf_tax_type"], row["rbf_tax_type_cd"] = "해당없음", "99"
    return row


def _validate_row(business: _Business, standing: Standing) -> dict[str, object]:
    matches = (
        standing is not Standing.UNKNOWN
        and MISMATCH not in business.p_nm + business.b_nm
        and business.start_dt != MISMATCHED_START
    )
    return {
        "b_no": business.b_no,
        "valid": "01" if matches else "02",
        "valid_msg": "" if matches else "확인할 수 없습니다.",
        "request_param": business.model_dump(),
        "status": _status_row(business.b_no, standing),
    }


def _parsed(model: type[Model], body: bytes) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if any(e["type"] == "json_invalid" for e in error.errors()):
            raise _refusal(400, "BAD_JSON_REQUEST") from None
        raise _refusal(411, "REQUEST_DATA_MALFORMED") from None


def _check_key(world: NtsWorld, given: str | None) -> None:
    if not given:
        raise _Refusal(401, {"code": -401, "msg": "유효하지 않은 인증키 입니다."})
    if not hmac.compare_digest(given.encode(), world.settings.nts_service_key.encode()):
        raise _Refusal(401, {"code": -4, "msg": "등록되지 않은 인증키 입니다."})


def build_router(
    world: NtsWorld, *, pause: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> APIRouter:
    """`/status` and `/validate`; `pause` waits the seconds of a slow number."""
    router = APIRouter(prefix="/nts/api/nts-businessman/v1")

    async def standings(numbers: list[str]) -> list[Standing]:
        if len(numbers) > MAX_BUSINESSES:
            raise _refusal(413, "TOO_LARGE_REQUEST")
        found = [world.nts.standing(number) for number in numbers]
        if Standing.FAILING in found:
            raise _refusal(500, "INTERNAL_ERROR")
        if Standing.SLOW in found:
            await pause(SLOW_SECONDS)
        return found

    async def status_of(body: bytes) -> dict[str, object]:
        numbers = _parsed(_StatusRequest, body).b_no
        found = await standings(numbers)
        rows = [_status_row(n, s) for n, s in zip(numbers, found, strict=True)]
        known = sum(s is not Standing.UNKNOWN for s in found)
        answer: dict[str, object] = {"status_code": "OK", "request_cnt": len(rows), "data": rows}
        # The service leaves the count out when nothing matches.
        return answer | ({"match_cnt": known} if known else {})

    async def validity_of(body: bytes) -> dict[str, object]:
        businesses = _parsed(_ValidateRequest, body).businesses
        found = await standings([b.b_no for b in businesses])
        rows = [_validate_row(b, s) for b, s in zip(businesses, found, strict=True)]
        valid = sum(row["valid"] == "01" for row in rows)
        answer: dict[str, object] = {"status_code": "OK", "request_cnt": len(rows), "data": rows}
        return answer | ({"valid_cnt": valid} if valid else {})

    async def answered(
        request: Request,
        key: str | None,
        operation: Callable[[bytes], Awaitable[dict[str, object]]],
    ) -> JSONResponse:
        try:
            _check_key(world, key)
            return JSONResponse(await operation(await request.body()))
        except _Refusal as refusal:
            return JSONResponse(refusal.body, status_code=refusal.status)

    @router.post("/status")
    async def status(
        request: Request, key: Annotated[str | None, Query(alias="serviceKey")] = None
    ) -> JSONResponse:
        return await answered(request, key, status_of)

    @router.post("/validate")
    async def validate(
        request: Request, key: Annotated[str | None, Query(alias="serviceKey")] = None
    ) -> JSONResponse:
        return await answered(request, key, validity_of)

    return router
