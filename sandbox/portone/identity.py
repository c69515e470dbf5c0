"""PortOne identity verification: send, resend, confirm, get."""

import base64
import hashlib
import secrets
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.portone.errors import ErrorType, PortOneFailure, PortOneRoute, invalid
from sandbox.portone.state import IDENTITY_CHANNEL, Identity, PortOneWorld, new_id

OTP_VALID_FOR = timedelta(minutes=3)
MAX_WRONG_OTPS = 5
# An app knows its owner's birth date; ours gives this one when the request has no number.
_APP_IDENTITY_NUMBER = "9001011"
_CENTURIES = {"1": 1900, "2": 1900, "3": 2000, "4": 2000, "5": 1900, "6": 1900} | {
    "7": 2000,
    "8": 2000,
    "9": 1800,
    "0": 1800,
}


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Customer(_Model):
    name: Annotated[str, Field(min_length=1)]
    phone_number: Annotated[str, Field(pattern=r"^01[0-9]{8,9}$")]
    ip_address: Annotated[str, Field(min_length=1)]
    id: str | None = None
    identity_number: Annotated[str | None, Field(pattern=r"^[0-9]{7}$")] = None


class _Send(_Model):
    channel_key: str
    customer: _Customer
    operator: Literal["SKT", "KT", "LGU", "SKT_MVNO", "KT_MVNO", "LGU_MVNO"]
    method: Literal["SMS", "APP"]
    custom_data: str | None = None


class _Confirm(_Model):
    otp: str | None = None


def _birth_date(identity_number: str) -> str:
    """YYYY-MM-DD from the first seven digits of a resident registration number."""
    digits = identity_number
    year = _CENTURIES[digits[6]] + int(digits[:2])
    try:
        return date(year, int(digits[2:4]), int(digits[4:6])).isoformat()
    except ValueError:
        raise invalid("identityNumber의 생년월일이 올바르지 않습니다.") from None


def _derived_key(purpose: str, identity: Identity) -> str:
    """88 characters, the length of a real CI: the same person always gets the same one.

    People of one name and birthday are told apart by their first number, so that each new number
    is another person until `change_number` says whose it is.
    """
    number = identity.first_number or identity.phone_number
    person = f"{purpose}|{identity.name}|{identity.birth_date}|{number}"
    return base64.b64encode(hashlib.sha512(person.encode()).digest()).decode()


def find_identity(world: PortOneWorld, identity_id: str) -> Identity:
    """The verification; raises PortOneFailure IDENTITY_VERIFICATION_NOT_FOUND."""
    identity = world.portone.identities.get(identity_id)
    if identity is None:
        raise PortOneFailure(ErrorType.IDENTITY_NOT_FOUND, "본인인증 내역이 없습니다.")
    return identity


def keep_identity(world: PortOneWorld, identity: Identity) -> None:
    """Remember the verification as it now is."""
    world.portone.identities[identity.id] = identity
    world.changed()


def _send_otp(world: PortOneWorld, identity: Identity) -> Identity:
    otp = f"{secrets.randbelow(1_000_000):06d}"
    text = f"[본인인증] 인증번호는 [{otp}]입니다. 타인에게 알려주지 마세요."
    world.messages.add_sms(identity.phone_number, text, otp)
    return replace(identity, otp=otp, sent_at=world.clock.now())


def _send(world: PortOneWorld, identity_id: str, request: _Send) -> None:
    known = world.portone.identities.get(identity_id)
    if known is not None and known.status == "VERIFIED":
        raise PortOneFailure(ErrorType.IDENTITY_ALREADY_VERIFIED, "이미 완료된 본인인증입니다.")
    if known is not None:
        raise PortOneFailure(ErrorType.IDENTITY_ALREADY_SENT, "이미 전송된 본인인증입니다.")
    if request.channel_key != IDENTITY_CHANNEL.key:
        raise PortOneFailure(ErrorType.CHANNEL_NOT_FOUND, "요청된 채널이 존재하지 않습니다.")
    customer = request.customer
    if request.method == "SMS" and customer.identity_number is None:
        raise invalid("SMS 방식에는 customer.identityNumber가 필요합니다.")
    number = customer.identity_number or _APP_IDENTITY_NUMBER
    now = world.clock.now()
    identity = Identity(
        id=identity_id,
        status="READY",
        name=customer.name,
        phone_number=customer.phone_number,
        operator=request.operator,
        method=request.method,
        birth_date=_birth_date(number),
        gender="MALE" if int(number[6]) % 2 else "FEMALE",
        is_foreigner=number[6] in "5678",
        requested_at=now,
        changed_at=now,
        sent_at=now,
        pg_tx_id=new_id("pgiv"),
        customer_id=customer.id,
        custom_data=request.custom_data,
        first_number=world.portone.first_numbers.get(customer.phone_number),
    )
    keep_identity(world, _send_otp(world, identity) if request.method == "SMS" else identity)


