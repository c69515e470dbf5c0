"""The short way to an endpoint: what FastAPI works out on each request, worked out once.

FastAPI solves the tree of dependencies anew for every request, inside two exit stacks and a second
set of exception handlers. That costs more than a statement (`docs/performance.md`), and only what
yields, nests or takes forms needs it. `lean_app` reads the same tree at the start and answers an
endpoint by plain calls in FastAPI's order: body, dependencies, path, query, headers, cookies. The
signature, the document and the words of every refusal stay FastAPI's: its own fields validate.

Where anything in a signature is not known here, there is no short way and the route goes FastAPI's.
`tests/integration/test_lean_routes.py` plays the same requests both ways.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isclass, iscoroutinefunction
from operator import attrgetter
from typing import Any, get_type_hints

from fastapi import Request, Response, params
from fastapi._compat import ModelField, get_missing_field_error, is_scalar_field
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

Body = Callable[[Request], Awaitable[tuple[Request, object]]]
"""Reads the body: the request that remembers it, and the JSON in it."""
Place = Callable[[Request], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Parameter:
    """One value of a path, a query, a header or a cookie."""

    name: str
    alias: str
    location: tuple[str, str]
    field: ModelField
    required: bool
    default: object


Parameters = Sequence[tuple[Place, Sequence[_Parameter]]]


@dataclass(frozen=True, slots=True)
class _Dependency:
    """A dependency that needs nothing but parameters and the request."""

    name: str | None
    call: Callable[..., Awaitable[object]]
    parameters: Parameters
    request_name: str | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A signature, read once."""

    endpoint: Callable[..., Awaitable[Response]]
    dependencies: Sequence[_Dependency]
    parameters: Parameters
    body: ModelField | None
    request_name: str | None


def lean_app(route: APIRoute, read_body: Body) -> ASGIApp | None:
    """The route as an application, or None where only FastAPI can serve it.

    Raises what the endpoint raises: the application's exception handlers stand around it.
    """
    plan = _plan(route)
    if plan is None:
        return None
    return _without_body(plan) if plan.body is None else _with_body(plan, plan.body, read_body)


def _without_body(plan: _Plan) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        values, errors = await _solve(plan, request)
        await _respond(plan, request, values, errors, send)

    return app


def _with_body(plan: _Plan, field: ModelField, read_body: Body) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request, body = await read_body(Request(scope, receive, send))
        values, errors = await _solve(plan, request)
        values[field.name], refused = field.validate(body, loc=("body",))
        await _respond(plan, request, values, [*errors, *refused], send)

    return app


async def _solve(plan: _Plan, request: Request) -> tuple[dict[str, Any], list[Any]]:
    """What dependencies and parameters come to, and what is refused, in FastAPI's order."""
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for dependency in plan.dependencies:
        own: dict[str, Any] = {}
        if dependency.parameters and _read(dependency.parameters, request, own, errors):
            continue
        if dependency.request_name is not None:
            own[dependency.request_name] = request
        solved = await dependency.call(**own)
        if dependency.name is not None:
            values[dependency.name] = solved
    if plan.parameters:
        _read(plan.parameters, request, values, errors)
    return values, errors


def _read(
    parameters: Parameters, request: Request, values: dict[str, Any], errors: list[Any]
) -> bool:
    """Adds values and refusals; whether there were refusals."""
    before = len(errors)
    for place, found in parameters:
        given = place(request)
        for parameter in found:
            value = given.get(parameter.alias)
            if value is not None:
                values[parameter.name], refused = parameter.field.validate(
                    value, loc=parameter.location
                )
                errors += refused
            elif parameter.required:
                errors.append(get_missing_field_error(parameter.location))
            else:
                values[parameter.name] = parameter.default
    return len(errors) > before


async def _respond(
    plan: _Plan, request: Request, values: dict[str, Any], errors: list[Any], send: Send
) -> None:
    if errors:
        raise RequestValidationError(errors)
    if plan.request_name is not None:
        values[plan.request_name] = request
    response = await plan.endpoint(**values)
    await response(request.scope, request.receive, send)


def _plan(route: APIRoute) -> _Plan | None:
    dependant = route.dependant
    dependencies = [_dependency(part) for part in dependant.dependencies]
    parameters = _parameters(dependant)
    body = dependant.body_params
    if (
        parameters is None
        or None in dependencies
        or not _answers_responses(route.endpoint)
        or _takes_more(dependant)
        or len(body) > 1
        or any(isinstance(field.field_info, params.Form) for field in body)
        or route._embed_body_fields
        or route.max_body_size is not None
    ):
        return None
    return _Plan(
        endpoint=route.endpoint,
        dependencies=[part for part in dependencies if part is not None],
        parameters=parameters,
        body=body[0] if body else None,
        request_name=dependant.request_param_name,
    )


def _answers_responses(endpoint: Callable[..., Any]) -> bool:
    answer = get_type_hints(endpoint).get("return")
    return iscoroutinefunction(endpoint) and isclass(answer) and issubclass(answer, Response)


def _takes_more(dependant: Dependant) -> bool:
    """Whether it asks for something that only FastAPI hands out."""
    return (
        dependant.http_connection_param_name is not None
        or dependant.websocket_param_name is not None
        or dependant.response_param_name is not None
        or dependant.background_tasks_param_name is not None
        or dependant.security_scopes_param_name is not None
    )


def _dependency(dependant: Dependant) -> _Dependency | None:
    call = dependant.call
    parameters = _parameters(dependant)
    if (
        call is None
        or parameters is None
        or _takes_more(dependant)
        or dependant.dependencies
        or dependant.body_params
        or dependant.scope is not None
        or dependant.concurrency is not None
        or not (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__))
    ):
        return None
    return _Dependency(dependant.name, call, parameters, dependant.request_param_name)


def _parameters(dependant: Dependant) -> Parameters | None:
    """None where one is a list, a model, or goes by several names."""
    by_place = (
        ("path", attrgetter("path_params"), dependant.path_params),
        ("query", _query, dependant.query_params),
        ("header", attrgetter("headers"), dependant.header_params),
        ("cookie", attrgetter("cookies"), dependant.cookie_params),
    )
    if not all(_is_one_value(field) for _, _, fields in by_place for field in fields):
        return None
    return [
        (place, [_parameter(name, field) for field in fields])
        for name, place, fields in by_place
        if fields
    ]


def _query(request: Request) -> Mapping[str, str]:
    return request.query_params if request.scope["query_string"] else {}


def _is_one_value(field: ModelField) -> bool:
    return (
        is_scalar_field(field)
        and field.field_info.validation_alias in (None, field.alias)
        and isinstance(field.default, Hashable)
        and not field.field_info.validate_default
    )


def _parameter(place: str, field: ModelField) -> _Parameter:
    required = field.field_info.is_required()
    return _Parameter(
        name=field.name,
        alias=field.alias,
        location=(place, field.alias),
        field=field,
        required=required,
        default=None if required else field.default,
    )
