"""Every operation × everybody: allowed is 2xx on a real object, another tenant's is 404.

Roles, permissions and operations are typed by hand from PRODUCT.md section 2 and API.md; nothing
here asks the application what is right. An operation without a line fails.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.clock import wire_now
from app.db.contracts import any_contracts
from app.db.tables.orders import Order
from app.db.tables.renewals import MembershipSchedule
from app.domain.orders import PaymentMethod
from app.domain.periods import seoul_date
from app.main import MODULES
from app.routers.access import PUBLIC_MARK
from app.routers.permissions import Requires
from app.services.renewal_orders import make_renewal, term_of, wanted_renewal
from sandbox.portone.billing_keys import issue_billing_key
from sandbox.world import World
from tests.cast import MAKERS, Actor, Stage
from tests.flows import (
    CARD,
    PASSWORD,
    TAX_CONTACT,
    Member,
    ask_for_quote,
    key,
    link_to_site,
    order_body,
    place,
    register_card,
    run_jobs,
    sign_up_individual,
    start_payment,
)
from tests.inquiries import inquire
from tests.papers import form

S, A, P, C, M = "SUPER_ADMIN", "ADMIN", "PROSPECT", "CLOSED", "MEMBER"
HOLDERS = {
    "company.read": {S, A, P, C},
    "company.update": {S, A, P},
    "company.update.tax_contacts": {S, A, P, C},
    "refund_account.update": {S, P, C},
    "users.manage": {S},
    "company.hand_over": {S},
    "audit.read": {S},
    "memberships.read": {S, A},
    "memberships.update": {S, A},
    "orders.read": {S, A, P, C},
    "documents.read": {S, A, P, C},
    "orders.create.new": {S, A, P, C},
    "orders.create.change": {S, A},
    "payments.manage": {S, A, P, C},
    "terminations.request": {S},
    "system_status.read": {S, A, P},
    "system_status.update": {S, A},
    "quotes.create": {S, A, P, C, M},
    "faq.read": {S, A, P, C, M},
    "inquiries.create": {S, A, P, C, M},
    "me.read": {S, A, P, C, M},
    "me.update": {S, A, P, C, M},
    "me.withdraw": {A, P, C, M},
}
PUBLIC = "public"
OPERATIONS = {
    "get_health": PUBLIC,
    "get_readiness": PUBLIC,
    "list_terms": PUBLIC,
    "verify_business": PUBLIC,
    "send_business_document": PUBLIC,
    "claim_company": PUBLIC,
    "send_company_business_document": "company.update",
    "list_company_business_documents": "company.read",
    "start_identity_verification": PUBLIC,
    "resend_identity_verification": PUBLIC,
    "confirm_identity_verification": PUBLIC,
    "get_identity_verification_status": PUBLIC,
    "check_login_id": PUBLIC,
    "sign_up_corporate": PUBLIC,
    "sign_up_individual": PUBLIC,
    "preview_corporate_invitation": PUBLIC,
    "resend_corporate_invitation": PUBLIC,
    "log_in": PUBLIC,
    "refresh": PUBLIC,
    "find_login_id": PUBLIC,
    "reset_password": PUBLIC,
    "confirm_email_verification": PUBLIC,
    "send_email_verification": "me.update",
    "update_me": "me.update",
    "change_password": "me.update",
    "change_phone": "me.update",
    "get_my_consents": "me.read",
    "update_my_consents": "me.update",
    "start_social": PUBLIC,
    "complete_social": PUBLIC,
    "start_groupware_sign_in": PUBLIC,
    "return_from_groupware": PUBLIC,
    "exchange_sso_code": PUBLIC,
    "invite_corporate_account": PUBLIC,
    "link_groupware_user": "me.update",
    "get_catalogue": PUBLIC,
    "list_faq_categories": PUBLIC,
    "list_faqs": PUBLIC,
    "get_faq": PUBLIC,
    "rate_faq": PUBLIC,
    "get_support": PUBLIC,
    "answer_about_marketing": PUBLIC,
    "unsubscribe_from_marketing": PUBLIC,
    "list_inquiry_forms": PUBLIC,
    "create_inquiry": PUBLIC,
    "open_inquiry": PUBLIC,
    "reply_to_inquiry": PUBLIC,
    "create_attachment_ticket": PUBLIC,
    "send_attachment": PUBLIC,
    "preview_price": PUBLIC,
    "receive_portone_webhook": PUBLIC,
    "receive_groupware_webhook": PUBLIC,
    "log_out": "me.update",
    "step_up": "me.update",
    "get_me": "me.read",
    "get_home": "me.read",
    "list_notifications": "me.read",
    "list_inquiries": "me.read",
    "get_inquiry": "me.read",
    "get_inquiry_attachment": "me.read",
    "add_inquiry_message": "me.update",
    "read_notification": "me.update",
    "get_notification_preferences": "me.read",
    "set_notification_preferences": "me.update",
    "withdraw": "me.withdraw",
    "list_links": "me.read",
    "add_social_link": "me.update",
    "remove_link": "me.update",
    "list_audit_log": "audit.read",
    "begin_handover": "company.hand_over",
    "get_handover": "company.hand_over",
    "cancel_handover": "company.hand_over",
    "preview_handover": PUBLIC,
    "ask_for_assisted_handover": PUBLIC,
    "preview_assisted_handover": PUBLIC,
    "agree_to_assisted_handover": PUBLIC,
    "object_to_assisted_handover": PUBLIC,
    "accept_handover": PUBLIC,
    "list_users": "users.manage",
    "update_user": "users.manage",
    "remove_user": "users.manage",
    "invite_user": "users.manage",
    "list_invitations": "users.manage",
    "resend_invitation": "users.manage",
    "approve_invitation": "users.manage",
    "cancel_invitation": "users.manage",
    "preview_invitation": PUBLIC,
    "accept_invitation": "me.update",
    "list_sessions": "me.read",
    "end_session": "me.update",
    "end_other_sessions": "me.update",
    "list_sign_ins": "me.read",
    "export_my_data": "me.read",
    "get_order_confirmation": "documents.read",
    "get_order_transaction_confirmation": "documents.read",
    "create_quote": "quotes.create",
    "get_credit_balance": "documents.read",
    "list_refunds": "documents.read",
    "list_documents": "documents.read",
    "get_document_file": "documents.read",
    "send_document": "documents.read",
    "get_refund_account": "company.read",
    "get_tax_invoice_contact": "company.read",
    "set_tax_invoice_contact": "company.update.tax_contacts",
    "set_refund_account": "refund_account.update",
    "create_refund_account_request": "refund_account.update",
    "list_refund_account_requests": "company.read",
    "list_quotes": "quotes.create",
    "get_quote": "quotes.create",
    "get_quote_pdf": "quotes.create",
    "claim_quote": "orders.create.new",
    "create_order": "orders.create.new",
    "list_orders": "orders.read",
    "export_orders": "orders.read",
    "get_order_export": "orders.read",
    "get_order_export_file": "orders.read",
    "get_order": "orders.read",
    "cancel_order": "orders.create.new",
    "choose_order_item_site": "orders.create.new",
    "change_order_payment_method": "orders.create.new",
    "start_payment": "payments.manage",
    "get_payment": "payments.manage",
    "complete_payment": "payments.manage",
    "start_payment_method": "payments.manage",
    "register_payment_method": "payments.manage",
    "list_payment_methods": "payments.manage",
    "update_payment_method": "payments.manage",
    "remove_payment_method": "payments.manage",
    "list_memberships": "memberships.read",
    "get_membership": "memberships.read",
    "update_membership": "memberships.update",
    "get_scheduled_change": "memberships.read",
    "preview_scheduled_change": "memberships.update",
    "schedule_change": "memberships.update",
    "undo_scheduled_change": "memberships.update",
    "get_upcoming": "memberships.read",
    "agree_to_renewal_price": "memberships.update",
    "preview_termination": "terminations.request",
    "request_termination": "terminations.request",
    "undo_termination": "terminations.request",
    "list_system_status": "system_status.read",
    "get_company": "company.read",
    "update_company": "company.update",
    "create_change_request": "company.update",
    "list_change_requests": "company.read",
    "get_usage_history": "system_status.read",
    "switch_accounting": "system_status.update",
    "get_system_status": "system_status.read",
}

ROUTES: dict[str, APIRoute] = {
    str(route.operation_id): route
    for module in MODULES
    for route in module.router.routes
    if isinstance(route, APIRoute)
}
GUARDED = sorted(name for name, needed in OPERATIONS.items() if needed is not PUBLIC)


def test_every_operation_has_a_line() -> None:
    assert set(OPERATIONS) == set(ROUTES)


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_the_route_asks_for_what_its_line_says(operation: str) -> None:
    route = ROUTES[operation]
    if OPERATIONS[operation] is PUBLIC:
        assert getattr(route.endpoint, PUBLIC_MARK, None)
        return
    asked = [
        inner.call.permission
        for inner in route.dependant.dependencies
        if isinstance(inner.call, Requires)
    ]
    assert asked == [OPERATIONS[operation]]


class Elsewhere(httpx.AsyncBaseTransport):
    """Each request comes from another address: limits are per address."""

    def __init__(self, portal: FastAPI) -> None:
        self._portal = portal
        self._turns = itertools.count()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        turn = next(self._turns)
        address = f"10.8.{turn // 250 % 250}.{turn % 250 + 1}"
        transport = httpx.ASGITransport(app=self._portal, client=(address, 1))
        return await transport.handle_async_request(request)


@pytest.fixture(autouse=True)
async def the_books_agree() -> None:
    """Not here: states are made by hand, orders that are paid without a payment among them."""


@pytest.fixture(scope="module")
async def stage(portal: FastAPI, world: World) -> AsyncIterator[Stage]:
    async with httpx.AsyncClient(transport=Elsewhere(portal), base_url="http://portal") as client:
        yield Stage(portal, world, client)


@pytest.fixture(scope="module")
async def actors(stage: Stage) -> dict[str, Actor]:
    return {name: await stage.make(name) for name in MAKERS}


Request = tuple[dict[str, str], dict[str, Any] | None, dict[str, str]]
"""Path parameters, body, headers."""
Maker = Callable[[Stage, Actor], Awaitable[Request]]
REQUESTS: dict[str, Maker] = {}


def request(*operations: str) -> Callable[[Maker], Maker]:
    def keep(maker: Maker) -> Maker:
        REQUESTS.update(dict.fromkeys(operations, maker))
        return maker

    return keep


@request(
    "get_me",
    "get_home",
    "list_links",
    "list_orders",
    "get_order",
    "get_payment",
    "list_audit_log",
    "get_credit_balance",
    "list_refunds",
    "list_documents",
    "get_document_file",
    "get_refund_account",
    "get_tax_invoice_contact",
    *("list_memberships", "get_membership", "list_system_status", "get_system_status"),
    "get_usage_history",
    *("list_sessions", "list_sign_ins", "get_order_confirmation", "list_users", "list_invitations"),
    *("list_quotes", "export_orders"),
    *("get_my_consents", "export_my_data"),
    *("list_company_business_documents", "list_payment_methods"),
)
async def nothing_else(stage: Stage, actor: Actor) -> Request:
    return actor.ids, None, {}


async def fresh_order(stage: Stage, actor: Actor) -> dict[str, str]:
    """An order nobody has touched, of the company that the actor's ids are of."""
    if actor.owner is None:
        return {}
    await stage.execute(
        "UPDATE sites SET state = 'RELEASED' WHERE company_id = :id AND state = 'HELD'",
        id=actor.owner.company_id,
    )
    order = await place(stage.client, actor.owner, order_body(confirm_duplicate=True))
    return {"order_id": order["id"], "item_id": order["items"][0]["id"]}


