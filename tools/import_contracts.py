"""Contract import: `python -m tools.import_contracts FILE.csv [--dry-run]`; tells all errors."""

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from app.deps import build_deps
from app.services.contract_import import ImportReport
from app.settings import Settings


async def run(document: bytes, operator: str, *, dry_run: bool) -> ImportReport:
    deps = build_deps(Settings())
    try:
        return await deps.contract_import.run(document, operator, dry_run=dry_run)
    finally:
        await deps.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="UTF-8 CSV; docs/contract-import.md")
    parser.add_argument("--dry-run", action="store_true", help="check only, change nothing")
    given = parser.parse_args()
    report = asyncio.run(run(given.file.read_bytes(), getpass.getuser(), dry_run=given.dry_run))
    for error in report.errors:
        print(f"line {error.line}: {error.column or 'file'}: {error.reason}")
    if report.errors:
        sys.exit(f"{len(report.errors)} errors: nothing was imported")
    verb = "would import" if given.dry_run else "imported"
    print(
        f"{verb} {len(report.imported)} sites, {len(report.known)} were there already,"
        f" {report.invited} invitations"
    )


if __name__ == "__main__":
    main()
