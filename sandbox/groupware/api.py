"""The groupware's HTTP interface: tokens, sites, operations, usage, users."""

import asyncio
import base64
import json
import secrets
import time
from datetime import datetime
from typing import Annotated, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from sandbox.groupware.state import (
    FAILING_PREFIX,
    Entitlement,
    GroupwareState,
    Operation,
    Site,
    SiteUser,
)
from sandbox.settings import SandboxSettings
from sandbox.webhooks import Webhooks

TOKEN_SECONDS = 600
SEOUL = ZoneInfo("Asia/Seoul")


class Now(Protocol):
    """The sandbox's business clock."""

    def now(self) -> datetime: ...


class GroupwareWorld(Protocol):
    """The part of the world that the groupware uses."""

    @property
    def settings(self) -> SandboxSettings: ...
    @property
    def clock(self) -> Now: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def groupware(self) -> GroupwareState: ...
    def changed(self) -> object: ...


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.response = JSONResponse({"error": code}, status)


class Groupware:
    """The work behind the routes."""

    def __init__(self, world: GroupwareWorld) -> None:
        self._world = world
        self._tokens: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def issue_token(self) -> str:
        now = time.monotonic()
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        token = secrets.token_urlsafe(24)
        self._tokens[token] = now + TOKEN_SECONDS
        return token

    def check_token(self, header: str | None) -> None:
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or self._tokens.get(token, 0) <= time.monotonic():
            raise Refused(401, "invalid_token")

    def put(self, external_id: str, wanted: Entitlement) -> Response:
        """202 with an operation, or 200 where the revision is not greater than the one held."""
        state = self._world.groupware
        site = state.sites.get(external_id)
        if site is not None and wanted.revision <= site.wanted.revision:
            operation = state.operations[site.operation_id]
            self._advance(operation)
            held = {
                "operation_id": operation.id,
                "revision": site.wanted.revision,
                "state": operation.state,
            }
            return JSONResponse(held, 200)
        owner = state.owner_of(wanted.subdomain)
        if owner is not None and owner.external_id != external_id:
            raise Refused(409, "subdomain_taken")
        operation = Operation(
            id=f"op_{uuid4().hex}",
            external_id=external_id,
            revision=wanted.revision,
            ready_at=time.time() + self._world.settings.operation_seconds,
        )
        if site is None:
            state.made += 1
            site = Site(
                external_id=external_id,
                site_id=f"S{state.made:06d}",
                wanted=wanted,
                operation_id=operation.id,
                setup_token=secrets.token_urlsafe(24),
                users=[self._first_admin(wanted)],
            )
            state.sites[external_id] = site
        site.wanted, site.operation_id, site.closed = wanted, operation.id, False
        state.operations[operation.id] = operation
        self._world.changed()
        self._finish_later(operation)
        accepted = {
            "operation_id": operation.id,
            "revision": wanted.revision,
            "state": operation.state,
        }
        return JSONResponse(accepted, 202)

    @staticmethod
    def _first_admin(wanted: Entitlement) -> SiteUser:
        return SiteUser(
            sub=f"sub_{uuid4().hex}",
            login_id=wanted.admin.login_id,
            name=wanted.admin.name,
            email=wanted.admin.email,
            site_admin=True,
        )

    def _finish_later(self, operation: Operation) -> None:
        async def finish() -> None:
            await asyncio.sleep(max(0.0, operation.ready_at - time.time()))
            self._advance(operation)

        task = asyncio.get_running_loop().create_task(finish())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _advance(self, operation: Operation) -> None:
        """Ends an operation whose time has come, and calls back once."""
        if operation.state != "IN_PROGRESS" or time.time() < operation.ready_at:
            return
        site = self._world.groupware.sites[operation.external_id]
        if site.wanted.subdomain.startswith(FAILING_PREFIX):
            operation.state, operation.error = "FAILED", "provisioning_error"
        else:
            operation.state = "SUCCEEDED"
            self._apply(site, operation.revision)
        self._world.changed()
        kind = "operation.succeeded" if operation.state == "SUCCEEDED" else "operation.failed"
        self._world.webhooks.send(
            "groupware",
            kind,
            {"external_id": site.external_id, "operation_id": operation.id},
        )

    def _apply(self, site: Site, revision: int) -> None:
        site.applied_revision = max(site.applied_revision, revision)
        now = self._world.clock.now()
        site.opened_at = site.opened_at or now
        if "ACCOUNTING" in site.wanted.add_ons and site.accounting_started_on is None:
            site.accounting_started_on = now.astimezone(SEOUL).date()

    def operation(self, operation_id: str) -> dict[str, object]:
        operation = self._world.groupware.operations.get(operation_id)
        if operation is None:
            raise Refused(404, "operation_not_found")
        self._advance(operation)
        answer: dict[str, object] = {"state": operation.state}
        if operation.error:
            answer["error"] = operation.error
        if operation.state == "SUCCEEDED":
            answer["site"] = self.opened(self.site(operation.external_id))
        return answer

    def site(self, external_id: str) -> Site:
        site = self._world.groupware.sites.get(external_id)
        if site is None or site.closed:
            raise Refused(404, "site_not_found")
        return site

    def opened(self, site: Site) -> dict[str, object]:
        wanted = site.wanted
        domain = f"{wanted.subdomain}.groupware.example"
        base = f"{self._world.settings.groupware_url}/sites"
        accounting = None
        if site.accounting_started_on is not None:
            accounting = {
                "started_on": site.accounting_started_on.isoformat(),
                "business_number": wanted.business_number,
                "admin_login_id": wanted.admin.login_id,
            }
        return {
            "site_id": site.site_id,
            "url": f"{base}/{wanted.subdomain}",
            "domain": domain,
            "admin_login_id": wanted.admin.login_id,
            "admin_setup_url": f"{base}/{wanted.subdomain}/setup#{site.setup_token}",
            "opened_at": site.opened_at.isoformat() if site.opened_at else None,
            "accounting": accounting,
        }

    def facts(self, site: Site) -> dict[str, object]:
        held: dict[str, object] = site.wanted.model_dump(mode="json", exclude={"admin"})
        opened = site.site_id if site.opened_at else None
        return held | {"external_id": site.external_id, "site_id": opened}

    def close(self, external_id: str, revision: int) -> Response:
        site = self.site(external_id)
        if revision <= site.wanted.revision:
            return JSONResponse({"revision": site.wanted.revision}, 200)
        site.wanted.revision = revision
        site.closed = True
        self._world.changed()
        return JSONResponse({"revision": revision}, 202)

    def usage(self, site: Site) -> dict[str, object]:
        if site.opened_at is None:
            raise Refused(404, "site_not_opened")
        used = site.usage
        return {
            "measured_at": self._world.clock.now().isoformat(),
            "users": {"used": used.users, "signed_in_ever": used.signed_in_ever},
            "storage_bytes": {"account": used.account_bytes, "public": used.public_bytes},
            "options": {code: {"used": count} for code, count in used.options.items()},
        }