@request("send_company_business_document")
async def an_unproven_company(stage: Stage, actor: Actor) -> Request:
    """Another one like it, not proven. The body is a form: `ask` sends the paper."""
    if actor.role == "NOBODY":
        return {}, None, {}
    another = await stage.make(actor.name)
    company = stage.owner_of(another)
    if company is not None:
        statement = "UPDATE companies SET proven_at = NULL WHERE id = :id"
        await stage.execute(statement, id=company.company_id)
    return {}, None, another.headers


@request("create_quote")
async def a_price_to_hold(stage: Stage, actor: Actor) -> Request:
    item = {"type": "NEW", "plan": "SHARED", "users": 10, "months": 12}
    return {}, {"items": [item], "recipients": ["OWN"]}, key()


@request("get_quote", "get_quote_pdf")
async def a_quote(stage: Stage, actor: Actor) -> Request:
    asker = actor.account if actor.role == M else actor.owner or actor.account
    if asker is None:
        return {"quote_id": str(uuid4())}, None, {}
    quote = await ask_for_quote(stage.client, asker)
    return {"quote_id": quote["id"]}, None, {}


@request("claim_quote")
async def a_persons_quote(stage: Stage, actor: Actor) -> Request:
    person = await sign_up_individual(stage.client, stage.world)
    quote = await ask_for_quote(stage.client, person)
    token, token_hash = stage.portal.state.deps.one_time.make()
    await stage.execute(
        "UPDATE quotes SET token_hash = :hash, mailed_at = created_at WHERE number = :number",
        hash=token_hash,
        number=quote["number"],
    )
    return {}, {"number": quote["number"], "token": token}, key()


