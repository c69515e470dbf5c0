"""Loaded by schemathesis: what no schema can give, in some of its calls; a line for each answer."""

import itertools
import json
import os
import uuid
from typing import Any

import schemathesis

OUT = os.environ.get("SCHEMATHESIS_ANSWERS", "")
IDS: dict[str, str] = json.loads(os.environ.get("SCHEMATHESIS_IDS", "{}"))
"""Path parameters that exist."""
BODIES: dict[str, str] = json.loads(os.environ.get("SCHEMATHESIS_BODIES", "{}"))
"""By operation: a body that the portal accepts, as JSON; `@@@@` is four other digits each time."""
SECRETS: dict[str, str] = {}
"""The `client_secret` of each verification started: an inferred link carries its id only."""
_turns = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, _arguments: Any) -> None:
    """Two of three calls that fit the schema get ids that exist, every other one a whole body."""
    if _mode(case) != "positive":
        return
    for name, value in (case.path_parameters or {}).items():
        if name.endswith("_id") and not _is_id(value):  # by a link to what a row has not
            case.path_parameters[name] = str(uuid.uuid4())
    turn = next(_turns)
    if turn % 3:
        for name in set(IDS) & set(case.path_parameters or {}):
            case.path_parameters[name] = IDS[name]
        for where, name in ((case.query, "cursor"), (case.headers, "X-Company-Id")):
            if where:
                where.pop(name, None)
    secret = SECRETS.get((case.path_parameters or {}).get("verification_id", ""))
    if secret is not None:
        case.body["client_secret"] = secret
    operation = case.operation.definition.raw.get("operationId")
    if operation == "start_identity_verification" and isinstance(case.body, dict):
        case.body["phone"] = f"0107{turn:07d}"  # the example's would be past its limit soon
    body = BODIES.get(operation)
    if body is not None and turn % 2:
        case.body = json.loads(body.replace("@@@@", f"{turn % 10000:04d}"))


def _is_id(value: object) -> bool:
    try:
        return bool(uuid.UUID(str(value)))
    except ValueError:
        return False


def _mode(case: Any) -> str | None:
    mode = getattr(getattr(case.meta, "generation", None), "mode", None)
    return getattr(mode, "value", None)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    try:
        answer = json.loads(response.content)
        code = answer.get("code")
        if {"client_secret", "id"} <= set(answer):
            SECRETS[answer["id"]] = answer["client_secret"]
    except (ValueError, AttributeError):
        code = None
    line = {
        "operation": case.operation.definition.raw.get("operationId"),
        "status": response.status_code,
        "code": code,
        "positive": _mode(case) == "positive",
        "sent": repr((case.body, case.query, case.headers, case.path_parameters))[:500],
        "errors": response.content[-300:].decode("utf-8", "replace"),
    }
    with open(OUT, "a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")
