"""A customer as the import leaves it: a contract, an open site, nobody signed up."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from fastapi import FastAPI

from app.db.ids import new_id
from app.db.tables.companies import Company
from app.db.tables.sites import Membership, Site
from app.domain.periods import expires_on, seoul_date
from tests.flows import business_number


@dataclass(frozen=True)
class Imported:
    """Its number, its name, and where its invitation went."""

    company_id: UUID
    site_id: UUID
    number: str
    name: str
    email: str


async def imported_company(portal: FastAPI) -> Imported:
    """Rows of the import, and the invitation to the contact on file."""
    deps = portal.state.deps
    made = Imported(
        new_id(), new_id(), business_number(), "옛길물산", f"{uuid4().hex[:12]}@old.example"
    )
    async with deps.database.system_session("test: import") as session:
        now = await deps.clock.now(session)
        session.add(
            Company(
                id=made.company_id,
                legal_name=made.name,
                business_number=made.number,
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
        )
        await session.flush()
        session.add(
            Site(
                id=made.site_id,
                company_id=made.company_id,
                name="옛길 본사",
                plan="SHARED",
                subdomain=f"old-{uuid4().hex[:12]}",
                state="OPEN",
                business_number=made.number,
                admin_login_id="admin",
                opened_at=now,
                revision=7,
                applied_revision=7,
                accounting_visible=False,
                created_at=now,
                updated_at=now,
            )
        )
        await session.flush()
        first_day = seoul_date(now) - timedelta(days=30)
        session.add(
            Membership(
                company_id=made.company_id,
                site_id=made.site_id,
                plan="SHARED",
                status="IN_USE",
                billing_channel="DIRECT",
                first_started_on=first_day,
                starts_on=first_day,
                expires_on=expires_on(first_day, 12),
                users=20,
                base_users=20,
                complimentary_users=0,
                storage_gb=20,
                base_storage_gb=20,
                add_ons={},
                monthly_fee=80_000,
                term_months=12,
                auto_renew=False,
                revision=1,
                created_at=now,
                updated_at=now,
            )
        )
        await deps.corporate_invitations.invite(
            session, made.company_id, None, "정도현", made.email, now
        )
    return made
