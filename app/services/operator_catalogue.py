"""Catalogue versions by the operator's hand: drafted, looked at, activated (PRODUCT.md 16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import Clock
from app.db.catalogue import load_catalogues
from app.db.contracts import ContractRead, any_contracts
from app.db.engine import Database
from app.db.price_agreements import agreements_by_company
from app.db.tables.catalogue import CatalogueVersion
from app.db.tables.catalogue_drafts import CatalogueDraft
from app.domain.audit import AuditAction
from app.domain.catalogue import Catalogue, InvalidCatalogue, parse_catalogue
from app.domain.catalogue_versions import (
    VersionState,
    check_day,
    check_version,
    version_states,
)
from app.domain.errors import DomainError
from app.domain.operators import Operator
from app.domain.periods import seoul_date
from app.domain.price_agreements import NONE_AGREED, PriceAgreements
from app.domain.pricing import sum_up
from app.domain.scheduled_changes import content_of, price_renewal, renewal_ordered_on
from app.services.audit import AuditEntry, record
from app.services.catalogue import Catalogues

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version or a draft of one, with its whole data."""

    catalogue: Catalogue
    state: VersionState
    document: Document
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RenewalEffect:
    """What a membership's renewal would cost, VAT included, by the version in force and by the

    other one. Both are None for a membership without a term.
    """

    membership_id: UUID
    company_id: UUID
    plan: str
    users: int
    renewed_on: date | None
    before: int | None
    after: int | None


class OperatorCatalogue:
    """One use case a method."""

    def __init__(self, database: Database, clock: Clock, catalogues: Catalogues) -> None:
        self._database = database
        self._clock = clock
        self._catalogues = catalogues

    async def versions(self) -> list[VersionView]:
        """Drafts and versions, the latest first day first."""
        async with self._database.system_session("operator: catalogue versions") as session:
            today = seoul_date(await self._clock.now(session))
            return await _views(session, today)

    async def get(self, code: str) -> VersionView:
        """Raises `catalogue_version_not_found`."""
        async with self._database.system_session("operator: catalogue version") as session:
            today = seoul_date(await self._clock.now(session))
            return _named(await _views(session, today), code)

    async def draft(self, operator: Operator, document: Document) -> VersionView:
        """Raises `catalogue_invalid`, `catalogue_day_passed`, `catalogue_day_taken`, and

        `catalogue_code_taken` where a draft or version has the code.
        """
        try:
            catalogue = parse_catalogue(document)
        except InvalidCatalogue as invalid:
            pointer, _, reason = str(invalid).partition(": ")
            flaw = {"pointer": pointer, "reason": reason}
            raise DomainError("catalogue_invalid", flaws=[flaw]) from invalid
        try:
            async with self._database.system_session("operator: draft a version") as session:
                now = await self._clock.now(session)
                versions = await load_catalogues(session)
                if any(version.code == catalogue.code for version in versions):
                    raise DomainError("catalogue_code_taken", "/code")
                check_version(catalogue, versions)
                check_day(catalogue.effective_from, versions, now)
                session.add(
                    CatalogueDraft(
                        code=catalogue.code,
                        effective_from=catalogue.effective_from,
                        document=dict(document),
                        created_by=operator.name,
                        created_at=now,
                    )
                )
                _record(session, operator, AuditAction.CATALOGUE_DRAFTED, catalogue, now)
                await session.flush()
        except IntegrityError as lost:
            if "pk_catalogue_drafts" not in str(lost.orig):
                raise
            raise DomainError("catalogue_code_taken", "/code") from lost
        return VersionView(catalogue, VersionState.DRAFT, document, now)

    async def activate(self, operator: Operator, code: str) -> VersionView:
        """Puts a draft in force from its first day on. Raises `catalogue_version_not_found`,

        `catalogue_version_active` where it is activated already, and what `draft` raises, now.
        """
        try:
            async with self._database.system_session("operator: activate a version") as session:
                return await self._activate(session, operator, code)
        except IntegrityError as lost:
            if "uq_catalogue_versions_effective_from" not in str(lost.orig):
                raise
            raise DomainError("catalogue_day_taken", "/effective_from") from lost
        finally:
            self._catalogues.forget()

    async def _activate(self, session: AsyncSession, operator: Operator, code: str) -> VersionView:
        now = await self._clock.now(session)
        draft = await session.get(CatalogueDraft, code, with_for_update=True)
        versions = await load_catalogues(session)
        if draft is None and not any(version.code == code for version in versions):
            raise DomainError("catalogue_version_not_found")
        if draft is None or draft.activated_at is not None:
            raise DomainError("catalogue_version_active")
        catalogue = parse_catalogue(draft.document)
        check_version(catalogue, versions)
        check_day(catalogue.effective_from, versions, now)
        draft.activated_at, draft.activated_by = now, operator.name
        session.add(
            CatalogueVersion(
                code=draft.code,
                effective_from=draft.effective_from,
                document=dict(draft.document),
                created_at=now,
            )
        )
        _record(session, operator, AuditAction.CATALOGUE_ACTIVATED, catalogue, now)
        await session.flush()
        return VersionView(catalogue, VersionState.SCHEDULED, draft.document, draft.created_at)

    async def effect(self, code: str, membership_ids: Sequence[UUID]) -> list[RenewalEffect]:
        """What a draft or version makes of the next renewals of memberships, as they are now and

        with what was agreed. Raises `catalogue_version_not_found` and `membership_not_found`.
        """
        async with self._database.system_session("operator: effect of a version") as session:
            today = seoul_date(await self._clock.now(session))
            then = _named(await _views(session, today), code).catalogue
            now = await self._catalogues.in_force(session, today)
            found = await any_contracts(session, membership_ids)
            companies = {row.company_id for row in found.values()}
            agreements = await agreements_by_company(session, companies)
        effects = []
        for index, membership_id in enumerate(membership_ids):
            row = found.get(membership_id)
            if row is None:
                raise DomainError("membership_not_found", f"/membership_ids/{index}")
            agreed = agreements.get(row.company_id, NONE_AGREED)
            effects.append(_effect(row, now, then, agreed, today))
        return effects


