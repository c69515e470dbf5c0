"""휴대폰 본인인증. Every later call needs the `client_secret` of the start, in its body."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from app.domain.identity import Carrier, IdentityMethod
from app.domain.terms import GivenConsent
from app.routers.access import public
from app.routers.dependencies import DepsDep, address_of
from app.routers.models import CODE, LINE, NO_NUL, OPAQUE, AnswerModel, IsoDate, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.identity_verifications import Purpose, StartIdentity

router = APIRouter(prefix="/v1/identity-verifications", tags=["accounts"], route_class=StrictRoute)

Secret = Annotated[str, Field(min_length=20, max_length=100, pattern=OPAQUE)]


class ConsentRequest(RequestModel):
    """One answer to one document of `GET /v1/terms`."""

    kind: str = Field(min_length=1, max_length=40, pattern=CODE, examples=["IDENTITY_AGENCY"])
    version: str = Field(min_length=1, max_length=40, pattern=CODE, examples=["2023-09"])
    agreed: bool

    def to_domain(self) -> GivenConsent:
        return GivenConsent(self.kind, self.version, self.agreed)


class StartIdentityRequest(RequestModel):
    """`login_id` names the account of RESET_PASSWORD and of nothing else."""

    purpose: Annotated[Purpose, Field(strict=False)]
    login_id: str | None = Field(default=None, min_length=1, max_length=100, pattern=NO_NUL)
    method: Annotated[IdentityMethod, Field(strict=False)]
    carrier: Annotated[Carrier, Field(strict=False)]
    name: str = Field(min_length=1, max_length=50, pattern=LINE, examples=["홍길동"])
    birth_date: IsoDate = Field(examples=["1985-03-01"])
    gender_digit: str = Field(pattern=r"^[0-9]$", examples=["1"])
    phone: str = Field(min_length=9, max_length=20, pattern=NO_NUL, examples=["010-1234-5678"])
    consents: list[ConsentRequest] = Field(max_length=20)


class StartedIdentityBody(AnswerModel):
    """Ten minutes, five wrong codes, three sends."""

    id: UUID
    client_secret: str
    status: Literal["READY"]
    expires_at: datetime
    resend_at: datetime


class SecretRequest(RequestModel):
    """Proof that the caller is who started."""

    client_secret: Secret


class ConfirmIdentityRequest(RequestModel):
    """`otp` for SMS; left out for APP."""

    client_secret: Secret
    otp: str | None = Field(default=None, pattern=r"^[0-9]{4,8}$", examples=["123456"])


class ResentIdentityBody(AnswerModel):
    """When the next code may be asked for."""

    id: UUID
    resend_at: datetime


class ConfirmedIdentityBody(AnswerModel):
    """`verification_token` is used once, for the purpose of the start."""

    id: UUID
    status: Literal["VERIFIED"]
    verification_token: str
    name_masked: str
    phone_masked: str


class IdentityStatusBody(AnswerModel):
    """How far it is."""

    id: UUID
    status: Literal["READY", "VERIFIED", "FAILED", "EXPIRED"]


PROVIDER = ("provider_unavailable", "provider_failed")
ENDED = (
    "identity_verification_not_found",
    "identity_verification_expired",
    "identity_verification_ended",
)


@router.post(
    "",
    operation_id="start_identity_verification",
    summary="Start phone identity",
    status_code=201,
    responses=problems(
        "consent_required",
        "consent_unknown",
        "birth_date_invalid",
        "phone_invalid",
        "under_age",
        "login_id_mismatch",
        "identity_rejected",
        "rate_limited",
        *PROVIDER,
        body=True,
    ),
)
@public("comes before there is an account")
async def start(deps: DepsDep, request: Request, body: StartIdentityRequest) -> StartedIdentityBody:
    started = await deps.identity_verifications.start(
        StartIdentity(
            purpose=body.purpose,
            login_id=body.login_id,
            method=body.method,
            carrier=body.carrier,
            name=body.name,
            birth_date=body.birth_date,
            gender_digit=body.gender_digit,
            phone=body.phone,
            consents=[consent.to_domain() for consent in body.consents],
            address=address_of(request),
        )
    )
    return StartedIdentityBody(
        id=started.id,
        client_secret=started.client_secret,
        status="READY",
        expires_at=started.expires_at,
        resend_at=started.resend_at,
    )


@router.post(
    "/{verification_id}/resend",
    operation_id="resend_identity_verification",
    summary="Send the code again",
    responses=problems(
        *ENDED, "identity_sends_used_up", "identity_resend_too_early", *PROVIDER, body=True
    ),
)
@public("the client_secret is the proof")
async def resend(deps: DepsDep, verification_id: UUID, body: SecretRequest) -> ResentIdentityBody:
    resend_at = await deps.identity_verifications.resend(verification_id, body.client_secret)
    return ResentIdentityBody(id=verification_id, resend_at=resend_at)


@router.post(
    "/{verification_id}/confirm",
    operation_id="confirm_identity_verification",
    summary="Confirm the code",
    responses=problems(
        *ENDED,
        "otp_required",
        "otp_wrong",
        "identity_not_confirmed",
        "under_age",
        "identity_provider_incomplete",
        *PROVIDER,
        body=True,
    ),
)
@public("the client_secret is the proof")
async def confirm(
    deps: DepsDep, verification_id: UUID, body: ConfirmIdentityRequest
) -> ConfirmedIdentityBody:
    confirmed = await deps.identity_verifications.confirm(
        verification_id, body.client_secret, body.otp
    )
    return ConfirmedIdentityBody(
        id=confirmed.id,
        status="VERIFIED",
        verification_token=confirmed.verification_token,
        name_masked=confirmed.name_masked,
        phone_masked=confirmed.phone_masked,
    )


@router.post(
    "/{verification_id}/status",
    operation_id="get_identity_verification_status",
    summary="How far it is",
    responses=problems("identity_verification_not_found", body=True),
)
@public("the client_secret is the proof")
async def status(deps: DepsDep, verification_id: UUID, body: SecretRequest) -> IdentityStatusBody:
    found = await deps.identity_verifications.status(verification_id, body.client_secret)
    return IdentityStatusBody.model_validate({"id": verification_id, "status": found})
