"""내 정보 관리."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from app.domain.menu import MenuItem, menu_of
from app.domain.roles import Role, permissions_of
from app.language import Language
from app.routers.answers import answer
from app.routers.auth import forget_cookie
from app.routers.dependencies import DepsDep, LanguageDep
from app.routers.models import AnswerStruct
from app.routers.permissions import SIGNED_IN, CanReadMe, CanWithdraw
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.me import Profile, read_profile
from app.services.principals import Principal

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=StrictRoute)


class MyAccountBody(AnswerStruct, frozen=True):
    """The account's own data; the phone is masked."""

    login_id: Annotated[str | None, Field(description="Null: signs in by a social provider only.")]
    kind: Annotated[str, Field(examples=["CORPORATE"])]
    name: str | None
    phone_masked: str | None
    email: str | None
    email_verified: bool
    department: str | None
    position: str | None
    landline: str | None
    created_at: datetime


class CompanyRefBody(AnswerStruct, frozen=True):
    """A company the account acts for."""

    id: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class MenuItemBody:
    """An entry of the menu, or a heading with children and no path."""

    key: str
    label: str
    label_ko: str
    label_en: str
    target: str
    path: str | None
    children: list["MenuItemBody"]


class MeBody(AnswerStruct, frozen=True):
    """Who is signed in, and what they may do. `role` is null until a company is chosen."""

    account: MyAccountBody
    role: str | None
    company: CompanyRefBody | None
    companies: list[CompanyRefBody]
    permissions: list[str]
    next_steps: list[str]
    menu: list[MenuItemBody]


@router.get(
    "",
    operation_id="get_me",
    summary="Who is signed in",
    description="Role, permissions, next steps and the menu of the guide's pages 9 to 24.",
    response_model=MeBody,
    responses=problems(*SIGNED_IN),
)
async def get_me(deps: DepsDep, language: LanguageDep, access: CanReadMe) -> Response:
    principal, profile = await read_profile(deps.vault, access)
    return answer(_body(principal, profile, language))


@router.delete(
    "",
    operation_id="withdraw",
    summary="Leave the portal",
    description="고객포털 탈퇴하기. Needs the password within the last ten minutes.",
    status_code=204,
    responses=problems(
        *SIGNED_IN,
        "reauthentication_required",
        "super_admin_cannot_withdraw",
        "open_order_exists",
        "refunds_not_settled",
    ),
)
async def leave(deps: DepsDep, language: LanguageDep, access: CanWithdraw) -> Response:
    await deps.withdrawal.withdraw(access, str(language))
    return forget_cookie(Response(status_code=204))


def _body(principal: Principal, profile: Profile, language: Language) -> MeBody:
    role = principal.role
    company = principal.company
    chosen = None
    if company is not None and role is not None:
        chosen = CompanyRefBody(id=company.id, name=company.name, role=str(role))
    return MeBody(
        account=MyAccountBody(
            login_id=profile.login_id,
            kind=profile.kind,
            name=profile.name,
            phone_masked=profile.phone_masked,
            email=profile.email,
            email_verified=profile.email_verified,
            department=profile.department,
            position=profile.position,
            landline=profile.landline,
            created_at=profile.created_at,
        ),
        role=str(role) if role else None,
        company=chosen,
        companies=[
            CompanyRefBody(id=c.id, name=c.name, role=str(role or Role.ADMIN))
            for c in principal.companies
        ],
        permissions=sorted(permissions_of(role)) if role else [],
        next_steps=[str(step) for step in profile.next_steps],
        menu=_menu_of(role, language) if role else [],
    )


@cache
def _menu_of(role: Role, language: Language) -> list[MenuItemBody]:
    return [_menu(item, language) for item in menu_of(role)]


def _menu(item: MenuItem, language: Language) -> MenuItemBody:
    return MenuItemBody(
        key=item.key,
        label=item.label_ko if language is Language.KO else item.label_en,
        label_ko=item.label_ko,
        label_en=item.label_en,
        target=str(item.target),
        path=item.path,
        children=[_menu(child, language) for child in item.children],
    )
