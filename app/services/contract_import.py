"""Contract import (PRODUCT.md section 16): customers of before the portal, all or nothing.

The groupware is asked first, while no transaction is open; its revision of a site is where the
portal goes on. What was imported before is told and left alone, so that a file may be run again.
The number of statements grows with thousands of rows, not with each.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import Text, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import CollectionAggregate

from app.clock import Clock
from app.db.bulk import batches, insert_rows
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.companies import Company
from app.db.tables.renewals import MembershipSchedule
from app.db.tables.sites import HeldLine, Membership, Segment, Site
from app.domain.audit import AuditAction
from app.domain.contract_import import ImportRow, RowError, read_import
from app.domain.periods import seoul_date
from app.domain.provider_errors import ProviderError
from app.domain.provisioning import SiteFacts
from app.services import imported_rows as values_of
from app.services.audit import AuditEntry, operator_actor, record_all
from app.services.catalogue import Catalogues
from app.services.corporate_invitations import Contact, CorporateInvitations
from app.services.imported_rows import NewContract, Placed
from app.services.ports import Groupware

AT_ONCE: Final = 8
"""How many businesses the groupware is asked for at a time."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was, or would be, imported: lines of the file. With errors nothing is."""

    rows: int = 0
    imported: Sequence[int] = ()
    known: Sequence[int] = ()
    invited: int = 0
    errors: Sequence[RowError] = ()


class Undertaking(Protocol):
    """Whoever imports on somebody's behalf, and may have been overtaken."""

    async def go_on(self) -> None:
        """Called now and then, outside transactions. What it raises ends the import."""
        ...

    async def end(self, session: AsyncSession, report: ImportReport) -> None:
        """Called once, last in the transaction of the import: what it raises undoes all."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """The command's: nobody else waits for its end."""

    async def go_on(self) -> None:
        return

    async def end(self, session: AsyncSession, report: ImportReport) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Known:
    """A company that the portal has."""

    id: UUID
    has_account: bool


@dataclass(frozen=True, slots=True)
class _Books:
    """What the database holds of a file's numbers, sites and sub-domains."""

    companies: Mapping[str, _Known]
    sites: frozenset[UUID]
    subdomains: frozenset[str]
    free: frozenset[UUID] = field(default_factory=frozenset)


class ContractImport:
    """One use case: a file, with or without effect."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalogues: Catalogues,
        groupware: Groupware,
        invitations: CorporateInvitations,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues
        self._groupware = groupware
        self._invitations = invitations

    async def run(
        self, document: bytes, operator: str, *, dry_run: bool, by: Undertaking | None = None
    ) -> ImportReport:
        """Raises ProviderError when the groupware cannot be asked: nothing is done then."""
        by = by or Alone()
        today = seoul_date(await self._clock.now_outside(self._database))
        catalogue = await self._catalogues.in_force_outside(today)
        read = await asyncio.to_thread(read_import, document, catalogue, today)
        placed, errors = await self._place(read.rows, by)
        errors = read.errors or errors
        await by.go_on()
        async with self._database.system_session("contract import") as session:
            if errors:
                report = ImportReport(rows=read.count, errors=errors)
            else:
                report = await self._import(session, placed, operator, dry_run=dry_run)
            await by.end(session, report)
        return report

    async def _place(
        self, rows: Sequence[ImportRow], by: Undertaking
    ) -> tuple[Sequence[Placed], Sequence[RowError]]:
        """Each row's site at the groupware, by external id or sub-domain; asked once a number."""
        by_number: dict[str, Sequence[SiteFacts]] = {}
        for numbers in batches(dict.fromkeys(row.business_number for row in rows), AT_ONCE):
            by_number |= await self._sites_of(numbers)
            await by.go_on()
        placed: dict[UUID, Placed] = {}
        errors: list[RowError] = []
        for row in rows:
            found = next((s for s in by_number[row.business_number] if _same_site(row, s)), None)
            site_id = _portal_id(found)
            error = _not_as_told(row, found)
            if error is None and site_id in placed:
                line = placed[site_id].row.line
                error = RowError(row.line, "external_id", f"the site stands in line {line} already")
            if error is not None:
                errors.append(error)
            elif found is not None and site_id is not None:
                placed[site_id] = Placed(row, site_id, found)
        return list(placed.values()), errors

    async def _sites_of(self, numbers: Iterable[str]) -> Mapping[str, Sequence[SiteFacts]]:
        """Raises the first ProviderError; the others are asked no more."""
        try:
            async with asyncio.TaskGroup() as asking:
                asked = {
                    number: asking.create_task(self._groupware.find_sites(number))
                    for number in numbers
                }
        except* ProviderError as failed:
            first: BaseException = failed
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None
        return {number: task.result() for number, task in asked.items()}

    async def _import(
        self, session: AsyncSession, placed: Sequence[Placed], operator: str, *, dry_run: bool
    ) -> ImportReport:
        books = await _read_books(session, placed)
        new = [p for p in placed if p.site_id not in books.sites]
        known = [p.row.line for p in placed if p.site_id in books.sites]
        errors = [e for p in new for e in _conflicts(p, books)]
        if errors:
            return ImportReport(rows=len(placed), errors=errors)
        invite = {
            p.row.business_number: p.row
            for p in new
            if p.row.business_number not in books.companies
        }
        if not dry_run:
            await self._write(session, new, books, invite, operator)
        return ImportReport(len(placed), [p.row.line for p in new], known, len(invite))

    async def _write(
        self,
        session: AsyncSession,
        new: Sequence[Placed],
        books: _Books,
        invite: Mapping[str, ImportRow],
        operator: str,
    ) -> None:
        now = await self._clock.now(session)
        ids = {number: known.id for number, known in books.companies.items()}
        ids |= {number: new_id() for number in invite}
        contracts = [NewContract(place, ids[place.row.business_number]) for place in new]
        made = (values_of.company_values(row, ids[number], now) for number, row in invite.items())
        await insert_rows(session, Company, made)
        await insert_rows(session, Site, (values_of.site_values(c, now) for c in contracts))
        await insert_rows(
            session, Membership, (values_of.membership_values(c, now) for c in contracts)
        )
        await insert_rows(session, Segment, (values_of.segment_values(c, now) for c in contracts))
        held = (line for c in contracts for line in values_of.held_values(c, now))
        await insert_rows(session, HeldLine, held)
        await record_all(
            session,
            (
                AuditEntry(
                    company_id=contract.company_id,
                    account_id=None,
                    actor=operator_actor(operator),
                    action=AuditAction.CONTRACT_IMPORTED,
                    at=now,
                    subject=str(contract.place.site_id),
                )
                for contract in contracts
            ),
        )
        schedules = (values_of.schedule_values(c, now) for c in contracts)
        await insert_rows(session, MembershipSchedule, filter(None, schedules))
        contacts = [
            Contact(ids[number], row.company_name, row.contact_name, row.contact_email)
            for number, row in invite.items()
        ]
        await self._invitations.invite_new(session, contacts, now)


