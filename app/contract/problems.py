"""Problem documents in the contract: a schema for each code, the code as a constant.

A client that was generated from the document can branch on `code` with types: each status is
one of the problems that it lists.
"""

from typing import Any

from app.errors import PROBLEM_TYPE
from app.problem_codes import problem_code
from app.routers.models import ProblemDocument

REF = "#/components/schemas/"
EXAMPLES = "#/components/examples/"


def name_problems(document: dict[str, Any]) -> None:
    """Puts the schemas and examples of every code that is answered under `components`."""
    components = document["components"]
    schemas: dict[str, Any] = components["schemas"]
    for_all = ProblemDocument.model_json_schema(ref_template=REF + "{model}")
    schemas |= for_all.pop("$defs")
    examples = components.setdefault("examples", {})
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                content = response.get("content", {}).get(PROBLEM_TYPE)
                if content is not None:
                    _name(content, for_all, schemas, examples)
    components["examples"] = dict(sorted(examples.items()))


def problem_name(code: str) -> str:
    """`order_not_found` → `OrderNotFoundProblem`."""
    return "".join(word.capitalize() for word in code.split("_")) + "Problem"


def _name(
    content: dict[str, Any],
    for_all: dict[str, Any],
    schemas: dict[str, Any],
    examples: dict[str, Any],
) -> None:
    """One response: its written-out examples become references, its schema what they are."""
    names = {code: REF + problem_name(code) for code in content["examples"]}
    for code, example in content["examples"].items():
        schemas.setdefault(problem_name(code), _schema(code, for_all))
        examples.setdefault(code, example)
    content["examples"] = {code: {"$ref": EXAMPLES + code} for code in names}
    if len(names) == 1:
        content["schema"] = {"$ref": next(iter(names.values()))}
    else:
        content["schema"] = {
            "oneOf": [{"$ref": name} for name in names.values()],
            "discriminator": {"propertyName": "code", "mapping": names},
        }


def _schema(code: str, for_all: dict[str, Any]) -> dict[str, Any]:
    row = problem_code(code)
    constants = {
        "status": {"type": "integer", "const": row.status, "title": "Status"},
        "code": {"type": "string", "const": code, "title": "Code"},
    }
    return {
        "type": "object",
        "title": problem_name(code),
        "description": row.title_en,
        "properties": for_all["properties"] | constants,
        "required": for_all["required"],
    }
