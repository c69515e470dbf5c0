"""Wires the API: the only place where settings, parts and routers meet."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from app.application import assemble
from app.clock import Clock
from app.db.cluster import check_cluster
from app.deps import Deps, build_deps
from app.edge import Edge, WhereAsked
from app.openapi import CUSTOMERS
from app.reference import reference_routes
from app.request_spans import RequestSpans
from app.routers import (
    accounts,
    assisted_handovers,
    audit_log,
    auth,
    business_documents,
    business_verifications,
    cards,
    catalogue,
    company,
    corporate_invitations,
    credit_balance,
    documents,
    faqs,
    handovers,
    health,
    home,
    identity_verifications,
    individual_accounts,
    inquiries,
    inquiry_attachments,
    invitations,
    links,
    marketing,
    me,
    memberships,
    my_account,
    my_export,
    notification_preferences,
    notifications,
    order_exports,
    order_papers,
    orders,
    payment_methods,
    payments,
    price_previews,
    quotes,
    recovery,
    refund_account_requests,
    refund_accounts,
    refunds,
    scheduled_changes,
    sessions,
    social,
    sso,
    system_status,
    tax_invoice_contacts,
    terminations,
    terms,
    upcoming,
    users,
    webhooks,
)
from app.routers.multipart import body_limits
from app.settings import Settings

MODULES = (
    health,
    terms,
    business_verifications,
    business_documents,
    identity_verifications,
    accounts,
    corporate_invitations,
    credit_balance,
    individual_accounts,
    auth,
    social,
    recovery,
    sessions,
    sso,
    me,
    home,
    notification_preferences,
    notifications,
    my_account,
    marketing,
    my_export,
    links,
    users,
    invitations,
    handovers,
    assisted_handovers,
    audit_log,
    catalogue,
    price_previews,
    quotes,
    order_exports,
    orders,
    order_papers,
    payment_methods,
    payments,
    documents,
    refund_accounts,
    refund_account_requests,
    company,
    tax_invoice_contacts,
    refunds,
    cards,
    memberships,
    scheduled_changes,
    terminations,
    upcoming,
    system_status,
    faqs,
    inquiries,
    inquiry_attachments,
    webhooks,
)
HOT = ("/v1/memberships/", "/v1/orders/", "/v1/system-status/")
"""Routes with parameters are tried one after another; those below these paths come first."""
EXPOSED_HEADERS = [
    "ETag",
    "Location",
    "X-Request-Id",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotent-Replayed",
]


def create_app(
    settings: Settings | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """The API as an ASGI application. Its parts are in `app.state.deps`.

    `transport` is how providers are reached and `clock` what moves business time, both for tests.
    """
    settings = settings or Settings()
    deps = build_deps(settings, transport, clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with deps.database.engine.connect() as connection:
            await check_cluster(connection, application_role=True)
        yield
        await deps.close()

    routes = [
        route for module in MODULES for route in module.router.routes if isinstance(route, APIRoute)
    ]
    app = assemble(deps, routes, CUSTOMERS, lifespan, first=HOT)
    if settings.is_sandbox:
        app.router.routes.extend(reference_routes(CUSTOMERS.title))
    _add_middleware(app, deps, body_limits(routes))
    return app


def _add_middleware(app: FastAPI, deps: Deps, limits: Mapping[str, int]) -> None:
    """The last added is the outermost."""
    app.add_middleware(WhereAsked, layers=partial(_for_browsers, deps.settings.cors_origins))
    app.add_middleware(Edge, limits=limits)
    if deps.settings.otlp_endpoint:
        app.add_middleware(RequestSpans)


def _for_browsers(origins: Sequence[str], app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        GZipMiddleware(app, minimum_size=1024),
        allow_origins=list(origins),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "X-Company-Id",
            "X-Request-Id",
            "traceparent",
        ],
        expose_headers=EXPOSED_HEADERS,
    )