@request("create_order")
async def a_new_order(stage: Stage, actor: Actor) -> Request:
    await fresh_order(stage, actor)
    return {}, order_body(confirm_duplicate=True), key()


@request("get_order_export", "get_order_export_file")
async def a_workbook_of_ones_own(stage: Stage, actor: Actor) -> Request:
    """Of whoever asks, where they may; of the company's own account for a stranger."""
    asker = actor.account if actor.role in {S, A, P, C, None} else actor.owner
    if asker is None or actor.owner is None:
        return {"export_id": str(uuid4())}, None, {}
    path = f"/v1/orders/export?format=xlsx&site_id={uuid4()}"
    named = {"X-Company-Id": actor.owner.company_id}
    answer = await stage.client.get(path, headers=asker.headers | named)
    await run_jobs(stage.portal)
    return {"export_id": answer.json().get("id", str(uuid4()))}, None, {}


@request("cancel_order")
async def an_unpaid_order(stage: Stage, actor: Actor) -> Request:
    return actor.ids | await fresh_order(stage, actor), None, key()


@request("change_order_payment_method")
async def an_order_to_pay_otherwise(stage: Stage, actor: Actor) -> Request:
    ids = actor.ids | await fresh_order(stage, actor)
    return ids, {"payment_method": "CARD"}, {}


