"""광고성 정보 수신: what the link in a mail does, without a sign-in."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from app.routers.access import public
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.models import NO_NUL, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["me"], route_class=StrictRoute)
Token = Annotated[str, Path(description="What the mailed link has behind `#token=`.")]


class MarketingAnswerRequest(RequestModel):
    """`token`: what the mailed link has behind `#token=`. `agreed`: false ends it."""

    token: str = Field(min_length=1, max_length=100, pattern=NO_NUL)
    agreed: bool


@router.post(
    "/marketing-answers",
    operation_id="answer_about_marketing",
    summary="End advertising, or confirm it",
    description=(
        "By the link of a mail, without a sign-in. True confirms a consent that is in force; a new"
        " one is given under `/v1/me/consents`. The same again on one day changes nothing. What was"
        " answered is confirmed by mail."
    ),
    status_code=204,
    responses=problems(
        "marketing_link_invalid", "marketing_consent_needs_sign_in", "rate_limited", body=True
    ),
)
@public("the link that was mailed is the proof")
async def answer(
    deps: DepsDep, request: Request, language: LanguageDep, body: MarketingAnswerRequest
) -> Response:
    await deps.marketing_answers.answer(body.token, body.agreed, address_of(request), str(language))
    return Response(status_code=204)


@router.post(
    "/marketing/unsubscribe/{token}",
    operation_id="unsubscribe_from_marketing",
    summary="End advertising by one click",
    description=(
        "What a mail client posts by itself (RFC 8058, `List-Unsubscribe=One-Click`); the body is"
        " not looked at. Any token is answered alike."
    ),
    status_code=204,
    responses=problems("rate_limited"),
)
@public("the link that was mailed is the proof")
async def unsubscribe(deps: DepsDep, request: Request, token: Token) -> Response:
    await deps.marketing_answers.unsubscribe(token, address_of(request))
    return Response(status_code=204)