async def _body(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except ValueError as broken:
        raise Refused(400, "invalid_json") from broken


def build_router(world: GroupwareWorld) -> APIRouter:
    """Everything below /groupware."""
    work = Groupware(world)
    router = APIRouter(prefix="/groupware")

    async def token(request: Request) -> None:
        work.check_token(request.headers.get("authorization"))

    signed_in = [Depends(token)]

    @router.post("/oauth/token")
    async def issue(request: Request) -> Response:
        settings = world.settings
        expected = basic_authorization(
            settings.groupware_client_id, settings.groupware_client_secret
        )
        form = (await request.body()).decode()
        if request.headers.get("authorization") != expected:
            raise Refused(401, "invalid_client")
        if "grant_type=client_credentials" not in form.split("&"):
            raise Refused(400, "unsupported_grant_type")
        return JSONResponse(
            {
                "access_token": work.issue_token(),
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
            }
        )

    @router.put("/api/v1/sites/{external_id}", dependencies=signed_in)
    async def put_site(external_id: str, body: Annotated[object, Depends(_body)]) -> Response:
        try:
            wanted = Entitlement.model_validate(body)
        except ValidationError as broken:
            raise Refused(422, "invalid_entitlement") from broken
        return work.put(external_id, wanted)

    @router.get("/api/v1/sites", dependencies=signed_in)
    async def find_sites(business_number: str) -> dict[str, object]:
        found = [
            work.facts(site)
            for site in world.groupware.sites.values()
            if site.wanted.business_number == business_number and not site.closed
        ]
        return {"sites": found}

    @router.get("/api/v1/sites/{external_id}", dependencies=signed_in)
    async def get_site(external_id: str) -> dict[str, object]:
        return work.facts(work.site(external_id))

    @router.delete("/api/v1/sites/{external_id}", dependencies=signed_in)
    async def delete_site(external_id: str, body: Annotated[object, Depends(_body)]) -> Response:
        revision = body.get("revision") if isinstance(body, dict) else None
        if not isinstance(revision, int):
            raise Refused(422, "revision_required")
        return work.close(external_id, revision)

    @router.get("/api/v1/operations/{operation_id}", dependencies=signed_in)
    async def get_operation(operation_id: str) -> dict[str, object]:
        return work.operation(operation_id)

    @router.get("/api/v1/sites/{external_id}/usage", dependencies=signed_in)
    async def get_usage(external_id: str) -> dict[str, object]:
        return work.usage(work.site(external_id))

    @router.get("/api/v1/sites/{external_id}/users/{sub}", dependencies=signed_in)
    async def get_user(external_id: str, sub: str) -> dict[str, object]:
        user = work.site(external_id).user(sub)
        if user is not None:
            return {"active": user.active, "site_admin": user.site_admin}
        raise Refused(404, "user_not_found")

    return router


def basic_authorization(name: str, password: str) -> str:
    """The value of a Basic authorization header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
