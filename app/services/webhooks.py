"""What providers call: verified, stored once by id, and then only a reason to look (section 11)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.queue import Job, enqueue
from app.db.tables.companies import GroupwareLink
from app.db.tables.orders import Payment
from app.db.tables.plumbing import ReceivedWebhook
from app.db.tables.sites import Site
from app.db.vault import Vault
from app.domain.webhook_events import PaymentEventKind, SiteEventKind
from app.services.card_jobs import look_again
from app.services.cards import BILLING_KEY_COLUMN
from app.services.link_checks import CHECK_LINK
from app.services.order_events import CHECK_PAYMENT, SITE_CHANGED
from app.services.ports import PaymentWebhooks, SiteWebhooks
from app.services.site_usage import MEASURE_USAGE

log = structlog.get_logger(__name__)


class ReceivedWebhooks:
    """One method a provider. Raises WebhookRefused for what is not signed by it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        payments: PaymentWebhooks,
        sites: SiteWebhooks,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._payments = payments
        self._sites = sites

    async def from_payment_provider(self, headers: Mapping[str, str], body: bytes) -> None:
        event = self._payments.verify(headers, body)
        job = None
        if event.kind is PaymentEventKind.PAYMENT_CHANGED:
            payment_id = _uuid(event.payment_id)
            job = Job(CHECK_PAYMENT, payment_id) if payment_id else None
        card = None
        if event.billing_key is not None:
            card = self._vault.index(BILLING_KEY_COLUMN, event.billing_key)
            body = b"{}"  # a key is a secret: it is kept sealed, with its card, alone
        await self._keep("PORTONE", event.id, event.name, body, job, card=card)

    async def from_groupware(self, headers: Mapping[str, str], body: bytes) -> None:
        event = self._sites.verify(headers, body)
        site_id = _uuid(event.external_id)
        job = None
        if event.kind is SiteEventKind.OPERATION_ENDED:
            job = Job(SITE_CHANGED, site_id) if site_id else None
        elif event.kind is SiteEventKind.USAGE_CHANGED:
            job = Job(MEASURE_USAGE, site_id) if site_id else None
        user = None
        if event.kind is SiteEventKind.USER_CHANGED and site_id and event.subject:
            user = (site_id, event.subject)
        await self._keep("GROUPWARE", event.id, event.name, body, job, user)

    async def _keep(
        self,
        provider: str,
        message_id: str,
        kind: str,
        body: bytes,
        job: Job | None,
        user: tuple[UUID, str] | None = None,
        card: bytes | None = None,
    ) -> None:
        """A repeat is answered like the first and does nothing more.

        `user`: the site and subject of a groupware user who is not what they were; `card`: the
        index of a billing key that is not what it was.
        """
        async with self._database.system_session("received webhook") as session:
            now = await self._clock.now(session)
            kept = await session.execute(
                insert(ReceivedWebhook)
                .values(
                    provider=provider,
                    webhook_id=message_id,
                    kind=kind,
                    payload=msgspec.json.decode(body),
                    received_at=now,
                    processed_at=now,
                )
                .on_conflict_do_nothing()
                .returning(ReceivedWebhook.webhook_id)
            )
            if kept.one_or_none() is None:
                return
            if user is not None:
                await _ask_again(session, *user, now)
            if card is not None:
                await look_again(session, card, now)
            if job is None:
                return
            table = Payment if job.entrypoint == CHECK_PAYMENT else Site
            if await session.get(table, job.row) is not None:
                await enqueue(session, [job])
            else:
                log.warning("webhook_about_nothing_of_ours", provider=provider, kind=kind)


async def _ask_again(session: AsyncSession, site_id: UUID, subject: str, now: datetime) -> None:
    """The links of a user are due at once: what is true is read, not believed."""
    due = await session.execute(
        update(GroupwareLink)
        .where(GroupwareLink.site_id == site_id, GroupwareLink.subject == subject)
        .values(due_at=now)
        .returning(GroupwareLink.id)
    )
    await enqueue(session, [Job(CHECK_LINK, link) for link in due.scalars()])


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value or "")
    except ValueError:
        return None
