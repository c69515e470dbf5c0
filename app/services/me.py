"""내 정보 관리: what an account sees of itself."""

from dataclasses import dataclass
from datetime import datetime

from app.db.account_reads import ACCOUNT, AccountRead
from app.db.vault import Vault
from app.domain.evidence import missing_of
from app.domain.menu import NextStep, NextStepFacts, next_steps
from app.domain.persons import mask_phone
from app.domain.roles import Role
from app.services.principals import Access, Principal
from app.services.tax_invoice_contacts import recipient_of


@dataclass(frozen=True, slots=True)
class Profile:
    """The account's own data, opened; the phone is masked even for its owner."""

    login_id: str | None
    kind: str
    name: str | None
    phone_masked: str | None
    email: str | None
    email_verified: bool
    department: str | None
    position: str | None
    landline: str | None
    created_at: datetime
    next_steps: tuple[NextStep, ...]


async def read_profile(vault: Vault, access: Access) -> tuple[Principal, Profile]:
    """Who is signed in and what their account says: one statement."""
    principal, row = await access.read(ACCOUNT)
    assert row is not None
    return principal, Profile(
        login_id=principal.login_id,
        kind=str(principal.kind),
        name=vault.opened("accounts.name", row.name),
        phone_masked=mask_phone(vault.open("accounts.phone", row.phone)) if row.phone else None,
        email=vault.opened("accounts.email", row.email),
        email_verified=row.email_verified_at is not None,
        department=vault.opened("accounts.department", row.department),
        position=vault.opened("accounts.position", row.position),
        landline=vault.opened("accounts.landline", row.landline),
        created_at=row.created_at,
        next_steps=_steps(vault, principal, row),
    )


def _steps(vault: Vault, principal: Principal, row: AccountRead) -> tuple[NextStep, ...]:
    """Of an individual of several companies who chose none: what concerns the person alone."""
    complete = row.recipient is not None and not missing_of(recipient_of(vault, row.recipient))
    return next_steps(
        NextStepFacts(
            kind=principal.kind,
            role=principal.role or Role.MEMBER,
            email_verified=row.email_verified_at is not None,
            company_information_complete=complete,
            owner_has_individual=principal.owner_has_individual,
            admin_invited=row.has_admin,
            invitation_waits=row.invitation_waits,
            invitation_accepted=row.invitation_accepted,
            groupware_linked=row.groupware_linked,
            order_waits_for_pay=row.order_waits,
        )
    )