@request("start_payment")
async def an_order_to_pay(stage: Stage, actor: Actor) -> Request:
    return actor.ids | await fresh_order(stage, actor), {"method": "CARD"}, key()


@request("complete_payment")
async def a_payment_begun(stage: Stage, actor: Actor) -> Request:
    ids = await fresh_order(stage, actor)
    if actor.owner is not None:
        payment = await start_payment(stage.client, actor.owner, {"id": ids["order_id"]})
        ids["payment_id"] = payment["id"]
    return actor.ids | ids, None, key()


@request("start_payment_method")
async def room_for_a_card(stage: Stage, actor: Actor) -> Request:
    if actor.owner is not None:
        await stage.execute(
            "UPDATE payment_methods SET state = 'DELETING', role = 'OTHER' WHERE company_id = :id",
            id=actor.owner.company_id,
        )
    return {}, None, key()


@request("register_payment_method")
async def a_card_that_was_typed(stage: Stage, actor: Actor) -> Request:
    """In the window of whoever asks; somebody else's window is refused as no window of theirs."""
    await room_for_a_card(stage, actor)
    body = {"issue_id": str(uuid4()), "billing_key": "billing-key-of-nobody"}
    if actor.account is None or actor.owner is None:
        return {}, body, {}
    company = stage.owner_of(actor)
    assert company is not None
    headers = actor.headers | {"X-Company-Id": company.company_id}
    started = await stage.client.post("/v1/payment-methods/start", headers=headers)
    if started.status_code == 201:
        window = started.json()
        issued = issue_billing_key(
            stage.world,
            CARD,
            issue_id=window["issue_id"],
            customer_id=window["customer"]["customer_id"],
        )
        body = {"issue_id": window["issue_id"], "billing_key": issued.key}
    return {}, body, {}


@request("update_payment_method")
async def a_registered_card(stage: Stage, actor: Actor) -> Request:
    await room_for_a_card(stage, actor)
    if actor.owner is None:
        return {}, {"role": "DEFAULT"}, {}
    card = await register_card(stage.client, stage.world, actor.owner)
    return {"payment_method_id": card["id"]}, {"role": "DEFAULT"}, {}


@request("remove_payment_method")
async def a_card_to_remove(stage: Stage, actor: Actor) -> Request:
    ids, _, headers = await a_registered_card(stage, actor)
    return ids, None, headers


@request("choose_order_item_site")
async def an_opening_that_failed(stage: Stage, actor: Actor) -> Request:
    """Of a company like it: one that opens a site has another role afterwards."""
    actor = await stage.make(actor.name)
    ids = await fresh_order(stage, actor)
    for statement in (
        "UPDATE orders SET status = 'PROVISIONING_FAILED', payment_status = 'PAID' WHERE id = :id",
        "UPDATE order_items SET state = 'FAILED' WHERE order_id = :id",
    ):
        await stage.execute(statement, id=ids.get("order_id"))
    word = f"s-{key()['Idempotency-Key'][:12]}"
    return actor.ids | ids, {"subdomain": word}, key() | actor.headers


@request("update_membership")
async def a_membership_that_was_read(stage: Stage, actor: Actor) -> Request:
    etag = '"r1"'
    if "membership_id" in actor.ids and actor.owner is not None:
        path = f"/v1/memberships/{actor.ids['membership_id']}"
        answer = await stage.client.get(path, headers=actor.owner.headers)
        etag = answer.headers.get("etag", etag)
    return actor.ids, {"auto_renew": True}, {"If-Match": etag}


FEWER_USERS = {"plan": "SHARED", "users": 9, "add_ons": []}


@request("preview_scheduled_change", "schedule_change")
async def fewer_users(stage: Stage, actor: Actor) -> Request:
    ids, _, headers = await a_membership_that_was_read(stage, actor)
    return ids, FEWER_USERS, headers


@request("get_scheduled_change", "undo_scheduled_change")
async def a_change_that_waits(stage: Stage, actor: Actor) -> Request:
    ids, _, headers = await a_membership_that_was_read(stage, actor)
    if actor.owner is None or "membership_id" not in ids:
        return ids, None, headers
    path = f"/v1/memberships/{ids['membership_id']}/scheduled-change"
    headers_of_owner = actor.owner.headers | headers
    answer = await stage.client.put(path, json=FEWER_USERS, headers=headers_of_owner)
    return ids, None, {"If-Match": answer.headers.get("etag", headers["If-Match"])}


UNDO_TERMINATION = (
    "UPDATE terminations SET state = 'UNDONE', due_at = NULL WHERE membership_id = :id"
    " AND state = 'REQUESTED'"
)


@request("get_upcoming")
async def what_is_charged_next(stage: Stage, actor: Actor) -> Request:
    if "membership_id" in actor.ids:
        await stage.execute(UNDO_TERMINATION, id=actor.ids["membership_id"])
    return actor.ids, None, {}


