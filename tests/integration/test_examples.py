"""The examples of the contract are played: what is sent is taken, what is answered looks like it.

Recorded by `make examples`. Each is sent as it stands, but for ids, secrets and days.
"""

import json
import os
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from app.contract.examples import FOLDER, example_of
from sandbox.world import World
from tests.cast import Actor, Stage
from tests.exchanges import Exchange, alike, filled, keep
from tests.integration.test_permission_matrix import (
    ELSEWHERE,
    GUARDED,
    OPERATIONS,
    REQUESTS,
    ROUTES,
    Elsewhere,
    wanted,
)
from tools.openapi import COMMITTED

DOCUMENT = json.loads(COMMITTED.read_text("utf-8"))
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.json"))
NO_JSON = {
    "send_company_business_document",
    "create_change_request",
    "create_refund_account_request",
    "export_orders",
    "get_quote_pdf",
    "get_inquiry_attachment",
}
PLAYABLE = [
    name for name in GUARDED if (name, "corporate") not in ELSEWHERE and name not in NO_JSON
]
RECORD = os.environ.get("RECORD_EXAMPLES") == "1"
PLAYED = PLAYABLE if RECORD else [name for name in PLAYABLE if name in EXAMPLES]
BY = ("SUPER_ADMIN", "ADMIN", "MEMBER")
"""Whoever of them may, in this order."""


@pytest.fixture(autouse=True)
async def the_books_agree() -> None:
    """Not here: states are made by hand, as in the permission matrix."""


@pytest.fixture(scope="module")
async def stage(portal: FastAPI, world: World) -> AsyncIterator[Stage]:
    async with httpx.AsyncClient(transport=Elsewhere(portal), base_url="http://portal") as client:
        yield Stage(portal, world, client)


@pytest.fixture(scope="module")
async def actors(stage: Stage) -> dict[str, Actor]:
    return {name: await stage.make(name) for name in BY}


@pytest.mark.parametrize("operation", PLAYED)
async def test_an_example_is_what_happens(
    stage: Stage, actors: dict[str, Actor], operation: str
) -> None:
    example = {} if RECORD else example_of(operation)
    assert example is not None
    actor = next(actors[name] for name in BY if wanted(operation, actors[name]) == "2xx")
    ids, body, headers = await REQUESTS[operation](stage, actor)
    route = ROUTES[operation]
    answer = await stage.client.request(
        *(sorted(route.methods)[0], route.path.format(**(actor.ids | ids))),
        json=body if RECORD else filled(example.get("request"), body),
        headers=actor.headers | headers,
    )
    if RECORD:
        is_json = answer.headers.get("content-type") == "application/json"
        answered = answer.json() if is_json and answer.content else None
        if body is not None or answered is not None:
            keep(Exchange(operation, body, answer.status_code, answered))
        return
    assert answer.status_code == example["status"], answer.text
    answered = answer.json() if answer.content else None
    assert alike(answered, example["answer"]), (answered, example["answer"])


@pytest.mark.parametrize("operation", EXAMPLES)
def test_an_example_is_what_the_schemas_allow(operation: str) -> None:
    """Those of the operator's document are judged by the linters."""
    example = example_of(operation)
    if operation not in OPERATIONS:
        return
    found = next(
        each
        for path in DOCUMENT["paths"].values()
        for each in path.values()
        if each["operationId"] == operation
    )
    assert example is not None
    answered = found["responses"][str(example["status"])].get("content", {})
    sent = found.get("requestBody", {}).get("content", {})
    for content, value in ((sent, example.get("request")), (answered, example["answer"])):
        if value is not None:
            schema = content["application/json"]["schema"] | {"components": DOCUMENT["components"]}
            Draft202012Validator(schema).validate(value)
