"""The short way of a route against FastAPI's own: what it takes, and what it leaves to FastAPI."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    Header,
    Query,
    Request,
    Response,
)
from fastapi.routing import request_response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from app import errors
from app.routers.strict import StrictRoute


class Wish(BaseModel):
    """A body."""

    name: str
    size: int = 1


async def _paging(
    request: Request, page: Annotated[int, Query(ge=1)] = 1, order: str | None = None
) -> str:
    return f"{request.method} {page + 1} {order}"


async def _everything(
    request: Request,
    paging: Annotated[str, Depends(_paging)],
    item: UUID,
    body: Wish,
    since: Annotated[int, Query(alias="from")],
    tenant: Annotated[str, Header(min_length=3)],
    visit: Annotated[str | None, Cookie()] = None,
    limit: Annotated[int, Query(le=9)] = 5,
) -> Response:
    seen = [paging, str(item), body.model_dump(), since, tenant, visit, limit]
    return JSONResponse([request.url.path, *seen], headers={"X-Seen": tenant})


async def _with_optional_body(body: Wish | None = None) -> Response:
    return JSONResponse(None if body is None else body.model_dump())


async def _without_anything() -> Response:
    return Response(status_code=204)


def app_of(endpoint: Callable[..., Any], path: str = "/", *, lean: bool = True) -> FastAPI:
    router = APIRouter(route_class=StrictRoute)
    router.add_api_route(path, endpoint, methods=["POST"], response_model=None)
    (route,) = router.routes
    assert isinstance(route, StrictRoute)
    assert route.is_lean, "this test is about the short way"
    if not lean:
        route.app = request_response(route.get_route_handler())
    app = FastAPI(routes=[route])
    app.state.literal_paths = frozenset()
    errors.install(app)
    return app


GOOD: dict[str, Any] = {
    "url": f"/{UUID(int=7)}?from=3",
    "headers": {"tenant": "abc", "X-Request-Id": "r" * 32},
    "json": {"name": "n"},
}
ASKED: dict[str, dict[str, Any]] = {
    "good": GOOD,
    "all that may be": GOOD
    | {
        "url": f"/{UUID(int=7)}?from=3&limit=9&page=2&order=",
        "headers": GOOD["headers"] | {"cookie": "visit=v; other=o"},
        "json": {"name": "n", "size": 2},
    },
    "a name twice": GOOD
    | {
        "url": f"/{UUID(int=7)}?from=3&from=4&limit=1&limit=2",
        "headers": [("tenant", "first"), ("tenant", "second")],
    },
    "a percent sign": GOOD | {"url": f"/{UUID(int=7)}?from=%33&order=%2B+%F0%9F%8D%BB"},
    "path refused": GOOD | {"url": "/seven?from=3"},
    "query missing": GOOD | {"url": f"/{UUID(int=7)}"},
    "query empty": GOOD | {"url": f"/{UUID(int=7)}?from="},
    "query refused": GOOD | {"url": f"/{UUID(int=7)}?from=x&limit=10"},
    "dependency refused": GOOD | {"url": f"/{UUID(int=7)}?from=3&page=0"},
    "header missing": GOOD | {"headers": {}},
    "header refused": GOOD | {"headers": {"tenant": "a"}},
    "body refused": GOOD | {"json": {"size": "x"}},
    "body null": GOOD | {"json": None, "content": b"null"},
    "everything refused": {"url": "/x?from=x&page=x&limit=x", "json": [], "headers": {}},
    "no JSON": GOOD | {"json": None, "content": b"{", "headers": {"content-type": "text/json"}},
    "broken JSON": GOOD
    | {"json": None, "content": b'{"name":', "headers": {"content-type": "application/json"}},
    "no body": GOOD | {"json": None, "headers": {"content-type": "application/json"}},
    "JSON with parameters": GOOD
    | {
        "json": None,
        "content": b'{"name": "n"}',
        "headers": {"tenant": "abc", "content-type": "Application/JSON; charset=utf-8"},
    },
}


async def answered(app: FastAPI, asked: dict[str, Any]) -> tuple[int, object, bytes]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        answer = await client.request("POST", **asked)
    return answer.status_code, answer.headers.multi_items(), answer.content


@pytest.mark.parametrize("case", ASKED)
async def test_both_ways_answer_the_same_bytes(case: str) -> None:
    lean = await answered(app_of(_everything, "/{item}"), ASKED[case])
    usual = await answered(app_of(_everything, "/{item}", lean=False), ASKED[case])
    assert lean == usual
    assert (lean[0] == 200) is (case in EXPECTED_GOOD)


EXPECTED_GOOD = {
    "good",
    "all that may be",
    "a name twice",
    "a percent sign",
    "JSON with parameters",
}


@pytest.mark.parametrize("body", [b"null", b'{"name": "n"}', b"[]", b""])
async def test_a_body_that_may_be_null_is_read_the_same_way(body: bytes) -> None:
    asked = {"url": "/", "content": body, "headers": {"content-type": "application/json"}}
    lean = await answered(app_of(_with_optional_body), asked)
    assert lean == await answered(app_of(_with_optional_body, lean=False), asked)


async def test_an_endpoint_without_a_body_asks_for_no_media_type() -> None:
    lean = await answered(app_of(_without_anything), {"url": "/"})
    assert lean == await answered(app_of(_without_anything, lean=False), {"url": "/"})
    assert lean[0] == 204


async def _inner() -> int:
    return 1


async def _nested(inner: Annotated[int, Depends(_inner)]) -> int:
    return inner


async def _yielding() -> AsyncIterator[int]:
    yield 1


def _in_a_thread() -> int:
    return 1


async def _for_nested(value: Annotated[int, Depends(_nested)]) -> Response: ...


async def _for_yielding(value: Annotated[int, Depends(_yielding)]) -> Response: ...


async def _for_threads(value: Annotated[int, Depends(_in_a_thread)]) -> Response: ...


async def _for_a_list(value: Annotated[list[str], Query()]) -> Response: ...


async def _for_a_model(value: Annotated[Wish, Query()]) -> Response: ...


async def _for_two_bodies(one: Wish, two: Wish) -> Response: ...


async def _for_an_embedded_body(one: Annotated[Wish, Body(embed=True)]) -> Response: ...


async def _for_a_response(response: Response) -> Response: ...


async def _for_tasks(tasks: BackgroundTasks) -> Response: ...


async def _for_a_model_answer() -> Wish: ...


def _for_a_thread() -> Response: ...


@pytest.mark.parametrize(
    "endpoint",
    [
        _for_nested,
        _for_yielding,
        _for_threads,
        _for_a_list,
        _for_a_model,
        _for_two_bodies,
        _for_an_embedded_body,
        _for_a_response,
        _for_tasks,
        _for_a_model_answer,
        _for_a_thread,
    ],
)
def test_what_the_short_way_does_not_know_goes_fastapis(endpoint: Callable[..., Any]) -> None:
    assert not StrictRoute("/", endpoint, methods=["POST"]).is_lean