@request("agree_to_renewal_price")
async def a_renewal_that_waits(stage: Stage, actor: Actor) -> Request:
    ids, _, _ = await what_is_charged_next(stage, actor)
    body = {"order_id": str(uuid4()), "total": 1}
    if actor.owner is None or "membership_id" not in ids:
        return ids, body, {}
    deps, membership = stage.portal.state.deps, UUID(ids["membership_id"])
    async with deps.database.system_session("test data") as session:
        now = await deps.clock.now(session)
        read = (await any_contracts(session, [membership]))[membership]
        schedule = await session.get_one(MembershipSchedule, membership)
        order = await session.get(Order, schedule.order_id) if schedule.order_id else None
        term = term_of(read)
        assert term is not None
        if order is None:
            wanted = await wanted_renewal(session, deps.catalogues, read, term, 0)
            owner = UUID(actor.owner.account_id)
            order = await make_renewal(session, read, wanted, owner, PaymentMethod.CARD, now)
            schedule.order_id = order.id
        body = {"order_id": str(order.id), "total": order.total}
    return ids, body, {}


@request("preview_termination")
async def the_end_of_a_service(stage: Stage, actor: Actor) -> Request:
    return actor.ids, None, {}


TERMINATION = {"last_day": str(seoul_date(wire_now())), "reason": "NOT_NEEDED"}


@request("request_termination")
async def a_service_to_end(stage: Stage, actor: Actor) -> Request:
    await stage.execute(
        "UPDATE terminations SET state = 'UNDONE', due_at = NULL WHERE membership_id = :id",
        id=actor.ids.get("membership_id"),
    )
    return actor.ids, TERMINATION, key()


@request("undo_termination")
async def a_service_that_is_to_end(stage: Stage, actor: Actor) -> Request:
    if actor.owner is not None and "membership_id" in actor.ids:
        path = f"/v1/memberships/{actor.ids['membership_id']}/termination"
        await stage.client.post(path, json=TERMINATION, headers=actor.owner.headers | key())
    return actor.ids, None, {}


@request("set_tax_invoice_contact")
async def what_invoices_need(stage: Stage, actor: Actor) -> Request:
    company = stage.owner_of(actor)
    etag = '"r0"'
    if company is not None:
        path = "/v1/company/tax-invoice-contact"
        seen = await stage.client.get(path, headers=company.headers)
        etag = seen.headers.get("etag", etag)
    return {}, TAX_CONTACT, {"If-Match": etag}


@request("set_refund_account")
async def an_account_of_the_company(stage: Stage, actor: Actor) -> Request:
    """Of a company that was shown to be real."""
    company = stage.owner_of(actor)
    etag = '"r0"'
    if company is not None:
        await stage.execute(
            "UPDATE companies SET proven_at = created_at WHERE id = :id AND proven_at IS NULL",
            id=company.company_id,
        )
        seen = await stage.client.get("/v1/company/refund-account", headers=company.headers)
        etag = seen.headers.get("etag", etag)
    return {}, {"bank": "SHINHAN", "number": "110-123-456789"}, {"If-Match": etag}


@request("create_refund_account_request")
async def a_bank_book(stage: Stage, actor: Actor) -> Request:
    company = stage.owner_of(actor)
    if company is not None:
        await stage.execute(
            "UPDATE companies SET proven_at = created_at WHERE id = :id AND proven_at IS NULL",
            id=company.company_id,
        )
        await stage.execute(
            "UPDATE cases SET state = 'REFUSED', decided_by = 'kim', decided_at = now()"
            " WHERE company_id = :id AND state = 'IN_PROGRESS'"
            " AND kind = 'BANK_ACCOUNT_CHANGE'",
            id=company.company_id,
        )
    return {}, None, {}


@request("list_refund_account_requests")
async def bank_books(stage: Stage, actor: Actor) -> Request:
    company = stage.owner_of(actor)
    if company is not None:
        await a_bank_book(stage, actor)
        words = form(**WITH_FILES["create_refund_account_request"])
        path = "/v1/company/refund-account-requests"
        await stage.client.post(path, headers=company.headers, **words)
    return {}, None, {}


WORDS = '{"ko": ["제목", "내용"], "en": ["Title", "Text"]}'


@request("list_notifications")
async def what_was_told(stage: Stage, actor: Actor) -> Request:
    return {}, None, {}


@request("read_notification")
async def something_told(stage: Stage, actor: Actor) -> Request:
    """To whoever asks; nobody has none."""
    told = str(uuid4())
    if actor.account is not None:
        await stage.execute(
            "INSERT INTO notifications (id, account_id, kind, words, created_at)"
            " VALUES (cast(:id AS uuid), cast(:account AS uuid), 'company_closed', :words, :at)",
            id=told,
            words=stage.portal.state.deps.vault.seal("notifications.words", WORDS),
            account=actor.account.account_id,
            at=wire_now(),
        )
    return {"notification_id": told}, None, {}


@request("get_notification_preferences")
async def what_is_mailed(stage: Stage, actor: Actor) -> Request:
    return {}, None, {}


