"""The document against the running portal: every check of schemathesis, stateful, bounded.

Once as a SUPER_ADMIN with an open site, once as nobody.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.clock import wire_now
from app.domain.periods import seoul_date
from tests.e2e.stack import Stack
from tests.e2e.test_two_of_each import key, order_body, sign_up, start_payment, wait_for_status
from tests.flows import CARD, PASSWORD, Member, ask_for_quote, identity_body
from tests.inquiries import inquire, inquiry
from tools.postgres import EmbeddedPostgres

pytestmark = pytest.mark.timeout(900)
"""What a run may take on a busy machine; a quiet one needs a minute."""

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "openapi" / "openapi.json"
NOT_ASKED = {
    "send_email_verification": "few a day for an account; integration/test_account_changes.py",
    "withdraw": "would end the run's own account; tests/integration/test_me.py",
    "end_session": "would end the run's own session; tests/integration/test_sessions.py",
    "change_password": "would change the run's own; tests/integration/test_account_changes.py",
    "log_out": "would end the run's own session; tests/integration/test_sessions.py",
    "operator_sign_in": "five tries for a name; integration/test_operator_sessions.py",
    "operator_change_password": "five tries, too; integration/test_operator_sessions.py",
    "operator_sign_out": "would end the run's own session; integration/test_operator_sessions.py",
}
NEVER_2XX = {
    "receive_portone_webhook": "needs the provider's signature",
    "receive_groupware_webhook": "needs the provider's signature",
    "send_business_document": "needs a verification token and a scanned paper",
    "send_company_business_document": "the run's company has paid: there is nothing to show",
    "claim_company": "needs a verification token and somebody else's company",
    "ask_for_assisted_handover": "needs a verification token and a scanned paper",
    "preview_assisted_handover": "needs the token of a mail",
    "agree_to_assisted_handover": "needs the token of a mail",
    "object_to_assisted_handover": "needs the token of a mail",
    "refresh": "needs a refresh token that no schema can give",
    "sign_up_corporate": "needs two verification tokens",
    "preview_corporate_invitation": "needs an invitation's token",
    "begin_handover": "needs a number of a mobile phone",
    "get_handover": "none is open in the run",
    "cancel_handover": "none is open in the run",
    "preview_handover": "needs a handover's token",
    "accept_handover": "needs a handover's token",
    "preview_invitation": "needs an invitation's token",
    "accept_invitation": "needs an invitation's token",
    "approve_invitation": "needs somebody who waits for approval",
    "resend_invitation": "an invitation of the run is younger than a minute",
    "cancel_invitation": "the run's invitation is gone after the first time",
    "update_user": "needs an ADMIN",
    "remove_user": "needs an ADMIN",
    "resend_corporate_invitation": "needs two verification tokens",
    "sign_up_individual": "needs a verification token",
    "start_groupware_sign_in": "leads elsewhere, always",
    "return_from_groupware": "leads elsewhere, always",
    "exchange_sso_code": "needs a code and a cookie of ours",
    "link_groupware_user": "needs a ticket",
    "invite_corporate_account": "needs a ticket",
    "complete_social": "needs a code that a provider gave",
    "add_social_link": "needs a code that a provider gave",
    "remove_link": "the run's account has none",
    "find_login_id": "needs a verification token",
    "reset_password": "needs a verification token",
    "change_phone": "needs a verification token",
    "confirm_email_verification": "needs a mailed link",
    "answer_about_marketing": "needs a mailed link",
    "check_login_id": "needs a verification token",
    "resend_identity_verification": "needs half a minute since the code was sent",
    "confirm_identity_verification": "needs the code of the message",
    "get_identity_verification_status": "needs a verification that was started just before",
    "set_tax_invoice_contact": "needs the ETag of what was read",
    "set_refund_account": "needs the ETag of what was read",
    "cancel_order": "the run's unpaid order is started on first",
    "choose_order_item_site": "needs an item whose opening failed",
    "update_membership": "needs the ETag that was read",
    "schedule_change": "needs the ETag that was read",
    "undo_scheduled_change": "needs a scheduled change and the ETag that was read",
    "get_scheduled_change": "nothing is scheduled in the run",
    "preview_scheduled_change": "the run's site has one user for a month: there is nothing less",
    "get_upcoming": "the run asks for the end of its only service first",
    "agree_to_renewal_price": "the run's renewal is not ordered yet",
    "switch_accounting": "the run's site has no 경리회계",
    "create_change_request": "needs a scanned paper",
    "create_refund_account_request": "needs a scanned paper",
    "update_company": "needs the ETag of what was read",
    "claim_quote": "needs the token of a mail",
    "open_inquiry": "needs the token of a mail",
    "reply_to_inquiry": "needs the token of a mail",
    "send_attachment": "needs a ticket, and a file that is one",
    "register_payment_method": "needs a window that was opened and a card that was typed in it",
    "remove_payment_method": "the run's card is gone after the first time",
    "start_payment": "needs an order that is unpaid still",
    "change_order_payment_method": "needs an order that is unpaid still",
    "get_order_transaction_confirmation": "needs an order that is paid",
}
"""Operations that schema-valid data alone cannot bring to a 2xx, and why."""


@pytest.fixture(scope="module")
def stack(
    postgres: EmbeddedPostgres, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("contract")
    api = "tests.contract.serve_many_addresses"
    with Stack(postgres, database_name, folder, api=api) as running:
        yield running


async def customer(stack: Stack) -> tuple[Member, dict[str, str]]:
    """A company with an open site, a payment and an unpaid order; the ids of what it has."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.ports[0]}") as client:
        member = await sign_up(stack, client)
        for paid in (True, False):
            placed = await client.post(
                "/v1/orders", json=order_body(), headers=member.headers | key()
            )
            payment = await start_payment(client, member, placed.json()["id"])
            if paid:
                stack.sandbox("POST", f"/payments/{payment['id']}/approve", {})
                await wait_for_status(client, member, placed.json()["id"], "COMPLETED")
        memberships = await client.get("/v1/memberships", headers=member.headers)
        quote = await ask_for_quote(client, member)
        card = await register_card(stack, client, member)
        export = await client.get("/v1/orders/export?format=xlsx", headers=member.headers)
        await wait_for_export(client, member, export.json()["id"])
        faqs = await client.get("/v1/faqs")
        news = await client.get("/v1/notifications", headers=member.headers)
        asked = await inquire(client, member.headers)
        papers = await client.get("/v1/documents?kind=QUOTE", headers=member.headers)
    order, membership = placed.json(), memberships.json()["items"][0]
    return member, {
        "order_id": order["id"],
        "item_id": order["items"][0]["id"],
        "payment_id": payment["id"],
        "membership_id": membership["id"],
        "site_id": membership["site"]["id"],
        "quote_id": quote["id"],
        "payment_method_id": card["id"],
        "export_id": export.json()["id"],
        "notification_id": news.json()["items"][0]["id"],
        "faq_id": faqs.json()["items"][0]["id"],
        **asked,
        "document_id": papers.json()["items"][0]["id"],
    }


