"""Contract import (PRODUCT.md section 16): customers of before the portal, all or nothing.

The groupware is asked first, while no transaction is open; its revision of a site is where the
portal goes on. What was imported before is told and left alone, so that a file may be run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.engine import Database
from app.db.ids import new_id
from app.db.tables.companies import Company
from app.db.tables.renewals import MembershipSchedule
from app.db.tables.sites import HeldLine, Membership, Segment, Site
from app.domain.audit import AuditAction
from app.domain.contract_import import ImportRow, RowError, read_import
from app.domain.periods import seoul_date
from app.domain.provisioning import SiteFacts
from app.services.audit import AuditEntry, operator_actor, record
from app.services.business_checks import EVERY
from app.services.catalogue import Catalogues
from app.services.corporate_invitations import CorporateInvitations
from app.services.ports import Groupware


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was, or would be, imported: lines of the file. With errors nothing is."""

    imported: Sequence[int] = ()
    known: Sequence[int] = ()
    invited: int = 0
    errors: Sequence[RowError] = ()


@dataclass(slots=True)
class _Placed:
    """A row and the groupware's site it is about."""

    row: ImportRow
    site_id: UUID
    facts: SiteFacts


@dataclass(slots=True)
class _Books:
    """What the database holds of a file's numbers, sites and sub-domains."""

    companies: dict[str, Company]
    sites: frozenset[UUID]
    subdomains: Mapping[str, UUID]
    free: set[UUID] = field(default_factory=set)


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

    async def run(self, document: bytes, operator: str, *, dry_run: bool) -> ImportReport:
        """Raises ProviderError when the groupware cannot be asked: nothing is done then."""
        today = seoul_date(await self._clock.now_outside(self._database))
        read = read_import(document, await self._catalogues.in_force_outside(today), today)
        if read.errors:
            return ImportReport(errors=read.errors)
        placed, errors = await self._place(read.rows)
        if errors:
            return ImportReport(errors=errors)
        async with self._database.system_session("contract import") as session:
            books = await _read_books(session, placed)
            new = [p for p in placed if p.site_id not in books.sites]
            known = [p.row.line for p in placed if p.site_id in books.sites]
            errors = [e for p in new for e in _conflicts(p, books)]
            if errors:
                return ImportReport(errors=errors)
            invite = {
                p.row.business_number: p.row
                for p in new
                if p.row.business_number not in books.companies
            }
            if not dry_run:
                await self._write(session, new, books, invite, operator)
            return ImportReport([p.row.line for p in new], known, len(invite))

    async def _place(
        self, rows: Sequence[ImportRow]
    ) -> tuple[Sequence[_Placed], Sequence[RowError]]:
        """Each row's site at the groupware, by external id or sub-domain; asked once a number."""
        by_number: dict[str, Sequence[SiteFacts]] = {}
        placed: list[_Placed] = []
        errors: list[RowError] = []
        for row in rows:
            number = row.business_number
            if number not in by_number:
                by_number[number] = await self._groupware.find_sites(number)
            found = next((s for s in by_number[number] if _same_site(row, s)), None)
            site_id = _portal_id(found)
            if found is None:
                errors.append(RowError(row.line, "subdomain", "no such site at the groupware"))
            elif site_id is None:
                errors.append(RowError(row.line, "external_id", "the site has no external id"))
            elif found.hosting != row.plan:
                reason = f"the groupware has {found.hosting}"
                errors.append(RowError(row.line, "plan", reason))
            elif found.users != row.users:
                errors.append(RowError(row.line, "users", f"the groupware has {found.users}"))
            else:
                placed.append(_Placed(row, site_id, found))
        return placed, errors

    async def _write(
        self,
        session: AsyncSession,
        new: Sequence[_Placed],
        books: _Books,
        invite: Mapping[str, ImportRow],
        operator: str,
    ) -> None:
        now = await self._clock.now(session)
        made = {number: _company(row, now) for number, row in invite.items()}
        companies = books.companies | made
        session.add_all(made.values())
        await session.flush()
        session.add_all(_site(p, companies[p.row.business_number].id, now) for p in new)
        await session.flush()
        memberships = [_membership(p, companies[p.row.business_number].id, now) for p in new]
        session.add_all(memberships)
        await session.flush()
        for place, membership in zip(new, memberships, strict=True):
            session.add(_segment(place.row, membership, now))
            session.add_all(_held(place.row, membership, now))
            record(
                session,
                AuditEntry(
                    company_id=membership.company_id,
                    account_id=None,
                    actor=operator_actor(operator),
                    action=AuditAction.CONTRACT_IMPORTED,
                    at=now,
                    subject=str(place.site_id),
                ),
            )
        session.add_all(
            MembershipSchedule(membership_id=m.id, company_id=m.company_id, due_at=now)
            for m in memberships
            if m.expires_on is not None and m.billing_channel == "DIRECT"
        )
        await session.flush()
        for number, row in invite.items():
            await self._invitations.invite(
                session, made[number].id, None, row.contact_name, row.contact_email, now
            )


def _same_site(row: ImportRow, facts: SiteFacts) -> bool:
    if row.external_id is not None:
        return row.external_id in {facts.external_id, facts.site_id}
    return row.subdomain == facts.subdomain


def _portal_id(facts: SiteFacts | None) -> UUID | None:
    try:
        return UUID(facts.external_id) if facts and facts.external_id else None
    except ValueError:
        return None


async def _read_books(session: AsyncSession, placed: Sequence[_Placed]) -> _Books:
    numbers = {p.row.business_number for p in placed}
    companies = await session.execute(
        select(Company)
        .where(Company.business_number.in_(numbers), Company.withdrawn_at.is_(None))
        .order_by(Company.id)
        .with_for_update()
    )
    names = {p.row.subdomain for p in placed}
    sites = await session.execute(select(Site.id).where(Site.id.in_([p.site_id for p in placed])))
    taken = await session.execute(
        select(Site.subdomain, Site.id).where(
            Site.subdomain.in_(names), Site.state.in_(("HELD", "OPEN"))
        )
    )
    free = await session.execute(
        select(Site.company_id).where(Site.plan == "SHARED_FREE", Site.state.in_(("HELD", "OPEN")))
    )
    return _Books(
        {company.business_number: company for company in companies.scalars()},
        frozenset(sites.scalars()),
        {row.subdomain: row.id for row in taken},
        set(free.scalars()),
    )


def _conflicts(place: _Placed, books: _Books) -> Sequence[RowError]:
    """A number that somebody signed up for is no customer to be imported: a claim decides."""
    row, errors = place.row, []
    company = books.companies.get(row.business_number)
    if company is not None and company.corporate_account_id is not None:
        errors.append(RowError(row.line, "business_number", "has an account already"))
    if company is not None and row.free and company.id in books.free:
        errors.append(RowError(row.line, "plan", "the company has a free site already"))
    if row.subdomain in books.subdomains:
        errors.append(RowError(row.line, "subdomain", "held by another site of the portal"))
    return errors


def _company(row: ImportRow, now: datetime) -> Company:
    """UNPROVEN until somebody signs up by its invitation."""
    return Company(
        status_checked_at=None,
        status_due_at=now + EVERY,
        id=new_id(),
        legal_name=row.company_name,
        business_number=row.business_number,
        representative=None,
        verification_level="STATUS",
        verification_status="ACTIVE",
        verified_at=now,
        proven_at=None,
        corporate_account_id=None,
        withdrawn_at=None,
        revision=1,
        created_at=now,
        updated_at=now,
    )


def _site(place: _Placed, company_id: UUID, now: datetime) -> Site:
    row, facts = place.row, place.facts
    return Site(
        id=place.site_id,
        company_id=company_id,
        name=row.site_name,
        plan=row.plan,
        subdomain=row.subdomain,
        state="OPEN",
        business_number=row.business_number,
        admin_name=None,
        admin_login_id=row.site_admin_login_id,
        admin_email=None,
        groupware_site_id=facts.site_id,
        url=None,
        domain=None,
        opened_at=now,
        revision=facts.revision,
        applied_revision=facts.revision,
        operation_id=None,
        accounting_visible=facts.accounting_menu,
        accounting_started_on=None,
        usage=None,
        usage_at=None,
        created_at=now,
        updated_at=now,
    )


def _membership(place: _Placed, company_id: UUID, now: datetime) -> Membership:
    row, storage = place.row, place.facts.account_gb + place.facts.public_gb
    return Membership(
        id=new_id(),
        company_id=company_id,
        site_id=place.site_id,
        plan=row.plan,
        status="IN_USE",
        billing_channel=row.billing_channel,
        reseller_name=row.reseller_name,
        reseller_phone=row.reseller_phone,
        first_started_on=row.anchor_on,
        starts_on=row.anchor_on,
        expires_on=row.expires_on,
        users=row.users,
        base_users=row.users,
        complimentary_users=row.users if row.free else 0,
        storage_gb=storage,
        base_storage_gb=storage,
        add_ons=dict(row.add_ons),
        monthly_fee=row.monthly_fee,
        term_months=row.months,
        anchor_on=row.anchor_on,
        setup_paid=row.setup_paid,
        auto_renew=False,
        revision=1,
        created_at=now,
        updated_at=now,
    )


def _segment(row: ImportRow, membership: Membership, now: datetime) -> Segment:
    """At the contract's own prices; no order made it."""
    return Segment(
        id=new_id(),
        company_id=membership.company_id,
        membership_id=membership.id,
        order_item_id=None,
        kind="NEW",
        starts_on=row.anchor_on,
        ends_on=row.expires_on,
        months=row.contracted_months,
        unit_prices=dict(row.unit_prices),
        created_at=now,
    )


def _held(row: ImportRow, membership: Membership, now: datetime) -> list[HeldLine]:
    """What was paid for it, from which a change gives back; no order line made it."""
    return [
        HeldLine(
            id=new_id(),
            company_id=membership.company_id,
            membership_id=membership.id,
            order_line_id=None,
            code=line.code,
            quantity=line.quantity,
            unit_price=line.unit_price,
            net=line.net,
            monthly=line.monthly,
            first_day=line.first_day,
            last_day=line.last_day,
            created_at=now,
        )
        for line in row.paid
    ]