def _effect(
    row: ContractRead, now: Catalogue, then: Catalogue, agreed: PriceAgreements, today: date
) -> RenewalEffect:
    contract = row.contract
    effect = RenewalEffect(row.id, row.company_id, row.plan, row.users, None, None, None)
    if not contract.segments:
        return effect
    before, after = (
        sum_up(
            version.code,
            [
                price_renewal(
                    version,
                    contract,
                    content_of(version, contract),
                    agreed.on(renewal_ordered_on(contract, today), row.id),
                )
            ],
        ).total
        for version in (now, then)
    )
    return replace(effect, renewed_on=contract.ends_at, before=before, after=after)


async def _views(session: AsyncSession, today: date) -> list[VersionView]:
    rows = await session.execute(select(CatalogueVersion))
    versions = [(row, parse_catalogue(row.document)) for row in rows.scalars()]
    drafts = await session.execute(
        select(CatalogueDraft).where(CatalogueDraft.activated_at.is_(None))
    )
    states = version_states([catalogue for _, catalogue in versions], today)
    views = [
        VersionView(catalogue, states[catalogue.code], row.document, row.created_at)
        for row, catalogue in versions
    ]
    views += [
        VersionView(parse_catalogue(row.document), VersionState.DRAFT, row.document, row.created_at)
        for row in drafts.scalars()
    ]
    return sorted(views, key=lambda view: view.catalogue.effective_from, reverse=True)


def _named(views: Sequence[VersionView], code: str) -> VersionView:
    view = next((view for view in views if view.catalogue.code == code), None)
    if view is None:
        raise DomainError("catalogue_version_not_found")
    return view


def _record(
    session: AsyncSession,
    operator: Operator,
    action: AuditAction,
    catalogue: Catalogue,
    now: datetime,
) -> None:
    record(
        session,
        AuditEntry.by_operator(
            operator,
            action,
            now,
            subject=catalogue.code,
            details={"effective_from": catalogue.effective_from.isoformat()},
        ),
    )