@request("set_notification_preferences")
async def what_shall_be_mailed(stage: Stage, actor: Actor) -> Request:
    return {}, {"items": [{"topic": "INQUIRIES", "mail": False}]}, {}


@request("get_company", "list_change_requests", "create_change_request")
async def the_companys_record(stage: Stage, actor: Actor) -> Request:
    return {}, None, {}


@request("update_company")
async def the_record_as_it_was_read(stage: Stage, actor: Actor) -> Request:
    company = stage.owner_of(actor)
    etag = '"r1.0.0"'
    if company is not None:
        seen = await stage.client.get("/v1/company", headers=company.headers)
        etag = seen.headers.get("etag", etag)
    return (
        {},
        {"postcode": "04524", "road_address": "서울특별시 중구 세종대로 110"},
        {"If-Match": etag},
    )


@request("switch_accounting")
async def the_accounting_menu(stage: Stage, actor: Actor) -> Request:
    """Of a site that has 경리회계."""
    if "site_id" in actor.ids:
        await stage.execute(
            "UPDATE memberships SET add_ons = add_ons || '{\"ACCOUNTING\": 1}'"
            " WHERE site_id = cast(:id AS uuid)",
            id=actor.ids["site_id"],
        )
    return actor.ids, {"visible": False}, {}


OF_AN_INQUIRY = {
    "inquiries": "id",
    "inquiry_messages": "inquiry_id",
    "attachments": "inquiry_id",
}


@request("list_inquiries")
async def what_was_asked(stage: Stage, actor: Actor) -> Request:
    return {}, None, {}


@request("get_inquiry", "get_inquiry_attachment")
async def something_asked(stage: Stage, actor: Actor) -> Request:
    """By whoever asks; nobody has none."""
    asked = await inquire(stage.client, {})
    if actor.account is not None:
        of = {"account": actor.account.account_id, "id": asked["inquiry_id"]}
        for table, column in OF_AN_INQUIRY.items():
            await stage.execute(
                f"UPDATE {table} SET account_id = cast(:account AS uuid)"
                f" WHERE {column} = cast(:id AS uuid)",
                **of,
            )
    return asked, None, {}


@request("add_inquiry_message")
async def more_about_it(stage: Stage, actor: Actor) -> Request:
    ids, _, _ = await something_asked(stage, actor)
    return {"inquiry_id": ids["inquiry_id"]}, {"text": "추가로 문의드립니다."}, {}


@request("step_up")
async def the_password(stage: Stage, actor: Actor) -> Request:
    return {}, {"password": PASSWORD}, {}


async def another_session(stage: Stage, actor: Actor) -> dict[str, str]:
    """The headers of a session of its own, so that the actor's goes on."""
    if actor.account is None:
        return {}
    body = {"login_id": actor.account.login_id, "password": PASSWORD, "client_type": "NATIVE"}
    answer = await stage.client.post("/v1/auth/login", json=body)
    if answer.status_code != 200:
        return {}
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@request("log_out")
async def a_session_to_end(stage: Stage, actor: Actor) -> Request:
    return {}, None, await another_session(stage, actor)


@request("end_session")
async def the_id_of_another_session(stage: Stage, actor: Actor) -> Request:
    headers = await another_session(stage, actor)
    if not headers:
        return {"session_id": str(uuid4())}, None, {}
    answer = await stage.client.get("/v1/auth/sessions", headers=headers)
    current = next(s for s in answer.json()["items"] if s["current"])
    return {"session_id": current["id"]}, None, {}


@request("end_other_sessions")
async def somebody_with_two_sessions(stage: Stage, actor: Actor) -> Request:
    """One like it: the actor's own session must go on."""
    if actor.role == "NOBODY":
        return {}, None, {}
    another = await stage.make(actor.name)
    await another_session(stage, another)
    return {}, None, another.headers


@request("send_document")
async def a_paper_to_mail(stage: Stage, actor: Actor) -> Request:
    return actor.ids, {"recipients": ["OWN"]}, key()


@request("get_order_transaction_confirmation")
async def a_paid_order(stage: Stage, actor: Actor) -> Request:
    ids = await fresh_order(stage, actor)
    await stage.execute(
        "UPDATE orders SET payment_status = 'PAID', status = 'PAID', paid_at = :at WHERE id = :id",
        id=ids.get("order_id"),
        at=wire_now(),
    )
    return actor.ids | ids, None, {}


def invited() -> dict[str, Any]:
    return {"name": "정도현", "email": f"{uuid4().hex[:12]}@hanbit.example"}


@request("invite_user")
async def somebody_to_invite(stage: Stage, actor: Actor) -> Request:
    return {}, invited(), key()


async def invitation(stage: Stage, actor: Actor) -> dict[str, str]:
    """An open invitation of the company that the actor's ids are of, sent a day ago."""
    if actor.owner is None or "site_id" not in actor.ids:
        return {"invitation_id": str(uuid4())}
    headers = actor.owner.headers | key()
    answer = await stage.client.post("/v1/invitations", json=invited(), headers=headers)
    found = {"invitation_id": str(answer.json().get("id", uuid4()))}
    await stage.execute(
        "UPDATE invitations SET sent_at = sent_at - interval '1 day' WHERE id = :id",
        id=found["invitation_id"],
    )
    return found


