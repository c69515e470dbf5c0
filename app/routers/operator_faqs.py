"""FAQ 관리."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.faq import FaqCategory
from app.routers.dependencies import DepsDep
from app.routers.etags import ETAG_HEADER, IfMatch, etag_of, seen_revision
from app.routers.models import NO_NUL, WHOLE, AnswerModel, RequestModel
from app.routers.operators import FOR_AN_OPERATOR, CanManageFaq
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.faqs import FaqText, FaqView

router = APIRouter(prefix="/v1/operator/faqs", tags=["faq"], route_class=StrictRoute)
Question = Annotated[str, Field(min_length=1, max_length=300, pattern=NO_NUL)]
AnswerText = Annotated[str, Field(min_length=1, max_length=10_000, pattern=NO_NUL)]


class FaqRequest(RequestModel):
    """The whole of an entry. What is not `published` is seen by nobody."""

    category: Annotated[FaqCategory, Field(strict=False)]
    position: Annotated[int, Field(ge=0, le=10_000), WHOLE]
    question_ko: Question
    answer_ko: AnswerText
    question_en: Question
    answer_en: AnswerText
    published: bool

    def to_domain(self) -> FaqText:
        return FaqText(
            self.category,
            self.position,
            self.question_ko,
            self.answer_ko,
            self.question_en,
            self.answer_en,
            self.published,
        )


class OperatorFaqBody(AnswerModel):
    id: UUID
    category: str
    position: int
    question_ko: str
    answer_ko: str
    question_en: str
    answer_en: str
    published: bool
    revision: int
    created_at: datetime
    updated_at: datetime


class OperatorFaqListBody(AnswerModel):
    """In the order of the page."""

    items: list[OperatorFaqBody]


@router.get(
    "",
    operation_id="operator_list_faqs",
    summary="All FAQ entries",
    description="Those that are not published, too.",
    responses=problems(*FOR_AN_OPERATOR),
)
async def get_all(deps: DepsDep, operator: CanManageFaq) -> OperatorFaqListBody:
    return OperatorFaqListBody(items=[_body(entry) for entry in await deps.operator_faqs.all()])


@router.post(
    "",
    operation_id="operator_create_faq",
    summary="Write an FAQ entry",
    description="In both languages; published at once where it says so.",
    status_code=201,
    responses={
        201: {"model": OperatorFaqBody, "headers": ETAG_HEADER},
        **problems(*FOR_AN_OPERATOR, body=True),
    },
)
async def create(
    deps: DepsDep, operator: CanManageFaq, response: Response, body: FaqRequest
) -> OperatorFaqBody:
    entry = await deps.operator_faqs.create(operator, body.to_domain())
    response.headers["ETag"] = etag_of(entry.revision)
    return _body(entry)


@router.put(
    "/{faq_id}",
    operation_id="operator_update_faq",
    summary="Rewrite an FAQ entry, publish it or take it back",
    description="The whole of it. Takes `r<revision>` as If-Match.",
    responses={
        200: {"model": OperatorFaqBody, "headers": ETAG_HEADER},
        **problems(
            *FOR_AN_OPERATOR,
            "faq_not_found",
            "precondition_required",
            "precondition_failed",
            body=True,
        ),
    },
)
async def update(
    deps: DepsDep,
    operator: CanManageFaq,
    response: Response,
    faq_id: UUID,
    body: FaqRequest,
    if_match: IfMatch = None,
) -> OperatorFaqBody:
    seen = seen_revision(if_match)
    entry = await deps.operator_faqs.update(operator, faq_id, body.to_domain(), seen)
    response.headers["ETag"] = etag_of(entry.revision)
    return _body(entry)


def _body(view: FaqView) -> OperatorFaqBody:
    words = view.words
    return OperatorFaqBody(
        id=view.id,
        category=words.category,
        position=words.position,
        question_ko=words.question_ko,
        answer_ko=words.answer_ko,
        question_en=words.question_en,
        answer_en=words.answer_en,
        published=words.published,
        revision=view.revision,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )
