"""Home: one call for the page that somebody sees first."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.db.home_reads import NoticeRead
from app.domain.catalogue import Catalogue, Name
from app.domain.periods import seoul_date
from app.domain.roles import Permission, Role, permissions_of
from app.language import Language
from app.routers.answers import answer
from app.routers.catalogue import said
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.faqs import FaqCategoryBody, faq_categories
from app.routers.memberships import MembershipBody, membership_body
from app.routers.models import AnswerStruct
from app.routers.permissions import SIGNED_IN, CanReadMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.home import Home, read_home
from app.services.notices import NoticeKind

router = APIRouter(prefix="/v1", tags=["me"], route_class=StrictRoute)

CARDS = (
    (
        "SHARED_FREE",
        Name("10인 미만 회사라면 완전 무료", "Free for fewer than ten people"),
        Name("공유형 무료", "Shared, free"),
    ),
    (
        "SHARED",
        Name("주문 즉시 서비스 사용가능!", "Ready as soon as it is ordered"),
        Name("공유형 유료", "Shared, paid"),
    ),
)
APPLY = Name("서비스 신청", "Apply")
ADMINISTRATORS = frozenset({Role.SUPER_ADMIN, Role.ADMIN})


class HomeMembershipBody(AnswerStruct, frozen=True):
    """The membership that ends first. `options`: how many are contracted; `may_order`: whether

    this person orders for it here.
    """

    membership: MembershipBody
    options: int
    may_order: bool


class PlanCardBody(AnswerStruct, frozen=True):
    """`unit_price`: KRW a user and month without VAT, 0 for free. `path`: 서비스 신청."""

    plan: str
    title: str
    label: str
    unit_price: int
    action: str
    path: str


class NoticeBody(AnswerStruct, frozen=True):
    """공지."""

    id: UUID
    title: str
    body: str
    shown_from: datetime


class MaintenanceBody(AnswerStruct, frozen=True):
    """점검: out of service from `starts_at` to `ends_at`."""

    id: UUID
    title: str
    body: str
    starts_at: datetime
    ends_at: datetime


class HomeBody(AnswerStruct, frozen=True):
    """`membership` and `sites` are the administrators'; `plan_cards` of whoever has no site.

    `role` is null until a company is chosen.
    """

    role: str | None
    membership: HomeMembershipBody | None
    sites: Annotated[int | None, Field(description="How many the company has; null for others.")]
    plan_cards: list[PlanCardBody]
    faq_tags: list[FaqCategoryBody]
    next_steps: list[str]
    unread_notifications: int
    notices: list[NoticeBody]
    maintenance: list[MaintenanceBody]


@router.get(
    "/home",
    operation_id="get_home",
    summary="Home",
    description="By role: the membership that ends first, or plans to begin with; what to do next,"
    " notices, maintenance.",
    response_model=HomeBody,
    responses=problems(*SIGNED_IN),
)
async def get_home(deps: DepsDep, language: LanguageDep, access: CanReadMe) -> Response:
    home = await read_home(deps.vault, access)
    today = seoul_date(home.principal.now)
    catalogue = await deps.catalogues.in_force_outside(today)
    role = home.principal.role
    administers = role in ADMINISTRATORS
    notices = home.read.notices
    body = HomeBody(
        role=role,
        membership=_membership(home, catalogue, language) if administers else None,
        sites=home.read.sites if administers else None,
        plan_cards=[] if administers or role is None else _cards(catalogue, language),
        faq_tags=[tag for tag in faq_categories(language) if tag.on_home],
        next_steps=list(home.next_steps),
        unread_notifications=home.read.unread,
        notices=[_notice(n, language) for n in notices if n.kind == NoticeKind.NOTICE],
        maintenance=[_maintenance(n, language) for n in notices if n.starts_at is not None],
    )
    return answer(body)


def _membership(home: Home, catalogue: Catalogue, language: Language) -> HomeMembershipBody | None:
    found = home.read.membership
    if found is None or home.principal.role is None:
        return None
    held = permissions_of(home.principal.role)
    return HomeMembershipBody(
        membership_body(found, catalogue, language, seoul_date(home.principal.now)),
        options=sum(1 for quantity in found.add_ons.values() if quantity),
        may_order=Permission.ORDERS_CREATE_CHANGE in held and found.billing_channel == "DIRECT",
    )


def _cards(catalogue: Catalogue, language: Language) -> list[PlanCardBody]:
    plans = ((catalogue.plan(code), title, label) for code, title, label in CARDS)
    return [
        PlanCardBody(
            plan=plan.code,
            title=said(title, language),
            label=said(label, language),
            unit_price=plan.unit_price,
            action=said(APPLY, language),
            path=f"/orders/new?plan={plan.code}",
        )
        for plan, title, label in plans
        if plan is not None
    ]


def _notice(read: NoticeRead, language: Language) -> NoticeBody:
    return NoticeBody(read.id, *_words(read, language), read.shown_from)


def _maintenance(read: NoticeRead, language: Language) -> MaintenanceBody:
    assert read.starts_at is not None
    assert read.ends_at is not None
    return MaintenanceBody(read.id, *_words(read, language), read.starts_at, read.ends_at)


def _words(read: NoticeRead, language: Language) -> tuple[str, str]:
    if language is Language.KO:
        return read.title_ko, read.body_ko
    return read.title_en, read.body_en
