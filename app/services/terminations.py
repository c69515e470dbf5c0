"""서비스 해지: looked at, asked for and undone (PRODUCT.md section 12). A job ends it.

Orders are locked before a site and its membership, a termination after them.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.contracts import ContractRead, contracts_of
from app.db.ids import new_id
from app.db.tables.terminations import TerminationRow
from app.db.termination_reads import TerminationFacts, termination_facts
from app.domain.audit import AuditAction
from app.domain.catalogue import Catalogue
from app.domain.errors import DomainError
from app.domain.orders import end_of
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError, ProviderRefused
from app.domain.terminations import (
    ADMINS_TOLD_BEFORE,
    TerminationChannel,
    TerminationReason,
    TerminationState,
    check_last_day,
)
from app.services.account_mails import spoken_time
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues
from app.services.company_mails import CompanyMails
from app.services.emails import Emails
from app.services.mails import Mails
from app.services.membership_ends import lock_membership
from app.services.membership_schedules import look_at_schedule
from app.services.order_events import account_actor
from app.services.ports import Groupware
from app.services.principals import Access, Principal
from app.services.termination_settlements import Settlement, asks_for_use, settle


@dataclass(frozen=True, slots=True)
class WantedEnd:
    """`last_day`: the last on which the service is on."""

    last_day: date
    reason: TerminationReason


@dataclass(frozen=True, slots=True)
class TerminationView:
    """What would go back for a last day, and what was asked for already.

    `undo_until`: until when a request for that day can be undone.
    """

    facts: TerminationFacts
    settlement: Settlement
    fee_percent: int
    undo_until: datetime
    requested: TerminationRow | None
    catalogue: Catalogue


class Terminations:
    """One use case a method."""

    def __init__(
        self,
        groupware: Groupware,
        catalogues: Catalogues,
        mails: Mails,
        emails: Emails,
        fee_percent: int,
    ) -> None:
        self._groupware = groupware
        self._catalogues = catalogues
        self._mails = CompanyMails(mails, emails)
        self.fee_percent = fee_percent

    async def preview(
        self, access: Access, membership_id: UUID, last_day: date | None
    ) -> TerminationView:
        """For a last day, today's where none is given. Nothing is stored.

        Raises `membership_not_found`, `managed_by_reseller`, what `check_last_day` raises, and
        ProviderError where the groupware has to be asked whether the site was used.
        """
        used = await self._signed_in(access, membership_id, last_day)
        async with access.transaction() as (session, principal):
            day = last_day or seoul_date(principal.now)
            return await self._view(session, principal, membership_id, day, used)

    async def used_before(self, access: Access, membership_id: UUID, last_day: date) -> int | None:
        """What `request` shows with its answer; None, too, where the groupware cannot be asked."""
        try:
            return await self._signed_in(access, membership_id, last_day)
        except ProviderError:
            return None

    async def request(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        wanted: WantedEnd,
        used: int | None,
    ) -> TerminationView:
        """The service ends with that day, unless it is undone until then.

        Raises what `preview` raises, `termination_requested`, and `reauthentication_required`.
        """
        principal.require_step_up()
        view = await self._view(session, principal, membership_id, wanted.last_day, used)
        today = seoul_date(principal.now)
        row = await ask_for_end(
            session,
            view.facts,
            EndAskedFor(
                wanted, today, TerminationChannel.PORTAL, account_actor(principal.account_id)
            ),
            principal.now,
        )
        record(session, _line(principal, AuditAction.TERMINATION_REQUESTED, row))
        await self._tell(session, principal, view)
        return replace(view, requested=row)

    async def undo(self, session: AsyncSession, principal: Principal, membership_id: UUID) -> None:
        """Until its last day ends. Raises `membership_not_found`, `termination_not_found`."""
        facts = await _facts(session, principal.company_id, membership_id)
        await lock_membership(session, membership_id)
        row = await open_termination(session, membership_id)
        if row is None or (row.due_at is not None and row.due_at <= principal.now):
            raise DomainError("termination_not_found")
        await undo_end(session, row, principal.now)
        record(session, _line(principal, AuditAction.TERMINATION_UNDONE, row))
        told = {
            "site": facts.site_name,
            "last_day": row.last_day.isoformat(),
            "at": spoken_time(principal.now),
        }
        await self._mail(session, principal, "termination_undone", told)

    async def _signed_in(
        self, access: Access, membership_id: UUID, last_day: date | None
    ) -> int | None:
        """How many have ever signed in at the site, where that decides anything."""
        async with access.transaction() as (session, principal):
            facts = await termination_facts(session, principal.company_id, membership_id)
            day = last_day or seoul_date(principal.now)
        if facts is None or not asks_for_use(facts, day):
            return None
        return await signed_in_ever(self._groupware, facts.site_id)

    async def _view(
        self,
        session: AsyncSession,
        principal: Principal,
        membership_id: UUID,
        last_day: date,
        used: int | None,
    ) -> TerminationView:
        facts = await _facts(session, principal.company_id, membership_id)
        if facts.billing_channel == "RESELLER":
            raise DomainError("managed_by_reseller")
        today = seoul_date(principal.now)
        held = await contract_to_end(session, facts)
        check_last_day(held.contract, last_day, today)
        anchor = held.anchor_on
        return TerminationView(
            facts=facts,
            settlement=settle(facts, anchor, last_day, self.fee_percent, used),
            fee_percent=self.fee_percent,
            undo_until=end_of(last_day),
            requested=await open_termination(session, membership_id),
            catalogue=await self._catalogues.in_force(session, today),
        )

    async def _tell(
        self, session: AsyncSession, principal: Principal, view: TerminationView
    ) -> None:
        sums = view.settlement.sums
        told = {
            "site": view.facts.site_name,
            "last_day": view.settlement.last_day.isoformat(),
            "refund": f"{sums.refund:,}",
            "fee": f"{sums.fee:,}",
        }
        await self._mail(session, principal, "termination_requested", told)

    async def _mail(
        self, session: AsyncSession, principal: Principal, kind: str, told: dict[str, str]
    ) -> None:
        await self._mails.tell(
            session, principal.company_id, principal.account_id, kind, told, principal.now
        )


@dataclass(frozen=True, slots=True)
class EndAskedFor:
    """An end, the KST day on which it was asked for, how, and by whom it was written down."""

    wanted: WantedEnd
    received_on: date
    channel: TerminationChannel
    requested_by: str


async def ask_for_end(
    session: AsyncSession, facts: TerminationFacts, asked: EndAskedFor, now: datetime
) -> TerminationRow:
    """The row whose job ends it. Raises `termination_requested` where one is open.

    Locks the membership, so that two at once are one.
    """
    await lock_membership(session, facts.id)
    if await open_termination(session, facts.id) is not None:
        raise DomainError("termination_requested")
    due_at = end_of(asked.wanted.last_day)
    row = TerminationRow(
        id=new_id(),
        company_id=facts.company_id,
        membership_id=facts.id,
        last_day=asked.wanted.last_day,
        received_on=asked.received_on,
        channel=str(asked.channel),
        reason=str(asked.wanted.reason),
        state=str(TerminationState.REQUESTED),
        requested_by=asked.requested_by,
        withdrawal=False,
        unused=None,
        vat=None,
        fee=None,
        refund=None,
        due_at=due_at,
        tell_due_at=max(now, due_at - ADMINS_TOLD_BEFORE),
        ended_at=None,
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    await session.flush()
    await look_at_schedule(session, facts.company_id, facts.id, now)
    return row


async def undo_end(session: AsyncSession, row: TerminationRow, now: datetime) -> None:
    """The service goes on, and is renewed again. The membership is locked."""
    row.state = str(TerminationState.UNDONE)
    row.due_at = row.tell_due_at = None
    row.updated_at = now
    await session.flush()
    await look_at_schedule(session, row.company_id, row.membership_id, now)


async def open_termination(session: AsyncSession, membership_id: UUID) -> TerminationRow | None:
    """The one that waits for its day."""
    found: TerminationRow | None = await session.scalar(
        select(TerminationRow).where(
            TerminationRow.membership_id == membership_id, TerminationRow.state == "REQUESTED"
        )
    )
    return found


async def signed_in_ever(groupware: Groupware, site_id: UUID) -> int:
    """How many people. A site that the groupware does not know was used by nobody."""
    try:
        return (await groupware.usage(str(site_id))).users_signed_in_ever
    except ProviderRefused:
        return 0


async def contract_to_end(session: AsyncSession, facts: TerminationFacts) -> ContractRead:
    """What the membership holds."""
    return (await contracts_of(session, facts.company_id, [facts.id]))[facts.id]


async def _facts(session: AsyncSession, company_id: UUID, membership_id: UUID) -> TerminationFacts:
    facts = await termination_facts(session, company_id, membership_id)
    if facts is None:
        raise DomainError("membership_not_found")
    return facts


def _line(principal: Principal, action: AuditAction, row: TerminationRow) -> AuditEntry:
    details = {"last_day": row.last_day.isoformat(), "reason": row.reason}
    return AuditEntry.of_company(principal, action, subject=str(row.membership_id), details=details)
