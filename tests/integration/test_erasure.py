"""A planted person goes through the portal and leaves: found only where section 15 keeps her.

What is kept is written down here by hand; `app.domain.personal_data` is held against it.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import wire_now
from app.domain.personal_data import FACTS
from app.main import create_app
from app.settings import Settings
from sandbox.app import create_sandbox
from sandbox.world import World
from tests.conftest import Later, LostAnswers
from tests.contracts import set_clock
from tests.integration.test_sso import ISSUER
from tests.lives import (
    Stage,
    a_closed_companys_life,
    a_prospects_life,
    an_admins_life,
    hands_over,
    orders_a_site,
    signs_up_a_company,
)
from tests.openid import FakeProvider, Routed, kakao
from tests.planted import Planted, search_in

RETIRED = ("retired_login_ids.login_id_hash", "login_id_hash")
SIGN_IN_LOG = {("sign_ins.device", "device"), ("sign_ins.address", "address")}
"""Three months by law, whoever leaves."""
NAMED_BY_THE_COMPANY = {
    ("sites.admin_name", "name"),
    ("sites.admin_email", "email"),
    ("sites.admin_login_id", "groupware_id"),
}
"""The company's contract goes on, and so does what it says of its site's administrator."""


@pytest.fixture(scope="module")
def fake() -> FakeProvider:
    """The groupware's OpenID Provider."""
    return FakeProvider(
        ISSUER,
        ("sandbox-portal-sso", "sandbox-groupware-oidc-secret"),
        authorize="/authorize",
        token="/token",
        issuer=ISSUER,
    )


@pytest.fixture(scope="module")
def social() -> FakeProvider:
    return kakao()


@pytest.fixture(scope="module")
async def portal(
    settings: Settings, world: World, fake: FakeProvider, social: FakeProvider
) -> AsyncIterator[FastAPI]:
    sandbox = LostAnswers(httpx.ASGITransport(create_sandbox(world), raise_app_exceptions=True))
    app = create_app(settings, Routed(sandbox, fake, social))
    assert isinstance(world.client._transport, Later)
    world.client._transport.inner = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app):
        yield app
        await world.webhooks.settled()


Stages = Callable[[], Awaitable[Stage]]


@pytest.fixture
async def stages(portal: FastAPI, world: World, owner_engine: AsyncEngine) -> AsyncIterator[Stages]:
    """Another person with another browser each time."""
    async with AsyncExitStack() as open_clients:

        async def another() -> Stage:
            planted = Planted()
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app=portal, client=(planted.address, 1)),
                base_url="https://portal",
                headers={"User-Agent": planted.device},
            )
            await open_clients.enter_async_context(client)
            return Stage(portal, world, owner_engine, client, planted)

        yield another
    await set_clock(portal, world, wire_now())


@pytest.fixture
async def stage(stages: Stages) -> Stage:
    return await stages()


