"""Examples of requests and answers, recorded from the tests (`make examples`), one file each.

`tests/integration/test_examples.py` plays them.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
JSON_TYPE = "application/json"


def name_examples(paths: dict[str, Any]) -> None:
    """Puts each operation's example beside the schemas of its body and its answer."""
    for operations in paths.values():
        for operation in operations.values():
            example = example_of(operation["operationId"])
            if example is None:
                continue
            sent = operation.get("requestBody", {}).get("content", {}).get(JSON_TYPE)
            if sent is not None and "request" in example:
                sent["example"] = example["request"]
            response = operation["responses"].get(str(example["status"]), {})
            answered = response.get("content", {}).get(JSON_TYPE)
            if answered is not None and example["answer"] is not None:
                answered["example"] = example["answer"]


@cache
def example_of(operation_id: str) -> dict[str, Any] | None:
    """`request` (where one is sent), `status`, `answer`; None where there is no example."""
    path = FOLDER / f"{operation_id}.json"
    if not path.exists():
        return None
    example: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return example