async def register_card(stack: Stack, client: httpx.AsyncClient, member: Member) -> dict[str, Any]:
    started = await client.post("/v1/payment-methods/start", headers=member.headers)
    window = started.json()
    typed = {
        "card": CARD,
        "issue_id": window["issue_id"],
        "customer_id": window["customer"]["customer_id"],
    }
    issued = stack.sandbox("POST", "/billing-keys", typed)
    body = {"issue_id": window["issue_id"], "billing_key": issued["billing_key"]}
    answer = await client.post("/v1/payment-methods", json=body, headers=member.headers)
    assert answer.status_code == 201, answer.text
    card: dict[str, Any] = answer.json()
    return card


async def wait_for_export(client: httpx.AsyncClient, member: Member, export_id: str) -> None:
    deadline = time.monotonic() + 25
    while True:
        answer = await client.get(f"/v1/orders/exports/{export_id}", headers=member.headers)
        if answer.json()["state"] == "READY":
            return
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.1)


def accepted_bodies(member: Member) -> dict[str, str]:
    """Bodies that only somebody who knows the product can write, by operation."""
    site = {
        "name": "한빛",
        "subdomain": "site-@@@@",
        "admin_name": "홍길동",
        "admin_login_id": "admin",
        "admin_email": "admin@hanbit.example",
    }
    free = {"type": "NEW", "plan": "SHARED", "users": 1, "months": 1, "site": site}
    bodies: dict[str, dict[str, Any]] = {
        "log_in": {"login_id": member.login_id, "password": PASSWORD, "client_type": "NATIVE"},
        "step_up": {"password": PASSWORD},
        "update_my_consents": {
            "consents": [{"kind": "MARKETING", "version": "2023-09", "agreed": False}]
        },
        "create_inquiry": inquiry(),
        "create_attachment_ticket": {"filename": "화면.png"},
        "verify_business": {"business_number": "124-81-00998", "company_name": "한빛상사"},
        "start_identity_verification": identity_body("0107777@@@@"),
        "request_termination": {
            "last_day": str(seoul_date(wire_now())),
            "reason": "NOT_NEEDED",
        },
        "create_order": order_body(free, total=59_400, confirm_duplicate=True),
        "create_quote": {
            "items": [{"type": "NEW", "plan": "SHARED", "users": 1, "months": 1}],
            "recipients": ["OWN"],
        },
    }
    return {name: json.dumps(body) for name, body in bodies.items()}


