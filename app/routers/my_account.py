"""내 정보 관리: what one changes of oneself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.terms import DOCUMENTS
from app.language import Language
from app.routers.accounts import Email, Token
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.identity_verifications import ConsentRequest
from app.routers.models import LINE, NO_NUL, AnswerModel, RequestModel
from app.routers.permissions import SIGNED_IN, CanReadMe, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.account_changes import ADDITIONAL
from app.services.consents import ConsentRead, read_consents

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=StrictRoute)

Line = Annotated[str, Field(min_length=1, max_length=50, pattern=LINE)]
Landline = Annotated[
    str,
    Field(min_length=8, max_length=20, pattern="^[0-9][0-9-]*[0-9]$", examples=["02-1234-5678"]),
]


class UpdateMeRequest(RequestModel):
    """What is not sent stays. Null empties department, position or landline, not the e-mail."""

    email: Email | None = None
    department: Line | None = None
    position: Line | None = None
    landline: Landline | None = None


class ChangePasswordRequest(RequestModel):
    """Needs a step-up within the last ten minutes, so not the former one."""

    new_password: str = Field(min_length=1, max_length=200, pattern=NO_NUL)


class ChangePhoneRequest(RequestModel):
    """The token of a CHANGE_PHONE phone identity: the new phone, the same person."""

    identity_verification_token: Token


class MyConsentBody(AnswerModel):
    """One answer to one document."""

    kind: str
    version: str
    title: str
    required: bool
    agreed: bool
    given_at: datetime


class MyConsentsBody(AnswerModel):
    """`current`: what is in force, by document. `history`: every answer, the newest first."""

    current: list[MyConsentBody]
    history: list[MyConsentBody]


class UpdateConsentsRequest(RequestModel):
    """Only documents that are not required."""

    consents: list[ConsentRequest] = Field(min_length=1, max_length=20)


@router.patch(
    "",
    operation_id="update_me",
    summary="Change my information",
    description="Another e-mail address is unverified until its link is followed.",
    status_code=204,
    responses=problems(*SIGNED_IN, "reauthentication_required", body=True),
)
async def update_me(
    deps: DepsDep, language: LanguageDep, access: CanUpdateMe, body: UpdateMeRequest
) -> Response:
    additional = {name: getattr(body, name) for name in ADDITIONAL if name in body.model_fields_set}
    await deps.account_changes.profile(access, body.email, additional, str(language))
    return Response(status_code=204)


@router.put(
    "/password",
    operation_id="change_password",
    summary="Change my password",
    description="Ends all other sessions.",
    status_code=204,
    responses=problems(
        *SIGNED_IN,
        "reauthentication_required",
        "password_not_used",
        "password_too_short",
        "password_too_long",
        "password_common",
        "password_contains_login_id",
        body=True,
    ),
)
async def change_password(
    deps: DepsDep, language: LanguageDep, access: CanUpdateMe, body: ChangePasswordRequest
) -> Response:
    await deps.account_changes.password(access, body.new_password, str(language))
    return Response(status_code=204)


@router.put(
    "/phone",
    operation_id="change_phone",
    summary="Change my phone",
    status_code=204,
    responses=problems(
        *SIGNED_IN,
        "reauthentication_required",
        "identity_verification_invalid",
        "identity_of_another_person",
        body=True,
    ),
)
async def change_phone(
    deps: DepsDep, language: LanguageDep, access: CanUpdateMe, body: ChangePhoneRequest
) -> Response:
    await deps.account_changes.phone(access, body.identity_verification_token, str(language))
    return Response(status_code=204)


@router.get(
    "/consents",
    operation_id="get_my_consents",
    summary="What I agreed to",
    responses=problems(*SIGNED_IN),
)
async def get_my_consents(language: LanguageDep, access: CanReadMe) -> MyConsentsBody:
    async with access.transaction() as (session, principal):
        answers = await read_consents(session, principal.account_id)
    return _consents(answers, language)


@router.patch(
    "/consents",
    operation_id="update_my_consents",
    summary="Agree to or withdraw from marketing",
    description="What was answered is confirmed by mail.",
    responses=problems(
        *SIGNED_IN,
        "reauthentication_required",
        "consent_unknown",
        "consent_not_optional",
        body=True,
    ),
)
async def update_my_consents(
    deps: DepsDep, language: LanguageDep, access: CanUpdateMe, body: UpdateConsentsRequest
) -> MyConsentsBody:
    given = [consent.to_domain() for consent in body.consents]
    return _consents(await deps.consents.change(access, given, str(language)), language)


def _consents(answers: Sequence[ConsentRead], language: Language) -> MyConsentsBody:
    history = [_consent(answer, language) for answer in answers]
    newest = {answer.kind: answer for answer in reversed(history)}
    return MyConsentsBody(current=sorted(newest.values(), key=lambda c: c.kind), history=history)


def _consent(answer: ConsentRead, language: Language) -> MyConsentBody:
    document = next((d for d in DOCUMENTS if d.kind == answer.kind), None)
    return MyConsentBody(
        kind=answer.kind,
        version=answer.version,
        title=said(document.title, language) if document else answer.kind,
        required=document.required if document else False,
        agreed=answer.agreed,
        given_at=answer.given_at,
    )
