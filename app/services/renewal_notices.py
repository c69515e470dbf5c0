"""The words' facts of a renewal's mails."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead
from app.db.tables.orders import Order
from app.db.tables.sites import Membership
from app.domain.contracts import GRACE_DAYS
from app.domain.periods import days_left, seoul_date
from app.domain.renewals import EXPIRES_DAY, Term, terminated_on
from app.domain.scheduled_changes import NOTICE_DAYS
from app.services.renewal_mails import RenewalMails
from app.services.renewal_orders import WantedRenewal


class Told(Protocol):
    """What is known of a renewal when somebody is told."""

    membership: Membership
    read: ContractRead
    term: Term
    order: Order | None
    consent_needed: bool
    now: datetime

    @property
    def card(self) -> str:
        """The one that is charged by itself, as people know it; "" where none is."""


class RenewalNotices:
    """One mail a step, to the company's account and its ADMINs."""

    def __init__(self, mails: RenewalMails) -> None:
        self._mails = mails

    async def remind(self, session: AsyncSession, told: Told, wanted: WantedRenewal) -> None:
        last_day, today = told.term.last_day, seoul_date(told.now)
        notice = last_day - timedelta(days=NOTICE_DAYS)
        yearly = told.term.months != 1
        facts = self._of_order(told) | {
            "days": str(days_left(today, last_day) - 1),
            "free": _yes(wanted.free),
            "notice_until": notice.isoformat() if yearly and today <= notice else "",
        }
        await self._tell(session, told, "renewal_reminder", facts)

    async def ordered(self, session: AsyncSession, told: Told, wanted: WantedRenewal) -> None:
        facts = self._of_order(told) | _next_term(wanted)
        await self._tell(session, told, "renewal_ordered", facts)

    async def price_rises(self, session: AsyncSession, told: Told, wanted: WantedRenewal) -> None:
        facts = _next_term(wanted) | {"total": f"{wanted.order.total:,}"}
        await self._tell(session, told, "renewal_price_rises", facts)

    async def overdue(self, session: AsyncSession, told: Told) -> None:
        await self._tell(session, told, "renewal_overdue", self._of_order(told) | _ends(told.term))

    async def expired(self, session: AsyncSession, told: Told, *, last_site: bool) -> None:
        facts = _ends(told.term) | {"last_site": _yes(last_site)}
        await self._tell(session, told, "service_expired", facts)

    async def charge_failed(
        self, session: AsyncSession, told: Told, card: str, again_on: date | None
    ) -> None:
        facts = self._of_order(told) | {
            "card": card,
            "again": _yes(again_on is not None),
            "again_on": again_on.isoformat() if again_on else "",
        }
        await self._tell(session, told, "renewal_charge_failed", facts)

    async def ended(self, session: AsyncSession, told: Told) -> None:
        await self._tell(session, told, "membership_ended", {})

    @staticmethod
    def _of_order(told: Told) -> dict[str, str]:
        order = told.order
        return {
            "number": order.number if order else "",
            "total": f"{order.total:,}" if order else "",
            "card": told.card,
            "consent": _yes(told.consent_needed),
            "pay_until": (told.term.last_day + timedelta(days=GRACE_DAYS)).isoformat(),
        }

    async def _tell(
        self, session: AsyncSession, told: Told, kind: str, facts: Mapping[str, str]
    ) -> None:
        common = {"site": told.read.site_name, "last_day": told.term.last_day.isoformat()}
        company_id: UUID = told.membership.company_id
        await self._mails.tell(session, company_id, kind, common | dict(facts), told.now)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _next_term(wanted: WantedRenewal) -> dict[str, str]:
    ends: date | None = wanted.priced.expires_on
    return {
        "begins_on": wanted.priced.starts_on.isoformat(),
        "ends_on": ends.isoformat() if ends else "",
    }


def _ends(term: Term) -> dict[str, str]:
    return {
        "off_on": (term.last_day + timedelta(days=EXPIRES_DAY)).isoformat(),
        "erased_on": terminated_on(term.last_day).isoformat(),
    }
