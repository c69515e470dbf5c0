"""`make openapi-diff`: the committed contracts beside the last released ones.

Prints every change, breaking ones first, and ends with 1 where there is a breaking one. With
`--release` the present documents become the released ones.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tools.compatibility.documents import changes
from tools.openapi import COMMITTED, FOLDER, OPERATORS

RELEASED = FOLDER / "released"


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def main() -> int:
    if "--release" in sys.argv:
        for path in (COMMITTED, OPERATORS):
            text = json.dumps(read(path), ensure_ascii=False, separators=(",", ":"))
            (RELEASED / path.name).write_text(text + "\n", encoding="utf-8")
        return 0
    broken = 0
    for path in (COMMITTED, OPERATORS):
        found = changes(read(RELEASED / path.name), read(path))
        broken += sum(change.breaking for change in found)
        for change in sorted(found, key=lambda change: not change.breaking):
            kind = "BREAKING" if change.breaking else "compatible"
            print(f"{path.name}: {kind}: {change.place}: {change.what}")
    print(f"{broken} breaking changes")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