@request("resend_invitation", "cancel_invitation")
async def an_open_invitation(stage: Stage, actor: Actor) -> Request:
    return await invitation(stage, actor), None, key()


async def linked_person(stage: Stage, actor: Actor, *, member: bool) -> str:
    """The account of a groupware administrator of the actor's site."""
    person = await sign_up_individual(stage.client, stage.world)
    if actor.owner is not None and "site_id" in actor.ids:
        await link_to_site(
            stage.portal,
            person,
            actor.owner.company_id,
            actor.ids["site_id"],
            member=member,
        )
    return person.account_id


@request("approve_invitation")
async def an_invitation_that_waits(stage: Stage, actor: Actor) -> Request:
    found = await invitation(stage, actor)
    await stage.execute(
        "UPDATE invitations SET state = 'APPROVAL_PENDING', account_id = :account WHERE id = :id",
        account=await linked_person(stage, actor, member=False),
        id=found["invitation_id"],
    )
    return found, None, key()


@request("remove_user")
async def a_user(stage: Stage, actor: Actor) -> Request:
    return {"user_id": await linked_person(stage, actor, member=True)}, None, {}


@request("update_user")
async def a_user_to_suspend(stage: Stage, actor: Actor) -> Request:
    user = await linked_person(stage, actor, member=True)
    return {"user_id": user}, {"state": "SUSPENDED"}, {}


SUCCESSOR = {"name": "정도현", "email": "next@hanbit.example", "phone": "010-1234-5678"}


@request("begin_handover")
async def a_successor(stage: Stage, actor: Actor) -> Request:
    company = stage.owner_of(actor)
    if company is not None:
        await stage.client.delete("/v1/company/handover", headers=company.headers)
    return {}, SUCCESSOR, key()


@request("get_handover", "cancel_handover")
async def an_open_handover(stage: Stage, actor: Actor) -> Request:
    company = stage.owner_of(actor)
    if company is not None:
        headers = company.headers | key()
        await stage.client.post("/v1/company/handover", json=SUCCESSOR, headers=headers)
    return {}, None, {}


@request("accept_invitation")
async def no_invitation(stage: Stage, actor: Actor) -> Request:
    return {}, {"token": "x" * 43}, key()


@request("withdraw")
async def somebody_like_it(stage: Stage, actor: Actor) -> Request:
    """Whoever leaves is gone: another one of its kind leaves, with its orders settled."""
    if actor.role not in {A, P, C, M, None}:
        return {}, None, {}
    leaver = await stage.make(actor.name)
    if leaver.owner is leaver.account and leaver.owner is not None:
        path = f"/v1/orders/{leaver.ids['order_id']}/cancel"
        await stage.client.post(path, headers=leaver.headers | key())
    return {}, None, leaver.headers


@request("remove_link")
async def a_social_link(stage: Stage, actor: Actor) -> Request:
    if actor.account is None:
        return {"link_id": str(uuid4())}, None, {}
    link_id = str(uuid4())
    await stage.execute(
        "INSERT INTO social_links (id, account_id, provider, subject_index, created_at) VALUES"
        " (cast(:id AS uuid), cast(:account AS uuid), 'kakao', sha256(cast(:subject AS bytea)),"
        " :at)",
        id=link_id,
        account=actor.account.account_id,
        subject=link_id.encode(),
        at=wire_now(),
    )
    return {"link_id": link_id}, None, {}


@request("update_me")
async def a_department(stage: Stage, actor: Actor) -> Request:
    return {}, {"department": "경영지원팀"}, {}


@request("change_password")
async def the_same_password(stage: Stage, actor: Actor) -> Request:
    return {}, {"new_password": PASSWORD}, {}


@request("change_phone")
async def no_verified_phone(stage: Stage, actor: Actor) -> Request:
    return {}, {"identity_verification_token": "x" * 43}, {}


@request("update_my_consents")
async def marketing(stage: Stage, actor: Actor) -> Request:
    given = {"kind": "MARKETING", "version": "2023-09", "agreed": True}
    return {}, {"consents": [given]}, {}


@request("send_email_verification")
async def an_unverified_address(stage: Stage, actor: Actor) -> Request:
    if actor.account is not None:
        await stage.execute(
            "UPDATE accounts SET email_verified_at = NULL WHERE id = :id",
            id=actor.account.account_id,
        )
    return {}, None, {}


@request("add_social_link")
async def nothing_from_a_provider(stage: Stage, actor: Actor) -> Request:
    word = "x" * 43
    return {}, {"provider": "kakao", "code": word, "state": word, "client_secret": word}, {}


@request("link_groupware_user")
async def nobody_from_the_groupware(stage: Stage, actor: Actor) -> Request:
    return {}, {"ticket": "x" * 43, "confirm_link": True}, {}


