"""약관: what is agreed to at sign-up, before phone identity and when ordering."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from app.domain.terms import DOCUMENTS, TermsUse
from app.routers.access import public
from app.routers.catalogue import said
from app.routers.dependencies import LanguageDep
from app.routers.models import AnswerModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=StrictRoute)


class TermsBody(AnswerModel):
    """One document in force. A consent names its kind and version."""

    kind: str
    version: str
    use: Literal["SIGN_UP", "IDENTITY", "ORDER", "INQUIRY"]
    required: bool
    title: str
    body: str


class TermsListBody(AnswerModel):
    """In the order in which they are shown."""

    items: list[TermsBody]


@router.get(
    "/terms",
    operation_id="list_terms",
    summary="Documents to agree to",
    description="가입 약관 동의의 내용보기.",
    responses=problems("invalid_request"),
)
@public("read before there is an account")
async def list_terms(
    language: LanguageDep, use: Annotated[TermsUse | None, Query()] = None
) -> TermsListBody:
    return TermsListBody(
        items=[
            TermsBody(
                kind=document.kind,
                version=document.version,
                use=document.use.value,
                required=document.required,
                title=said(document.title, language),
                body=said(document.body, language),
            )
            for document in DOCUMENTS
            if use in (None, document.use)
        ]
    )