async def test_an_admin_who_leaves_is_found_only_where_law_keeps_her(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    person = await an_admins_life(stage, fake, social)
    await stage.leave(person)
    await stage.days_later(5)
    await stage.wire_day_passes()
    assert await stage.found() == {RETIRED} | SIGN_IN_LOG | NAMED_BY_THE_COMPANY
    await stage.days_later(93)
    assert await stage.found() == {RETIRED} | NAMED_BY_THE_COMPANY


async def test_a_prospect_who_leaves_takes_the_companys_people_along(stage: Stage) -> None:
    """Nothing was ever delivered: no contract, and nobody of it is kept."""
    member = await a_prospects_life(stage)
    folder = stage.portal.state.deps.settings.files_dir
    assert stage.planted.name.encode() in b"".join(f.read_bytes() for f in folder.rglob("*/*"))
    await stage.leave(member)
    await stage.days_later(5)
    await stage.wire_day_passes()
    assert await stage.found() == {RETIRED} | SIGN_IN_LOG
    left = b"".join(file.read_bytes() for file in folder.rglob("*/*"))
    assert stage.planted.name.encode() not in left


async def test_a_closed_company_leaves_its_orders_and_its_ceo(stage: Stage) -> None:
    member = await a_closed_companys_life(stage)
    await stage.leave(member)
    await stage.days_later(5)
    await stage.wire_day_passes()
    ceo = {("companies.representative", "name")}
    assert await stage.found() == {RETIRED} | SIGN_IN_LOG | ceo
    orders = await stage.execute(
        "SELECT status FROM orders WHERE company_id = :id", id=UUID(member.company_id)
    )
    assert [row.status for row in orders] == ["COMPLETED"]
    await stage.days_later(93)
    assert await stage.found() == {RETIRED} | ceo
    await stage.days_later(1827)
    assert await stage.found() == {RETIRED}


async def test_who_hands_a_company_over_is_no_member_any_more(stage: Stage) -> None:
    """The login ID is the company's and stays; nothing else of hers does."""
    _, successor = await hands_over(stage)
    for path in ("/v1/me", "/v1/me/sign-ins", "/v1/me/consents", "/v1/me/export"):
        shown = await stage.client.get(path, headers=successor)
        assert shown.status_code == 200
        assert stage.planted.seen_in(shown.text) <= {"login_id"}, path
    consents = (await stage.client.get("/v1/me/consents", headers=successor)).json()
    assert {c["kind"] for c in consents["history"]} == {"PRIVACY", "AGE_14", "SERVICE_TERMS"}
    await stage.days_later(5)
    await stage.wire_day_passes()
    the_companys = {("accounts.login_id", "login_id")} | NAMED_BY_THE_COMPANY
    assert await stage.found() == SIGN_IN_LOG | the_companys
    await stage.days_later(93)
    assert await stage.found() == the_companys


async def test_what_is_erased_at_once_does_not_wait_for_the_job(
    stage: Stage, fake: FakeProvider, social: FakeProvider
) -> None:
    """All but attempts that end by themselves within a day, and the one mail that is owed."""
    person = await an_admins_life(stage, fake, social)
    await stage.leave(person)
    left = {column for column, _ in await stage.found()}
    by_code = {fact.column: fact.keeping.code for fact in FACTS}
    kept = {by_code[column] for column in left}
    assert kept - {"ANSWER"} == {"ATTEMPT", "WEBHOOK", "SIGN_IN_LOG", "SITE", "RETIRED", "MAIL"}
    mails = await stage.execute(
        "SELECT kind FROM mails WHERE account_id = :id", id=UUID(person.account_id)
    )
    assert [mail.kind for mail in mails] == ["withdrawn"]


KEPT_APART = "kept three years: tests/integration/test_inquiries.py, test_retention.py"
STAFF = "the operator's staff: tests/integration/test_operator_sessions.py"
NOT_HERS = {
    **dict.fromkeys(("inquiries.title", "inquiries.asker", "inquiries.email_index"), KEPT_APART),
    **dict.fromkeys(("inquiry_messages.text", "attachments.filename"), KEPT_APART),
    "inquiries.token": "random",
    "cases.wanted": "the company's: tests/integration/test_company.py, test_bank_account_cases.py",
    "operators.password_hash": STAFF,
    "operators.totp_secret": STAFF,
    "operator_sessions.address": STAFF,
    "inquiries.consents": "codes",
    "notifications.words": "numbers, days and amounts of a company's business",
    "faq_feedback.voter": "of a device that nobody is signed in on",
    "cases.applicant": "a claimant has no account: tests/integration/test_company_claims.py",
    "handovers.ci_hash": "a keyed hash: tests/integration/test_assisted_handover.py",
    "cases.ci_hash": "a claimant has no account: tests/integration/test_company_claims.py",
    "accounts.password_hash": "argon2id, of a password that is in no column",
    "consents.kind": "a code",
    "consents.version": "a code",
    "orders.consents": "codes",
    "payments.issuer": "the provider's word for her bank",
    "payments.last4": "four digits, the provider's",
    "payments.receipt_url": "the provider's address",
    "cash_receipts.number": "of a payment by a bank: tests/integration/test_cash_receipts.py",
    "cash_receipts.masked": "the same",
    "bank_deposits.name": "an operator's entry: tests/integration/test_bank_deposits.py",
    "bank_deposits.reference": "a keyed hash",
    "payment_methods.billing_key": "the company's card: tests/integration/test_cards.py",
    "payment_methods.billing_key_index": "a keyed hash of it",
    "payment_methods.issuer": "the provider's word for the company's card",
    "payment_methods.name": "the provider's word for the company's card",
    "payment_methods.last4": "four digits, the provider's",
    "sign_in_failures.key": "a keyed hash of her ID and address together",
    "idempotency_records.headers": "no answer has her in a header",
    "contract_imports.document": "an operator's file: tests/integration/test_contract_imports.py",
    "operator_keys.body": "answers to operators tell of sums and states",
    "idempotency_records.body": "answers that are kept so far name nobody",
    "retired_login_ids.login_id_hash": "there when she has left",
}
"""Facts of a person that no search for her words can find; each has a test of its own."""


async def test_she_is_planted_wherever_the_table_says_that_a_person_is(
    stages: Stages, fake: FakeProvider, social: FakeProvider
) -> None:
    """Else the tests above would pass for want of anything to find."""
    somewhere: set[str] = set()
    for live in (
        lambda stage: an_admins_life(stage, fake, social),
        a_prospects_life,
        a_closed_companys_life,
    ):
        stage = await stages()
        await live(stage)
        somewhere |= {column for column, _ in await stage.found()}
    facts = {fact.column for fact in FACTS}
    assert facts - somewhere <= set(NOT_HERS)
    assert somewhere - facts == set(), "said to hold nothing of a person"


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("audit_events.details", "UPDATE audit_events SET details = cast(:json AS jsonb)"),
        ("audit_events.subject", "UPDATE audit_events SET subject = :words"),
        (
            "pgqueuer_log.traceback",
            "INSERT INTO pgqueuer_log (job_id, status, priority,"
            " entrypoint, traceback) VALUES (1, 'failed', 0, 'x', cast(:json AS jsonb))",
        ),
        (
            "idempotency_records.body",
            "INSERT INTO idempotency_records (account_id, operation, key,"
            " fingerprint, body, expires_at) VALUES (uuidv7(), 'x', 'x', 'x', :bytes, now())",
        ),
        ("orders.end_reason", "UPDATE orders SET end_reason = :words"),
        ("sessions.device", "UPDATE sessions SET device = :words"),
        ("accounts.position", "UPDATE accounts SET position = :sealed"),
        ("sites.admin_name", "UPDATE sites SET admin_name = :sealed"),
        ("companies.legal_name", "UPDATE companies SET legal_name = :phone"),
    ],
)
async def test_the_search_finds_a_leak(stage: Stage, table: str, statement: str) -> None:
    """In clear, as JSON with escapes, as bytes, sealed for another column, otherwise written."""
    member = await signs_up_a_company(stage)
    await orders_a_site(stage, member)
    planted, vault = Planted(), stage.portal.state.deps.vault
    values = {
        "json": json.dumps({"who": {"is": [planted.name]}}),
        "words": f"see {planted.email.upper()}.",
        "bytes": json.dumps({"name": planted.name}).encode(),
        "sealed": vault.seal("handovers.name", f"{planted.name} 님"),
        "phone": f"T. {planted.phone[:3]}-{planted.phone[3:7]}-{planted.phone[7:]}",
    }
    async with stage.engine.connect() as connection:
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        await connection.execute(text(statement), used)
        found = await search_in(connection, vault, planted)
        await connection.rollback()
    columns = {column for column, _ in found}
    if table == "companies.legal_name":
        columns -= {"companies.searched"}  # made of the name by the database
    assert columns == {table}
