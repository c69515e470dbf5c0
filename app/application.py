"""What the customers' application and the operator's have in common."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app import errors
from app.deps import Deps
from app.openapi import Paper, describe
from app.routers.strict import StrictRoute

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def assemble(
    deps: Deps,
    routes: Sequence[APIRoute],
    served: Sequence[APIRoute],
    paper: Paper,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """An application of these routes, documented in their order and `served` in another one.

    As one list: an included router is matched twice, at about the price of a statement.
    """
    app = FastAPI(
        routes=[*served],
        title=paper.title,
        summary=paper.summary,
        description=paper.description,
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        separate_input_output_schemas=False,
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
