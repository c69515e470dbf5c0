"""알림 설정: what an account wants to be mailed about (PRODUCT.md section 14)."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.tables.notifications import NotificationPreference
from app.domain.errors import DomainError
from app.domain.notification_topics import (
    NotificationTopic,
    Preference,
    check_chosen,
    preferences,
)
from app.services.principals import Principal


async def read_preferences(session: AsyncSession, principal: Principal) -> Sequence[Preference]:
    """Every topic, in the order of the page."""
    rows = await session.execute(
        select(NotificationPreference.topic, NotificationPreference.mail).where(
            NotificationPreference.account_id == principal.account_id
        )
    )
    return preferences(principal.kind, {NotificationTopic(row.topic): row.mail for row in rows})


async def choose(
    session: AsyncSession, principal: Principal, wanted: Sequence[tuple[NotificationTopic, bool]]
) -> Sequence[Preference]:
    """What is not named stays. Raises `notification_required`, `notification_twice`."""
    chosen: dict[NotificationTopic, bool] = {}
    for index, (topic, mail) in enumerate(wanted):
        if topic in chosen:
            raise DomainError("notification_twice", f"/items/{index}/topic")
        check_chosen(principal.kind, topic, mail, index)
        chosen[topic] = mail
    await _keep(session, principal, chosen)
    return await read_preferences(session, principal)


async def _keep(
    session: AsyncSession, principal: Principal, chosen: Mapping[NotificationTopic, bool]
) -> None:
    rows = [
        {
            "account_id": principal.account_id,
            "topic": str(topic),
            "mail": mail,
            "updated_at": principal.now,
        }
        for topic, mail in chosen.items()
    ]
    adding = insert(NotificationPreference).values(rows)
    await session.execute(
        adding.on_conflict_do_update(
            index_elements=["account_id", "topic"],
            set_={"mail": adding.excluded.mail, "updated_at": adding.excluded.updated_at},
        )
    )
