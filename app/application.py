"""What the customers' application and the operator's have in common."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app import errors
from app.deps import Deps
from app.openapi import Paper, describe
from app.routers.strict import LiteralPaths, StrictRoute
from app.version import VERSION

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def assemble(
    deps: Deps,
    routes: Sequence[APIRoute],
    paper: Paper,
    lifespan: Lifespan | None = None,
    first: tuple[str, ...] = (),
) -> FastAPI:
    """An application of these routes, documented in their order.

    As one list: an included router is matched twice, at about the price of a statement. Literal
    paths are found at once; of the others, those that begin with one of `first` are tried first.
    """
    tried = sorted(routes, key=lambda r: (not r.param_convertors, not r.path.startswith(first)))
    app = FastAPI(
        routes=[LiteralPaths(routes), *tried],
        title=paper.title,
        summary=paper.summary,
        description=paper.description,
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        separate_input_output_schemas=False,
        # Looked for on each request; what is measured is at the internal listener (Prometheus).
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.deps = deps
    app.state.operations = [(route.path_regex, route.methods) for route in routes]
    app.state.literal_paths = frozenset(
        route.path for route in routes if not route.param_convertors
    )
    app.router.route_class = StrictRoute
    errors.install(app)
    describe(app, routes, paper)
    return app