ELSEWHERE = {
    ("get_system_status", P): (
        404,
        "site_not_found",
        "its system status is empty: there is no site yet",
    ),
    ("get_usage_history", P): (
        404,
        "site_not_found",
        "its system status is empty: there is no site yet",
    ),
    ("accept_invitation", "individual"): (
        422,
        "invitation_invalid",
        "needs the token of a mail: tests/integration/test_users.py",
    ),
    ("accept_invitation", "corporate"): (
        422,
        "invitation_invalid",
        "a company's own account is nobody's user: no token is for it",
    ),
    ("change_phone", "individual"): (
        422,
        "identity_verification_invalid",
        "needs a verified phone: tests/integration/test_account_changes.py",
    ),
    ("change_phone", "corporate"): (
        422,
        "identity_verification_invalid",
        "needs a verified phone: tests/integration/test_account_changes.py",
    ),
    ("add_social_link", "individual"): (
        422,
        "social_state_unknown",
        "needs a code of the provider: tests/integration/test_social.py",
    ),
    ("link_groupware_user", "individual"): (
        422,
        "sso_ticket_invalid",
        "needs a ticket of the exchange: tests/integration/test_sso.py",
    ),
    ("link_groupware_user", "corporate"): (
        403,
        "individual_account_required",
        "a corporate account is never linked (PRODUCT.md section 2)",
    ),
    ("add_social_link", "corporate"): (
        403,
        "individual_account_required",
        "a corporate account has no links (PRODUCT.md section 2)",
    ),
}
"""What is allowed and still refused here, by role or kind of account; with the reason."""


def wanted(operation: str, actor: Actor) -> str:
    """The kind of answer: 401, 403, 404, 409 or 2xx."""
    permission = OPERATIONS[operation]
    own = permission.startswith("me.")
    if actor.role == "NOBODY":
        return "401"
    if actor.role == "STRANGER":
        if permission == "me.withdraw":
            return "403"
        return "404" if "{" in ROUTES[operation].path and not own else "2xx"
    if actor.role is None:
        return "2xx" if own else "409"
    return "2xx" if actor.role in HOLDERS[permission] else "403"


WITH_FILES: dict[str, dict[str, str]] = {
    "send_company_business_document": {},
    "create_change_request": {"legal_name": "한빛산업"},
    "create_refund_account_request": {
        "bank": "SHINHAN",
        "number": "110-123-456789",
        "holder": "한빛",
    },
}
"""Operations that take a form, with its words."""


async def ask(
    stage: Stage, actor: Actor, operation: str, named: dict[str, str] | None = None
) -> httpx.Response:
    """The operation's request as this actor sends it; `named`: further headers of theirs."""
    ids, body, headers = await REQUESTS[operation](stage, actor)
    route = ROUTES[operation]
    known = dict.fromkeys(route.param_convertors, str(uuid4())) | actor.ids | ids
    words = WITH_FILES.get(operation)
    files = None if words is None else form(**words)["files"]
    return await stage.client.request(
        *(sorted(route.methods)[0], route.path.format(**known)),
        json=body,
        files=files,
        headers=actor.headers | (named or {}) | headers,
    )


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("operation", GUARDED)
async def test_everybody_may_do_what_the_table_says_and_no_more(
    stage: Stage, actors: dict[str, Actor], operation: str, name: str
) -> None:
    actor = actors[name]
    answer = await ask(stage, actor, operation)
    expected = wanted(operation, actor)
    kind = "corporate" if isinstance(actor.account, Member) else "individual"
    refused = ELSEWHERE.get((operation, actor.role or "")) or ELSEWHERE.get((operation, kind))
    if expected == "2xx" and refused is not None:
        status, code, _ = refused
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        return
    if expected == "2xx":
        assert answer.is_success, answer.text
        return
    assert answer.status_code == int(expected), answer.text
    if expected == "409":
        assert answer.json()["code"] == "company_selection_required"
    if expected == "404":
        assert answer.json()["code"].endswith("_not_found")


BY_ANOTHER = {"withdraw", "choose_order_item_site", "end_other_sessions", *WITH_FILES}
"""Asked by an actor made for the request, whose company is another one."""


@pytest.mark.parametrize("operation", [name for name in GUARDED if name not in BY_ANOTHER])
async def test_an_admin_of_two_who_names_a_company_is_admin_of_it(
    stage: Stage, actors: dict[str, Actor], operation: str
) -> None:
    actor = actors["ADMIN of two"]
    assert actor.owner is not None
    named = {"X-Company-Id": actor.owner.company_id}
    expected = "2xx" if A in HOLDERS[OPERATIONS[operation]] else "403"
    answer = await ask(stage, actor, operation, named)
    if (operation, "individual") in ELSEWHERE:
        assert answer.json()["code"] == ELSEWHERE[operation, "individual"][1]
        return
    assert answer.is_success if expected == "2xx" else answer.status_code == 403, answer.text
