"""An operation on its way out says so in every answer and in the document, a year ahead."""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from app import errors
from app.application import assemble
from app.deps import Deps
from app.errors import Problem
from app.openapi import Paper
from app.routers.access import public
from app.routers.deprecation import deprecated
from app.routers.problems import problems
from app.routers.strict import StrictRoute

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
GONE_AT = datetime(2027, 11, 30, 15, 0, tzinfo=UTC)
PAPER = Paper("t", "s", "d", [{"name": "orders", "description": "-"}], names_company=False)
router = APIRouter(route_class=StrictRoute, tags=["orders"])


@router.get("/old", operation_id="old", summary="Old", description="It.", responses=problems())
@public("a test")
@deprecated(SINCE, GONE_AT, instead="new")
async def old(refused: bool = False) -> int:
    if refused:
        raise Problem("not_found")
    return 1


@router.get("/new", operation_id="new", summary="New", description="It.", responses=problems())
@public("a test")
async def new() -> int:
    return 1


ROUTES = [route for route in router.routes if isinstance(route, APIRoute)]
APP = assemble(object.__new__(Deps), ROUTES, PAPER)
errors.install(APP)


@pytest.mark.parametrize("path", ["/old", "/old?refused=nonsense"])
async def test_every_answer_says_since_when_and_until_when(path: str) -> None:
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        answer = await client.get(path)
    assert answer.headers["Deprecation"] == "@1793491200"
    assert answer.headers["Sunset"] == "Tue, 30 Nov 2027 15:00:00 GMT"


async def test_what_stays_says_nothing() -> None:
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        answer = await client.get("/new")
    assert "Deprecation" not in answer.headers


def test_the_document_names_the_day_and_what_to_use() -> None:
    operation = APP.openapi()["paths"]["/old"]["get"]
    assert operation["deprecated"] is True
    assert operation["x-sunset"] == "2027-11-30"
    assert operation["description"].startswith("Use `new`. Gone on 2027-11-30.")
    assert {"Deprecation", "Sunset"} <= set(operation["responses"]["200"]["headers"])
    assert "deprecated" not in APP.openapi()["paths"]["/new"]["get"]


def test_clients_have_a_year() -> None:
    with pytest.raises(ValueError, match="a year"):
        deprecated(SINCE, datetime(2027, 10, 1, tzinfo=UTC), instead="new")
