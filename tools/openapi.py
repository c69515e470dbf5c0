"""Writes the documents in `openapi/` from the applications, or with `--check` says which drifted.

`openapi.json` is the customers' contract, `operator.json` the operator's.
"""

import json
import sys
from pathlib import Path

from fastapi import FastAPI

from app.main import create_app
from app.operator_app import create_operator_app

FOLDER = Path(__file__).resolve().parents[1] / "openapi"
COMMITTED = FOLDER / "openapi.json"
OPERATORS = FOLDER / "operator.json"


def _text(app: FastAPI) -> str:
    """As it is committed: stable order, Korean readable, one newline at the end."""
    return json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"


def documents() -> dict[Path, str]:
    """What each committed document has to say."""
    portal = create_app()
    operators = create_operator_app(portal.state.deps)
    return {COMMITTED: _text(portal), OPERATORS: _text(operators)}


def main() -> int:
    current = documents()
    if "--check" not in sys.argv:
        for path, text in current.items():
            path.write_text(text, encoding="utf-8")
        return 0
    drifted = [
        path
        for path, text in current.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in drifted:
        print(f"openapi/{path.name} is not what the application says: run `make openapi`")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
