"""알림 설정."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from app.domain.notification_topics import TOPIC_LABELS, NotificationTopic, Preference
from app.language import Language
from app.routers.catalogue import said
from app.routers.dependencies import LanguageDep
from app.routers.models import AnswerModel, RequestModel, values_of
from app.routers.permissions import SIGNED_IN, CanReadMe, CanUpdateMe
from app.routers.problems import problems
from app.routers.strict import StrictRoute
from app.services.notification_preferences import choose, read_preferences

router = APIRouter(prefix="/v1/me/notification-preferences", tags=["me"], route_class=StrictRoute)


class PreferenceBody(AnswerModel):
    """`mail`: whether it is mailed; in the portal it is told anyway. What is not `changeable`

    is mailed by contract or law.
    """

    topic: Annotated[str, values_of(NotificationTopic)]
    topic_label: str
    mail: bool
    changeable: bool


class PreferencesBody(AnswerModel):
    """In the order of the page."""

    items: list[PreferenceBody]


class PreferenceRequest(RequestModel):
    topic: Annotated[NotificationTopic, Field(strict=False)]
    mail: bool


class PreferencesRequest(RequestModel):
    """What is not named stays as it is."""

    items: list[PreferenceRequest] = Field(min_length=1, max_length=10)


@router.get(
    "",
    operation_id="get_notification_preferences",
    summary="What I am mailed about",
    description=(
        "알림 설정. An ADMIN has copies of what is mailed about their companies' business where"
        " they want them."
    ),
    responses=problems(*SIGNED_IN),
)
async def get(language: LanguageDep, access: CanReadMe) -> PreferencesBody:
    async with access.transaction() as (session, principal):
        found = await read_preferences(session, principal)
    return PreferencesBody(items=[_body(each, language) for each in found])


@router.put(
    "",
    operation_id="set_notification_preferences",
    summary="Choose what I am mailed about",
    description="What contract or law makes us mail cannot be switched off.",
    responses=problems(*SIGNED_IN, "notification_required", "notification_twice", body=True),
)
async def put(
    language: LanguageDep, access: CanUpdateMe, body: PreferencesRequest
) -> PreferencesBody:
    async with access.transaction() as (session, principal):
        found = await choose(session, principal, [(item.topic, item.mail) for item in body.items])
    return PreferencesBody(items=[_body(each, language) for each in found])


def _body(preference: Preference, language: Language) -> PreferenceBody:
    return PreferenceBody(
        topic=preference.topic.value,
        topic_label=said(TOPIC_LABELS[preference.topic], language),
        mail=preference.mail,
        changeable=preference.changeable,
    )