def _resend(world: PortOneWorld, identity_id: str) -> None:
    identity = find_identity(world, identity_id)
    if identity.status == "VERIFIED":
        raise PortOneFailure(ErrorType.IDENTITY_ALREADY_VERIFIED, "이미 완료된 본인인증입니다.")
    if identity.status == "FAILED" or identity.method != "SMS":
        raise invalid("재전송할 수 없는 본인인증입니다.")
    keep_identity(world, _send_otp(world, identity))


def _confirm(world: PortOneWorld, identity_id: str, otp: str | None) -> Identity:
    identity = find_identity(world, identity_id)
    if identity.status == "VERIFIED":
        raise PortOneFailure(ErrorType.IDENTITY_ALREADY_VERIFIED, "이미 완료된 본인인증입니다.")
    if identity.status == "FAILED":
        raise _pg("IV09", "실패한 본인인증입니다.")
    now = world.clock.now()
    if identity.method == "APP":
        if not identity.approved_in_app:
            raise _pg("IV01", "앱에서 인증이 완료되지 않았습니다.")
    elif otp is None:
        raise invalid("SMS 방식에는 otp가 필요합니다.")
    elif now > identity.sent_at + OTP_VALID_FOR:
        raise _pg("IV03", "인증번호 입력 시간이 초과되었습니다.")
    elif otp != identity.otp:
        _count_wrong_otp(world, identity)
        raise _pg("IV02", "인증번호가 일치하지 않습니다.")
    verified = replace(identity, status="VERIFIED", changed_at=now, otp=None)
    keep_identity(world, verified)
    return verified


def _count_wrong_otp(world: PortOneWorld, identity: Identity) -> None:
    counted = replace(identity, wrong_otps=identity.wrong_otps + 1)
    if counted.wrong_otps >= MAX_WRONG_OTPS:
        counted = replace(
            counted,
            status="FAILED",
            changed_at=world.clock.now(),
            failure="인증번호 입력 횟수를 초과했습니다.",
        )
    keep_identity(world, counted)


def _pg(code: str, message: str) -> PortOneFailure:
    return PortOneFailure(
        ErrorType.PG_PROVIDER, "PG사 오류가 발생했습니다.", pg_code=code, pg_message=message
    )


def identity_json(identity: Identity) -> dict[str, object]:
    """The SDK's ReadyIdentityVerification, Verified… or Failed…; absent facts are left out."""
    body: dict[str, object] = {
        "status": identity.status,
        "id": identity.id,
        "channel": IDENTITY_CHANNEL.selected(),
        "requestedAt": identity.requested_at.isoformat(),
        "updatedAt": max(identity.changed_at, identity.sent_at).isoformat(),
        "statusChangedAt": identity.changed_at.isoformat(),
        "pgTxId": identity.pg_tx_id,
        "version": "V2",
    }
    if identity.custom_data is not None:
        body["customData"] = identity.custom_data
    customer: dict[str, object] = {"name": identity.name, "phoneNumber": identity.phone_number}
    if identity.customer_id is not None:
        customer["id"] = identity.customer_id
    if identity.status == "VERIFIED":
        body["verifiedAt"] = identity.changed_at.isoformat()
        body["pgRawResponse"] = "{}"
        body["verifiedCustomer"] = customer | {
            "operator": identity.operator,
            "birthDate": identity.birth_date,
            "gender": identity.gender,
            "isForeigner": identity.is_foreigner,
            "ci": _derived_key("ci", identity),
            "di": _derived_key("di|sandbox-identity", identity),
        }
        return body
    year, month, day = identity.birth_date.split("-")
    body["requestedCustomer"] = customer | {
        "birthYear": year,
        "birthMonth": month,
        "birthDay": day,
    }
    if identity.status == "FAILED":
        reason = identity.failure or ""
        body["failure"] = {"reason": reason, "pgCode": "IV09", "pgMessage": reason}
    return body


def build_identity_router(world: PortOneWorld) -> APIRouter:
    """The four calls of identity verification, without the provider's prefix."""
    router = APIRouter(prefix="/identity-verifications/{identity_id}", route_class=PortOneRoute)

    @router.post("/send")
    async def send(identity_id: str, request: _Send) -> dict[str, object]:
        _send(world, identity_id, request)
        return {}

    @router.post("/resend")
    async def resend(identity_id: str) -> dict[str, object]:
        _resend(world, identity_id)
        return {}

    @router.post("/confirm")
    async def confirm(
        identity_id: str, request: Annotated[_Confirm | None, Body()] = None
    ) -> dict[str, object]:
        otp = request.otp if request else None
        return {"identityVerification": identity_json(_confirm(world, identity_id, otp))}

    @router.get("")
    async def get(identity_id: str) -> dict[str, object]:
        return identity_json(find_identity(world, identity_id))

    return router
