"""약관 동의: what the account agreed to, now and before; marketing can be taken back or given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.ids import new_id
from app.db.tables.accounts import Consent
from app.domain.audit import AuditAction
from app.domain.errors import DomainError
from app.domain.terms import DOCUMENTS, GivenConsent, TermsUse
from app.services.account_changes import require_settings
from app.services.audit import AuditEntry, record
from app.services.principals import Principal

HISTORY = 100
"""Answers shown, the newest."""


@dataclass(frozen=True, slots=True)
class ConsentRead:
    """One answer."""

    kind: str
    version: str
    agreed: bool
    given_at: datetime


async def read_consents(session: AsyncSession, principal: Principal) -> Sequence[ConsentRead]:
    """The newest first: the first of a kind is what is in force."""
    rows = await session.execute(
        select(Consent.kind, Consent.version, Consent.agreed, Consent.given_at)
        .where(Consent.account_id == principal.account_id, Consent.erase_due_at.is_(None))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
        .limit(HISTORY)
    )
    return [ConsentRead(*row) for row in rows]


async def change_consents(
    session: AsyncSession, principal: Principal, given: Sequence[GivenConsent]
) -> None:
    """Adds answers. Raises `consent_unknown` for what is no optional document of sign-up in force,

    and `consent_not_optional` for one that the account cannot be without.
    """
    await require_settings(session, principal)
    shown = {d.kind: d for d in DOCUMENTS if d.use is TermsUse.SIGN_UP}
    seen: set[str] = set()
    for index, consent in enumerate(given):
        document = shown.get(consent.kind)
        if document is None or document.version != consent.version or consent.kind in seen:
            raise DomainError("consent_unknown", f"/consents/{index}")
        if document.required:
            raise DomainError("consent_not_optional", f"/consents/{index}")
        seen.add(consent.kind)
        session.add(
            Consent(
                id=new_id(),
                account_id=principal.account_id,
                kind=consent.kind,
                version=consent.version,
                agreed=consent.agreed,
                given_at=principal.now,
            )
        )
        entry = AuditEntry.by(
            principal, AuditAction.CONSENTS_CHANGED, consent.kind, agreed=consent.agreed
        )
        record(session, entry)
    await session.flush()
