"""Loaded by schemathesis: ids that exist in two of three calls, and a line for each answer."""

import itertools
import json
import os
from typing import Any

import schemathesis

OUT = os.environ.get("SCHEMATHESIS_ANSWERS", "")
IDS: dict[str, str] = json.loads(os.environ.get("SCHEMATHESIS_IDS", "{}"))
_turns = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, _arguments: Any) -> None:
    """No schema can give an id or a cursor that exists: ids get the seeded ones, cursors go.

    So does the company: the run's account has one, which need not be named.
    """
    if _mode(case) != "positive" or next(_turns) % 3 == 0:
        return
    for name in set(IDS) & set(case.path_parameters or {}):
        case.path_parameters[name] = IDS[name]
    if case.query:
        case.query.pop("cursor", None)
    if case.headers:
        case.headers.pop("X-Company-Id", None)


def _mode(case: Any) -> str | None:
    mode = getattr(getattr(case.meta, "generation", None), "mode", None)
    return getattr(mode, "value", None)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    try:
        code = json.loads(response.content).get("code")
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
