"""How long each thing is kept: a day before its time it is there, at its time it is not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import wire_now
from app.services.retention import BATCH, NO_ROW, PURGES, Purge, purge_job
from app.services.sweep import sweep
from sandbox.world import World
from tests.contracts import set_clock
from tests.flows import Member, customer, run_jobs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """A row put there at `:at`, and how long after that it is kept. `left`: what counts it."""

    purge: str
    lasts: timedelta
    put: str
    left: str = ""
    wire: bool = False


IDENTITY = (
    "INSERT INTO identity_verifications (purpose, method, status, client_secret_hash, phone_index,"
    " consents, wrong_otps, sends, login_id_checks, resend_at, expires_at, created_at)"
    " VALUES ('SIGN_UP', 'SMS', 'READY', 'x', 'x', '[]', 0, 1, 0, :at, :at, :at)"
)
BUSINESS = (
    "INSERT INTO business_verifications (business_number, company_name, level, status, tax_type,"
    " token_hash, expires_at, created_at) VALUES ('1', 'x', 'STATUS', 'x', 'x', 'x', :at, :at)"
)
SOCIAL_STATE = (
    "INSERT INTO social_states (provider, client_type, redirect_uri, state_hash,"
    " client_secret_hash, verifier, nonce, expires_at, created_at)"
    " VALUES ('kakao', 'NATIVE', 'x', 'x', 'x', 'x', 'x', :at, :at)"
)
INVITATION = (
    "INSERT INTO invitations (company_id, state, name, email, email_index, language, token_hash,"
    " sends, sent_at, expires_at, created_at, updated_at)"
    " VALUES (:company, 'INVITED', 'x', 'x', 'x', 'ko', 'x', 1, :at, :at, :at, :at)"
)
ASKED_FOR = (
    "INSERT INTO corporate_invitations (company_id, site_id, name, email, email_index, token_hash,"
    " sends, sent_at, expires_at, created_at, updated_at) SELECT :company, id, 'x', 'x', 'x', 'x',"
    " 1, :at, :at, :at, :at FROM sites WHERE company_id = :company LIMIT 1"
)
HANDOVER = (
    "INSERT INTO handovers (company_id, name, email, phone, token_hash, expires_at, created_at,"
    " updated_at) VALUES (:company, 'x', 'x', 'x', 'x', :at, :at, :at)"
)
SSO_LOGIN = (
    "INSERT INTO sso_logins (issuer, target_uri, state_hash, cookie_hash, created_at, expires_at)"
    " VALUES ('x', 'x', 'x', 'x', :at, :at)"
)
WEBHOOK = (
    "INSERT INTO received_webhooks (provider, webhook_id, kind, payload, received_at)"
    " VALUES ('PORTONE', '%s', 'x', '{\"a\": 1}', :at)"
)
MAIL = (
    "INSERT INTO mails (kind, language, recipient, facts, state, attempts, due_at, created_at)"
    " VALUES ('x', 'ko', 'x', 'x', '%s', 1, :at, :at)"
)
SIGN_IN = (
    "INSERT INTO sign_ins (account_id, way, outcome, device, address, at)"
    " VALUES (:account, 'PASSWORD', 'SIGNED_IN', 'kept', 'x', :at)"
)
SESSION = (
    "WITH s AS (INSERT INTO sessions (account_id, client_type, device, address, created_at,"
    " last_used_at, reauthenticated_at, expires_at)"
    " VALUES (:account, 'NATIVE', 'kept', 'x', :at, :at, :at, :at) RETURNING id)"
    " INSERT INTO refresh_tokens (session_id, token_hash, expires_at) SELECT id, 'kept', :at FROM s"
)
DEVICE = (
    "INSERT INTO known_devices (account_id, token_hash, name, created_at, last_seen_at)"
    " VALUES (:account, 'kept', 'kept', :at, :at)"
)
NEWS = (
    "INSERT INTO notifications (account_id, kind, words, created_at)"
    " VALUES (:account, 'kept', 'x', :at)"
)
FEEDBACK = (
    "INSERT INTO faq_feedback (entry_id, voter, helpful, created_at, updated_at)"
    " SELECT id, 'kept', true, :at, :at FROM faq_entries ORDER BY id LIMIT 1"
)
ANSWER = (
    "INSERT INTO idempotency_records (account_id, operation, key, fingerprint, body, expires_at)"
    " VALUES (:account, 'kept', 'x', 'x', 'x', :at)"
)
CONSENT = "UPDATE consents SET erase_due_at = :at WHERE account_id = :account AND kind = 'PRIVACY'"
CEO = "UPDATE companies SET representative = 'x', withdrawn_at = :at WHERE id = :company"
DEPOSITOR = (
    "INSERT INTO bank_deposits (amount, name, at, source, state, paid, added_by, created_at)"
    " VALUES (1, 'x', :at, 'OPERATOR', 'OPEN', 0, 'x', :at)"
)
PAYER = (
    "UPDATE payments SET issuer = 'x', last4 = '1234', receipt_url = 'x', paid_at = :at"
    " WHERE company_id = :company"
)
RECEIPT = (
    "INSERT INTO cash_receipts (company_id, order_id, payment_id, key, type, number, masked, total,"
    " vat, state, attempts, created_at, updated_at) SELECT company_id, order_id, id, uuidv7(),"
    " 'PERSONAL', 'kept', 'x', 1, 0, '%s', 0, :at, :at FROM payments WHERE company_id = :company"
)
ADDRESS = (
    "INSERT INTO email_verifications (account_id, email_index, token_hash, expires_at, created_at)"
    " VALUES (:account, 'x', 'kept', :at, :at)"
)
SOCIAL_TICKET = (
    "INSERT INTO social_tickets (provider, subject_index, token_hash, expires_at, created_at)"
    " VALUES ('kakao', 'x', 'x', :at, :at)"
)
WORKBOOK = (
    "INSERT INTO order_workbooks (company_id, account_id, filters, state, attempts, due_at,"
    " expires_at, created_at, updated_at)"
    " VALUES (:company, :account, '{}', 'FAILED', 1, NULL, :at, :at, :at)"
)
JOB_LOG = (
    "INSERT INTO pgqueuer_log (created, job_id, status, priority, entrypoint)"
    " VALUES (:at, 1, 'successful', 0, 'kept')"
)

CASE = (
    "WITH c AS (INSERT INTO cases (kind, state, business_number, company_name, ci_hash, language,"
    " decided_at, created_at, updated_at) VALUES ('BUSINESS_DOCUMENT', 'REFUSED', 'kept', 'x', 'x',"
    " 'ko', :at, :at, :at) RETURNING id)"
    " INSERT INTO case_files (case_id, upload_id, storage_key, filename, media_type, size, sha256,"
    " created_at) SELECT id, uuidv7(), id::text, 'x', 'x', 1, 'x', :at FROM c"
)

INQUIRY = (
    "WITH i AS (INSERT INTO inquiries (number, kind, type, state, title, asker, email_index, token,"
    " language, consents, updated_at, created_at) VALUES ('kept', 'OTHER', 'GENERAL', 'CLOSED',"
    " 'x', 'x', 'x', 'x', 'ko', '[]', :at, :at) RETURNING id), m AS (INSERT INTO inquiry_messages"
    " (inquiry_id, author, text, created_at) SELECT id, 'CUSTOMER', 'x', :at FROM i"
    " RETURNING id, inquiry_id) INSERT INTO attachments (token_hash, filename, upload_id,"
    " storage_key, inquiry_id, message_id, expires_at, created_at)"
    " SELECT 'taken', 'x', uuidv7(), 'x', inquiry_id, id, :at, :at FROM m"
)
TICKET = (
    "INSERT INTO attachments (token_hash, filename, expires_at, created_at)"
    " VALUES ('kept', 'x', :at, :at)"
)

STAFF = (
    "WITH o AS (INSERT INTO operators (name, roles, state, password_hash, totp_secret, created_at,"
    " updated_at) VALUES ('kept', '{}', 'DISABLED', 'x', 'x', :at, :at)"
    " ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at RETURNING id)"
    " INSERT INTO operator_sessions (operator_id, token_hash, address, created_at, expires_at)"
    " SELECT id, 'kept', 'x', :at, :at FROM o"
)

USAGE = (
    "INSERT INTO site_usage_days (site_id, company_id, day, users, users_contracted, account_bytes,"
    " public_bytes, storage_contracted_bytes, measured_at)"
    " SELECT id, company_id, '1999-01-01', 1, 1, 1, 1, 1, :at FROM sites"
    " WHERE company_id = :company LIMIT 1"
)

FAILED_JOB = (
    "INSERT INTO failed_jobs (job, row_id, error, failures, first_failed_at, last_failed_at)"
    " VALUES ('kept', uuidv7(), 'x', 1, :at, :at)"
)

TABLE = [
    Kept("failed_jobs", 30 * DAY, FAILED_JOB, "failed_jobs WHERE job = 'kept'", wire=True),
    Kept("usage", 366 * DAY, USAGE, "site_usage_days WHERE company_id = :company"),
    Kept(
        "operator_sessions",
        92 * DAY,
        STAFF,
        "operator_sessions WHERE token_hash = 'kept'",
        wire=True,
    ),
    Kept("inquiries", 1096 * DAY, INQUIRY, "inquiries WHERE number = 'kept'"),
    Kept("tickets", 0 * DAY, TICKET, "attachments WHERE token_hash = 'kept'"),
    Kept("depositors", 1827 * DAY, DEPOSITOR, "bank_deposits WHERE name IS NOT NULL"),
    Kept(
        "receipt_numbers",
        1827 * DAY,
        RECEIPT % "CANCELLED",
        "cash_receipts WHERE company_id = :company AND coalesce(number, masked::bytea) IS NOT NULL",
    ),
    Kept(
        "chosen_receipts", 60 * DAY, RECEIPT % "CHOSEN", "cash_receipts WHERE company_id = :company"
    ),
    Kept("cases", 1096 * DAY, CASE, "cases WHERE business_number = 'kept'"),
    Kept("notifications", 365 * DAY, NEWS, "notifications WHERE kind = 'kept'"),
    Kept("faq_feedback", 365 * DAY, FEEDBACK, "faq_feedback WHERE voter = 'kept'"),
    Kept("sign_ins", 92 * DAY, SIGN_IN, "sign_ins WHERE device = 'kept'"),
    Kept("mails", 90 * DAY, MAIL % "SENT", "mails WHERE kind = 'x'"),
    Kept("mails", 90 * DAY, MAIL % "FAILED", "mails WHERE kind = 'x'"),
    Kept(
        "handed_over",
        4 * DAY,
        (MAIL % "SENT").replace("'x'", "'handed_over'", 1),
        "mails WHERE kind = 'handed_over'",
    ),
    Kept("identities", DAY, IDENTITY, "identity_verifications WHERE phone_index = 'x'"),
    Kept("businesses", DAY, BUSINESS, "business_verifications WHERE company_name = 'x'"),
    Kept("addresses", 0 * DAY, ADDRESS, "email_verifications WHERE token_hash = 'kept'"),
    Kept("handovers", 0 * DAY, HANDOVER, "handovers WHERE company_id = :company"),
    Kept("social_states", 0 * DAY, SOCIAL_STATE, "social_states WHERE state_hash = 'x'"),
    Kept("social_tickets", 0 * DAY, SOCIAL_TICKET, "social_tickets WHERE token_hash = 'x'"),
    Kept("sso_logins", HOUR, SSO_LOGIN, "sso_logins WHERE state_hash = 'x'"),
    Kept("invitations", 30 * DAY, INVITATION, "invitations WHERE company_id = :company"),
    Kept(
        "corporate_invitations",
        30 * DAY,
        ASKED_FOR,
        "corporate_invitations WHERE company_id = :company",
    ),
    Kept(
        "webhook_bodies",
        3 * DAY,
        WEBHOOK % "body",
        "received_webhooks WHERE webhook_id = 'body' AND payload <> '{}'",
    ),
    Kept("webhooks", 30 * DAY, WEBHOOK % "kept", "received_webhooks WHERE webhook_id = 'kept'"),
    Kept(
        "representatives",
        1827 * DAY,
        CEO,
        "companies WHERE id = :company AND representative IS NOT NULL",
    ),
    Kept(
        "payers",
        1827 * DAY,
        PAYER,
        "payments WHERE company_id = :company AND coalesce(issuer, last4, receipt_url) IS NOT NULL",
    ),
    Kept(
        "consents",
        0 * DAY,
        CONSENT,
        "consents WHERE account_id = :account AND kind = 'PRIVACY'",
    ),
    Kept("order_workbooks", 0 * DAY, WORKBOOK, "order_workbooks WHERE company_id = :company"),
    Kept("answers", 0 * DAY, ANSWER, "idempotency_records WHERE operation = 'kept'", wire=True),
    Kept(
        "operator_keys",
        0 * DAY,
        "INSERT INTO operator_keys (operator, operation, key, fingerprint, status, body,"
        " expires_at) VALUES ('kim', 'kept', 'kept', 'x', 201, 'x', :at)",
        "operator_keys WHERE operation = 'kept'",
        wire=True,
    ),
    Kept(
        "rate_windows",
        0 * DAY,
        "INSERT INTO rate_windows VALUES ('kept', 1, 1, :at)",
        "rate_windows WHERE key = 'kept'",
        wire=True,
    ),
    Kept(
        "failures",
        DAY,
        "INSERT INTO sign_in_failures VALUES ('kept', 1, :at)",
        "sign_in_failures WHERE key = 'kept'",
        wire=True,
    ),
    Kept("devices", 365 * DAY, DEVICE, "known_devices WHERE name = 'kept'", wire=True),
    Kept("tokens", 0 * DAY, SESSION, "refresh_tokens WHERE token_hash = 'kept'", wire=True),
    Kept("sessions", 0 * DAY, SESSION, "sessions WHERE device = 'kept'", wire=True),
    Kept("job_log", 30 * DAY, JOB_LOG, "pgqueuer_log WHERE entrypoint = 'kept'", wire=True),
]


@dataclass(frozen=True)
class Bench:
    """A paying company, and statements as the owner of the database."""

    portal: FastAPI
    world: World
    engine: AsyncEngine
    member: Member

    async def run(self, statement: str, **values: object) -> Any:
        known = {"company": self.member.company_id, "account": self.member.account_id}
        used = {k: v for k, v in (known | values).items() if f":{k}" in statement}
        for name in ("company", "account"):
            statement = statement.replace(f":{name}", f"cast(:{name} AS uuid)")
        async with self.engine.begin() as connection:
            return await connection.execute(text(statement), used)

    async def count(self, rows: str) -> int:
        return int((await self.run(f"SELECT count(*) FROM {rows}")).scalar_one())

    async def now(self) -> datetime:
        deps = self.portal.state.deps
        async with deps.database.system_session("test clock") as session:
            now: datetime = await deps.clock.now(session)
            return now


@pytest.fixture
async def bench(
    client: httpx.AsyncClient, portal: FastAPI, world: World, owner_engine: AsyncEngine
) -> AsyncIterator[Bench]:
    member = await customer(client, world, portal)
    yield Bench(portal, world, owner_engine, member)
    await set_clock(portal, world, wire_now())


def test_every_purge_has_its_line() -> None:
    assert {line.purge for line in TABLE} == {purge.name for purge in PURGES}
    assert len({purge.name for purge in PURGES}) == len(PURGES)


@pytest.mark.parametrize("kept", TABLE, ids=lambda kept: kept.purge)
async def test_it_is_kept_for_its_time_and_no_longer(bench: Bench, kept: Kept) -> None:
    """Business time is moved; wire time is not, so there the row is put further back."""
    if kept.wire:
        await bench.run(kept.put, at=wire_now() - kept.lasts + HOUR)
        await run_jobs(bench.portal)
        assert await bench.count(kept.left) == 1
        await bench.run("DELETE FROM refresh_tokens WHERE token_hash = 'kept'")
        await bench.run(f"DELETE FROM {kept.left}")
        await bench.run("DELETE FROM sessions WHERE device = 'kept'")
        await bench.run(kept.put, at=wire_now() - kept.lasts)
    else:
        at = await bench.now()
        await bench.run(kept.put, at=at + HOUR)
        await set_clock(bench.portal, bench.world, at + kept.lasts)
        await run_jobs(bench.portal)
        assert await bench.count(kept.left) == 1
        await set_clock(bench.portal, bench.world, at + HOUR + kept.lasts + timedelta(seconds=1))
    await run_jobs(bench.portal)
    assert await bench.count(kept.left) == 0


@pytest.mark.parametrize(
    ("put", "left"),
    [
        (MAIL % "QUEUED", "mails WHERE kind = 'x'"),
        (
            INVITATION.replace("'INVITED', 'x', 'x', 'x'", "'ACCEPTED', NULL, NULL, NULL")
            .replace("(company_id,", "(account_id, company_id,")
            .replace("VALUES (", "VALUES (:account, "),
            "invitations WHERE company_id = :company",
        ),
        (
            ASKED_FOR.replace("SELECT :company, id,", "SELECT :company, NULL,"),
            "corporate_invitations WHERE company_id = :company",
        ),
    ],
    ids=["a mail that was not sent", "who accepted an invitation", "the contact on file"],
)
async def test_what_is_needed_stays(bench: Bench, put: str, left: str) -> None:
    at = await bench.now()
    await bench.run(put, at=at)
    await set_clock(bench.portal, bench.world, at + 400 * DAY)
    await run_jobs(bench.portal)
    assert await bench.count(left) == 1
    await bench.run(f"DELETE FROM {left}")


def named(name: str) -> Purge:
    return next(purge for purge in PURGES if purge.name == name)


async def test_a_batch_is_bounded_and_what_is_left_is_due_again(bench: Bench) -> None:
    many = SIGN_IN.replace("VALUES (", "SELECT ").removesuffix(")") + (
        f" FROM generate_series(1, {BATCH + 7})"
    )
    await bench.run(many, at=await bench.now() - 100 * DAY)
    retention = bench.portal.state.deps.retention
    assert [await retention.purge(named("sign_ins")) for _ in range(3)] == [BATCH, 7, 0]


async def test_a_session_goes_after_its_tokens_however_many_they_are(bench: Bench) -> None:
    """A session of 90 days has thousands: deleting it must not be one long statement."""
    retention = bench.portal.state.deps.retention
    await run_jobs(bench.portal)
    await bench.run(SESSION, at=wire_now() - HOUR)
    more = (
        "INSERT INTO refresh_tokens (session_id, token_hash, expires_at)"
        " SELECT s.id, sha256(cast(n::text AS bytea)), s.expires_at"
        f" FROM sessions s, generate_series(1, {BATCH + 6}) n WHERE s.device = 'kept'"
    )
    await bench.run(more)
    assert await retention.purge(named("sessions")) == 0
    assert [await retention.purge(named("tokens")) for _ in range(3)] == [BATCH, 7, 0]
    assert await retention.purge(named("sessions")) == 1


async def test_a_purge_does_not_wait_for_a_row_that_somebody_has_locked(bench: Bench) -> None:
    old = await bench.now() - 100 * DAY
    await bench.run(SIGN_IN, at=old)
    await bench.run(SIGN_IN, at=old)
    async with bench.engine.begin() as connection:
        await connection.execute(
            text("SELECT 1 FROM sign_ins WHERE device = 'kept' LIMIT 1 FOR UPDATE")
        )
        assert await bench.portal.state.deps.retention.purge(named("sign_ins")) == 1
    assert await bench.portal.state.deps.retention.purge(named("sign_ins")) == 1


async def test_the_sweep_queues_a_purge_once_and_only_when_a_row_is_due(bench: Bench) -> None:
    deps = bench.portal.state.deps
    await run_jobs(bench.portal)
    await bench.run(SIGN_IN, at=await bench.now() - 100 * DAY)
    queued = f"pgqueuer WHERE entrypoint = '{purge_job(named('sign_ins'))}'"
    for _ in range(2):
        await sweep(deps.database, deps.clock)
    assert await bench.count(queued) == 1
    assert await bench.count("pgqueuer WHERE entrypoint LIKE 'purge%'") == 1
    await run_jobs(bench.portal)
    assert await bench.count(queued) == 0


@pytest.mark.parametrize("purge", PURGES, ids=lambda purge: purge.name)
async def test_what_is_due_is_found_by_an_index(bench: Bench, purge: Purge) -> None:
    """Whatever the table's size: it is read from the old end of an index, without sorting."""
    async with bench.engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        await connection.execute(text("SET LOCAL enable_sort = off"))
        for statement, values in (
            (purge.due, {purge.name: wire_now()}),
            (str(purge.statement), {"until": wire_now(), "batch": BATCH}),
        ):
            plan = "\n".join(
                (await connection.execute(text(f"EXPLAIN {statement}"), values)).scalars()
            )
            assert "Index" in plan
            assert "Sort" not in plan
            assert f"Seq Scan on {purge.table}" not in plan
        await connection.rollback()


async def test_the_job_is_about_no_row(bench: Bench) -> None:
    """It may be repeated, and run twice at once."""
    job = bench.portal.state.deps.retention.job(named("sign_ins"))
    await job(NO_ROW)
    await job(NO_ROW)
