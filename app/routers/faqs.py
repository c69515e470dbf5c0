"""고객포털 FAQ, for everybody, and whom to ask besides."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from app.domain.faq import FAQ_CATEGORIES, LONGEST_QUERY, FaqCategory, Highlight, highlights
from app.language import Language
from app.routers.access import public
from app.routers.answers import to_json, unless_known
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep, address_of
from app.routers.models import NO_NUL, AnswerModel, AnswerStruct, RequestModel
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.faqs import FaqRead

router = APIRouter(prefix="/v1", tags=["help"], route_class=StrictRoute)
WITH_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Of this answer."}}


class FaqCategoryBody(AnswerStruct, frozen=True):
    """`tag`: how the home page names it; `on_home`: whether it is there."""

    code: str
    code_label: str
    tag: str
    on_home: bool


class FaqCategoryListBody(AnswerStruct, frozen=True):
    """In the order of the page."""

    items: list[FaqCategoryBody]


class HighlightBody(AnswerStruct, frozen=True):
    """Characters `start` to `end` (exclusive) of the question or the answer."""

    field: Annotated[str, Field(json_schema_extra={"enum": ["question", "answer"]})]
    start: int
    end: int


class FaqSummaryBody(AnswerStruct, frozen=True):
    """A question with its answer, and where the words that were looked for are."""

    id: UUID
    category: str
    category_label: str
    question: str
    answer: str
    highlights: list[HighlightBody]


class FaqListBody(AnswerStruct, frozen=True):
    """The best first; without words, in the order of the page. At most a hundred."""

    query: str | None
    items: list[FaqSummaryBody]


class FaqBody(AnswerModel):
    """An entry that was opened. `views` without this one."""

    id: UUID
    category: str
    category_label: str
    question: str
    answer: str
    views: int
    helpful: int
    unhelpful: int


class FaqFeedbackRequest(RequestModel):
    """The last word of a device counts."""

    helpful: bool


class SupportLinkBody(AnswerModel):
    """`code` is REMOTE_SUPPORT (원격지원), MANUAL (상세 매뉴얼) or INQUIRY (문의등록)."""

    code: str
    code_label: str
    url: str


class SupportBody(AnswerModel):
    """대표전화, 대표메일 and the links above the help pages."""

    phone: str
    email: str
    hours: str
    links: list[SupportLinkBody]


@router.get(
    "/faq-categories",
    operation_id="list_faq_categories",
    summary="FAQ categories",
    description="In the order of the page; four of them are tags of the home page.",
    responses=problems(),
)
@public("the FAQ is for everybody")
async def get_categories(language: LanguageDep) -> FaqCategoryListBody:
    return FaqCategoryListBody(faq_categories(language))


def faq_categories(language: Language) -> list[FaqCategoryBody]:
    return [
        FaqCategoryBody(
            category, said(words.label, language), said(words.tag, language), words.on_home
        )
        for category, words in FAQ_CATEGORIES.items()
    ]


@router.get(
    "/faqs",
    operation_id="list_faqs",
    summary="Look for answers",
    description="무엇을 도와드릴까요? Parts of words are found, and what was mistyped by a letter.",
    responses={
        200: {"model": FaqListBody, "headers": WITH_ETAG},
        304: {"description": "Not changed since the ETag that was sent."},
        **problems("invalid_request"),
    },
)
@public("the FAQ is for everybody")
async def get_all(
    deps: DepsDep,
    language: LanguageDep,
    query: Annotated[
        str | None,
        Query(max_length=LONGEST_QUERY, pattern=NO_NUL, description="What to look for."),
    ] = None,
    category: Annotated[FaqCategory | None, Query()] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    words, found = await deps.faqs.find(query, category)
    body = to_json(FaqListBody(words, [_summary(read, words, language) for read in found]))
    return unless_known(body, if_none_match)


@router.get(
    "/faqs/{faq_id}",
    operation_id="get_faq",
    summary="Open an answer",
    description="Counts as a view.",
    responses=problems("faq_not_found", "invalid_request"),
)
@public("the FAQ is for everybody")
async def get_one(deps: DepsDep, language: LanguageDep, faq_id: UUID) -> FaqBody:
    read = await deps.faqs.open(faq_id)
    question, answered = _texts(read, language)
    return FaqBody(
        id=read.id,
        category=read.category,
        category_label=said(FAQ_CATEGORIES[read.category].label, language),
        question=question,
        answer=answered,
        views=read.views,
        helpful=read.helpful,
        unhelpful=read.unhelpful,
    )


@router.post(
    "/faqs/{faq_id}/feedback",
    operation_id="rate_faq",
    summary="Say whether an answer helped",
    description="도움이 되었나요? One answer a device, which may be changed.",
    status_code=204,
    responses=problems("faq_not_found", "rate_limited", body=True),
)
@public("the FAQ is for everybody")
async def rate(deps: DepsDep, request: Request, faq_id: UUID, body: FaqFeedbackRequest) -> Response:
    address = address_of(request)
    device = f"{address}\x00{request.headers.get('user-agent', '')}"
    await deps.faqs.rate(faq_id, body.helpful, device, address)
    return Response(status_code=204)


@router.get(
    "/support",
    operation_id="get_support",
    summary="Whom to ask",
    description="대표전화, 대표메일, 원격지원, 상세 매뉴얼, 문의등록.",
    responses=problems(),
)
@public("whoever cannot sign in needs it most")
async def get_support(deps: DepsDep, language: LanguageDep) -> SupportBody:
    settings = deps.settings
    korean = language is Language.KO
    links = (
        ("REMOTE_SUPPORT", "원격지원", "Remote support", settings.remote_support_url),
        ("MANUAL", "상세 매뉴얼", "Manual", settings.manual_url),
        ("INQUIRY", "문의등록", "Ask a question", f"{settings.spa_url}/inquiries/new"),
    )
    return SupportBody(
        phone=settings.support_phone,
        email=settings.support_email,
        hours=settings.support_hours_ko if korean else settings.support_hours_en,
        links=[
            SupportLinkBody(code=code, code_label=ko if korean else en, url=url)
            for code, ko, en, url in links
        ],
    )


def _texts(read: FaqRead, language: Language) -> tuple[str, str]:
    if language is Language.KO:
        return read.question_ko, read.answer_ko
    return read.question_en, read.answer_en


def _summary(read: FaqRead, words: str | None, language: Language) -> FaqSummaryBody:
    question, answered = _texts(read, language)
    return FaqSummaryBody(
        id=read.id,
        category=read.category,
        category_label=said(FAQ_CATEGORIES[read.category].label, language),
        question=question,
        answer=answered,
        highlights=[
            *(_highlight("question", each) for each in highlights(question, words)),
            *(_highlight("answer", each) for each in highlights(answered, words)),
        ],
    )


def _highlight(name: str, at: Highlight) -> HighlightBody:
    return HighlightBody(name, at.start, at.end)