def fuzz(
    port: int,
    out: Path,
    ids: dict[str, str],
    bodies: dict[str, str],
    *arguments: str,
    document: Path = DOCUMENT,
) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "--config-file",
        str(HERE / "schemathesis.toml"),
        "run",
        str(document),
        "--url",
        f"http://127.0.0.1:{port}",
        "--max-examples=15",
        "--seed=20261124",
        "--max-response-time=20",
        *(f"--exclude-operation-id={name}" for name in NOT_ASKED),
        *arguments,
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "SCHEMATHESIS_ANSWERS": str(out),
        "SCHEMATHESIS_IDS": json.dumps(ids),
        "SCHEMATHESIS_BODIES": json.dumps(bodies),
        "PYTHONPATH": str(HERE.parents[1]),
    }
    return subprocess.run(
        command,
        env=environment,
        cwd=out.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def answers(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def check_answers(found: list[dict[str, Any]]) -> None:
    """Nothing fails on our side, and what fits the schema is never called a bad request."""
    assert not [answer for answer in found if answer["status"] >= 500]
    wrong = [a for a in found if a["positive"] and a["code"] == "invalid_request"]
    assert not wrong, json.dumps(wrong[:8], indent=1)


async def test_as_a_super_admin_the_portal_keeps_its_word(stack: Stack, tmp_path: Path) -> None:
    member, ids = await customer(stack)
    out = tmp_path / "answers"
    done = fuzz(
        stack.ports[0],
        out,
        ids,
        accepted_bodies(member),
        "-H",
        f"Authorization: {member.headers['Authorization']}",
    )
    found = answers(out)
    check_answers(found)
    assert done.returncode == 0, done.stdout[-6000:]
    links = re.search(r"API Links: +(\d+) covered", done.stdout)
    assert links is not None
    assert int(links[1]) >= 3, "answers lead to further calls"
    succeeded = defaultdict(bool)
    for answer in found:
        succeeded[answer["operation"]] |= 200 <= answer["status"] < 300
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    operations = {o["operationId"] for ops in document["paths"].values() for o in ops.values()}
    never = {name for name in operations - set(NOT_ASKED) if not succeeded[name]}
    assert never <= set(NEVER_2XX), never - set(NEVER_2XX)


async def test_to_nobody_the_portal_keeps_its_word(stack: Stack, tmp_path: Path) -> None:
    out = tmp_path / "answers"
    done = fuzz(stack.ports[0], out, {}, {})
    check_answers(answers(out))
    assert done.returncode == 0, done.stdout[-6000:]
