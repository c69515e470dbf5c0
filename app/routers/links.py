"""내 정보 관리: 연동 관리."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.social import SocialProvider
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.idempotent import IDEMPOTENT_IF_ASKED, OnceIfKeyed, answer_of
from app.routers.identity_verifications import Secret
from app.routers.models import AnswerModel, RequestModel
from app.routers.permissions import SIGNED_IN, CanReadMe, CanUpdateMe
from app.routers.problems import problems
from app.routers.social import ATTEMPT, Code, State
from app.routers.strict import StrictRoute
from app.services.idempotency import Answer
from app.services.links import Link
from app.services.social import SocialCallback

router = APIRouter(prefix="/v1/me/links", tags=["me"], route_class=StrictRoute)


class AddLinkRequest(RequestModel):
    """What came back from the provider, as for `complete_social`."""

    provider: Annotated[SocialProvider, Field(strict=False)]
    code: Code
    state: State
    client_secret: Secret


class AddedLinkBody(AnswerModel):
    """The link that is there now."""

    id: UUID


class LinkedSiteBody(AnswerModel):
    """The groupware site of a link, and the company it belongs to."""

    id: UUID
    name: str
    company_id: UUID
    company_name: str


class LinkBody(AnswerModel):
    """`provider` and `email` of a SOCIAL link; `site`, `site_admin` and `confirmed_at` of a
    GROUPWARE one."""

    id: UUID
    kind: str = Field(examples=["GROUPWARE"])
    created_at: datetime
    provider: str | None
    email: str | None
    site: LinkedSiteBody | None
    site_admin: bool | None = Field(description="What the groupware said last.")
    confirmed_at: datetime | None = Field(
        description="When it said so; after 72 hours without it the role ADMIN rests."
    )


class LinksBody(AnswerModel):
    """All of them."""

    items: list[LinkBody]


@router.get(
    "",
    operation_id="list_links",
    summary="List linked accounts",
    responses=problems(*SIGNED_IN),
)
async def list_links(deps: DepsDep, access: CanReadMe) -> LinksBody:
    return LinksBody(items=[_body(link) for link in await deps.links.list(access)])


@router.post(
    "",
    operation_id="add_social_link",
    summary="Link a social account",
    description="Begun by `start_social`. Individuals only; needs step-up.",
    status_code=201,
    response_model=AddedLinkBody,
    responses=problems(
        *SIGNED_IN,
        *IDEMPOTENT_IF_ASKED,
        "reauthentication_required",
        "individual_account_required",
        "social_account_already_linked",
        "social_provider_already_linked",
        *ATTEMPT,
        body=True,
    ),
)
async def add_social_link(
    deps: DepsDep,
    language: LanguageDep,
    access: CanUpdateMe,
    once: OnceIfKeyed,
    body: AddLinkRequest,
) -> Response:
    callback = SocialCallback(body.provider, body.code, body.state, body.client_secret)

    async def work() -> Answer:
        link_id = await deps.social.link(access, callback, str(language))
        return answer_of(AddedLinkBody(id=link_id), 201)

    return await once.around(access, work)


@router.delete(
    "/{link_id}",
    operation_id="remove_link",
    summary="Remove a link",
    description="Needs step-up. The last way to sign in stays.",
    status_code=204,
    responses=problems(*SIGNED_IN, "reauthentication_required", "link_not_found", "last_way_in"),
)
async def remove_link(
    deps: DepsDep, language: LanguageDep, access: CanUpdateMe, link_id: UUID
) -> Response:
    await deps.links.remove(access, link_id, str(language))
    return Response(status_code=204)


def _body(link: Link) -> LinkBody:
    site = None
    if link.site_id and link.site_name and link.company_id and link.company_name:
        site = LinkedSiteBody(
            id=link.site_id,
            name=link.site_name,
            company_id=link.company_id,
            company_name=link.company_name,
        )
    return LinkBody(
        id=link.id,
        kind=str(link.kind),
        created_at=link.created_at,
        provider=link.provider,
        email=link.email,
        site=site,
        site_admin=link.site_admin,
        confirmed_at=link.confirmed_at,
    )
