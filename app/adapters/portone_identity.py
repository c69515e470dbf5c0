"""Phone identity through PortOne."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from app.adapters.http import Call, segment
from app.adapters.portone import PortOneConnection
from app.domain.identity import (
    Gender,
    IdentityMethod,
    IdentityReport,
    IdentityRequest,
    IdentityStatus,
    VerifiedPerson,
)
from app.domain.provider_errors import ProviderRefused, Refusal
from app.domain.provider_payments import ChannelType

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Nothing(msgspec.Struct):
    pass


class _Channel(msgspec.Struct):
    type: ChannelType


class _Person(msgspec.Struct, rename="camel"):
    name: str
    birth_date: date | None = None
    gender: Gender | None = None
    is_foreigner: bool | None = None
    phone_number: str | None = None
    ci: str | None = None
    di: str | None = None


class _Identity(msgspec.Struct, rename="camel"):
    id: str
    status: IdentityStatus
    verified_customer: _Person | None = None
    verified_at: _Moment | None = None
    channel: _Channel | None = None


class _Confirmed(msgspec.Struct, rename="camel"):
    identity_verification: _Identity


class PortOneIdentity:
    def __init__(self, connection: PortOneConnection, channel_key: str) -> None:
        self._portone = connection
        self._channel_key = channel_key

    async def aclose(self) -> None:
        await self._portone.aclose()

    async def send(self, request: IdentityRequest) -> None:
        customer = {
            "name": request.name,
            "phoneNumber": request.phone,
            "ipAddress": request.ip_address,
        }
        if request.method is IdentityMethod.SMS:
            birth = request.birth_date.strftime("%y%m%d")
            customer["identityNumber"] = birth + request.gender_digit
        body = {
            "storeId": self._portone.store_id,
            "channelKey": self._channel_key,
            "customer": customer,
            "operator": request.carrier,
            "method": request.method,
        }
        await self._post("identity_send", request.id, "/send", body)

    async def resend(self, identity_id: str) -> None:
        call = Call(
            "identity_resend",
            "POST",
            f"/identity-verifications/{segment(identity_id)}/resend",
            params={"storeId": self._portone.store_id},
            headers=self._portone.headers,
        )
        await self._portone.http.call(call, _Nothing)

    async def confirm(self, identity_id: str, otp: str | None) -> IdentityReport:
        body = {"storeId": self._portone.store_id}
        if otp is not None:
            body["otp"] = otp
        call = self._posting("identity_confirm", identity_id, "/confirm", body)
        try:
            answer = await self._portone.http.call(call, _Confirmed)
        except ProviderRefused as error:
            if error.code is Refusal.ALREADY_DONE:
                return await self.get(identity_id)
            raise
        return self._report("identity_confirm", identity_id, answer.identity_verification)

    async def get(self, identity_id: str) -> IdentityReport:
        call = Call(
            "identity_get",
            "GET",
            f"/identity-verifications/{segment(identity_id)}",
            params={"storeId": self._portone.store_id},
            headers=self._portone.headers,
            repeatable=True,
        )
        answer = await self._portone.http.call(call, _Identity)
        return self._report("identity_get", identity_id, answer)

    async def _post(self, operation: str, identity_id: str, step: str, body: object) -> None:
        call = self._posting(operation, identity_id, step, body)
        await self._portone.http.call(call, _Nothing)

    def _posting(self, operation: str, identity_id: str, step: str, body: object) -> Call:
        path = f"/identity-verifications/{segment(identity_id)}{step}"
        return Call(operation, "POST", path, json=body, headers=self._portone.headers)

    def _report(self, operation: str, identity_id: str, found: _Identity) -> IdentityReport:
        verified = found.status is IdentityStatus.VERIFIED
        customer = found.verified_customer
        complete = customer is not None and found.verified_at is not None
        if found.id != identity_id or (verified and not complete):
            raise self._portone.http.nonsense(operation, "content")
        person = None
        if verified and customer is not None:
            person = VerifiedPerson(
                name=customer.name,
                birth_date=customer.birth_date,
                phone=customer.phone_number,
                ci=customer.ci or None,
                di=customer.di or None,
                gender=customer.gender,
                is_foreigner=customer.is_foreigner,
            )
        return IdentityReport(
            id=found.id,
            status=found.status,
            person=person,
            verified_at=found.verified_at if verified else None,
            channel_type=found.channel.type if found.channel else None,
        )
