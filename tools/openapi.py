"""Writes `openapi/openapi.json` from the application, or with `--check` says whether it drifted."""

import json
import sys
from pathlib import Path

from app.main import create_app

COMMITTED = Path(__file__).resolve().parents[1] / "openapi" / "openapi.json"


def current() -> str:
    """The document as it is committed: stable order, Korean readable, one newline at the end."""
    return json.dumps(create_app().openapi(), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    if "--check" not in sys.argv:
        COMMITTED.write_text(current(), encoding="utf-8")
        return 0
    if COMMITTED.read_text(encoding="utf-8") == current():
        return 0
    print("openapi/openapi.json is not what the application says: run `make openapi`")
    return 1


if __name__ == "__main__":
    sys.exit(main())