def _same_site(row: ImportRow, facts: SiteFacts) -> bool:
    if row.external_id is not None:
        return row.external_id in {facts.external_id, facts.site_id}
    return row.subdomain == facts.subdomain


def _portal_id(facts: SiteFacts | None) -> UUID | None:
    try:
        return UUID(facts.external_id) if facts and facts.external_id else None
    except ValueError:
        return None


def _not_as_told(row: ImportRow, found: SiteFacts | None) -> RowError | None:
    """What the groupware says otherwise."""
    if found is None:
        return RowError(row.line, "subdomain", "no such site at the groupware")
    if _portal_id(found) is None:
        return RowError(row.line, "external_id", "the site has no external id")
    if found.hosting != row.plan:
        return RowError(row.line, "plan", f"the groupware has {found.hosting}")
    if found.users != row.users:
        return RowError(row.line, "users", f"the groupware has {found.users}")
    return None


def _texts(values: Iterable[str]) -> CollectionAggregate[bool]:
    """One parameter, however many there are: a statement takes 32,767."""
    return any_(bindparam(None, sorted(values), type_=ARRAY(Text())))


def _ids(values: Iterable[UUID]) -> CollectionAggregate[bool]:
    return any_(bindparam(None, sorted(values), type_=ARRAY(Uuid())))


async def _read_books(session: AsyncSession, placed: Sequence[Placed]) -> _Books:
    numbers = {p.row.business_number for p in placed}
    names = {p.row.subdomain for p in placed}
    found = await session.execute(
        select(Company.business_number, Company.id, Company.corporate_account_id)
        .where(Company.business_number == _texts(numbers), Company.withdrawn_at.is_(None))
        .order_by(Company.id)
        .with_for_update()
    )
    companies = {
        row.business_number: _Known(row.id, row.corporate_account_id is not None) for row in found
    }
    sites = await session.scalars(select(Site.id).where(Site.id == _ids(p.site_id for p in placed)))
    stands = Site.state.in_(("HELD", "OPEN"))
    taken = await session.scalars(
        select(Site.subdomain).where(Site.subdomain == _texts(names), stands)
    )
    free = await session.scalars(
        select(Site.company_id).where(
            Site.company_id == _ids(known.id for known in companies.values()),
            Site.plan == "SHARED_FREE",
            stands,
        )
    )
    return _Books(companies, frozenset(sites), frozenset(taken), frozenset(free))


def _conflicts(place: Placed, books: _Books) -> Sequence[RowError]:
    """A number that somebody signed up for is no customer to be imported: a claim decides."""
    row, errors = place.row, []
    company = books.companies.get(row.business_number)
    if company is not None and company.has_account:
        errors.append(RowError(row.line, "business_number", "has an account already"))
    if company is not None and row.free and company.id in books.free:
        errors.append(RowError(row.line, "plan", "the company has a free site already"))
    if row.subdomain in books.subdomains:
        errors.append(RowError(row.line, "subdomain", "held by another site of the portal"))
    return errors
