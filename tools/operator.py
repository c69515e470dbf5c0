"""Cases, until the operator API is there: `python -m tools.operator --help`.

    list                              what waits
    show ID --why WORDS [--save DIR]  all of a case; its files are saved to DIR
    hold ID --reason WORDS            the sender is asked for more
    approve ID                        a claim needs two operators, one after the other
    refuse ID --reason WORDS

Reads the portal's settings (DATABASE_URL, FILES_DIR, keys) from the environment; without a
DATABASE_URL it works on what `make run` keeps in DATA_DIR (.data), while that runs. Every action
is in the audit log under `--operator`, which is the name of the system's user unless it is given.
"""

import argparse
import asyncio
import getpass
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import structlog

from app.deps import Deps, build_deps
from app.domain.errors import DomainError
from app.problem_codes import problem_code
from app.services.case_decisions import Decided
from app.services.case_queue import CaseFacts, QueuedCase
from app.settings import Settings
from tools.postgres import EmbeddedPostgres


def _line(case: QueuedCase) -> str:
    once = f" (approved by {case.approved_by})" if case.approved_by else ""
    return (
        f"{case.id}  {case.created_at:%Y-%m-%d %H:%M}  {case.kind:<17}  {case.state:<11}"
        f"  {case.business_number}  {case.company_name}{once}"
    )


def _facts(case: CaseFacts) -> str:
    lines = [
        _line(case.line),
        f"sender   {case.name or '(left)'}, {case.phone or '-'}, {case.email or '-'}",
        f"shown    {case.level or 'nothing but the files'}",
        f"note     {case.note or '-'}",
        f"reason   {case.reason or '-'}",
        *(
            f"file     {file.filename}  {file.media_type}  {file.size:,} bytes"
            for file in case.files
        ),
    ]
    return "\n".join(lines)


async def _list(deps: Deps, _: argparse.Namespace) -> None:
    cases = await deps.case_queue.list_open()
    print("\n".join(map(_line, cases)) or "nothing waits")


async def _show(deps: Deps, given: argparse.Namespace) -> None:
    case = await deps.case_queue.open(given.id, given.operator, given.why)
    print(_facts(case))
    if given.save is None:
        return
    given.save.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, file in enumerate(case.files, 1):
        target = given.save / f"{number:02d}-{file.filename}"
        with target.open("xb") as out:
            async for content in deps.case_queue.content(file):
                out.write(content)
        print(f"saved    {target}")


async def _decide(deps: Deps, given: argparse.Namespace) -> None:
    decisions = deps.case_decisions
    if given.action == "approve":
        _told(await decisions.approve(given.id, given.operator))
    elif given.action == "hold":
        _told(await decisions.hold(given.id, given.operator, given.reason))
    else:
        _told(await decisions.refuse(given.id, given.operator, given.reason))


def _told(decided: Decided) -> None:
    waits = ": waits for a second operator" if decided.waits else ""
    print(f"{decided.state}{waits}")


ACTIONS: dict[str, Callable[[Deps, argparse.Namespace], Awaitable[None]]] = {
    "list": _list,
    "show": _show,
    "hold": _decide,
    "approve": _decide,
    "refuse": _decide,
}


def _words(given: str) -> str:
    """What is mailed to a customer: one line, and not empty."""
    words = " ".join(given.split())
    if not 1 <= len(words) <= 500:
        raise argparse.ArgumentTypeError("1 to 500 characters")
    return words


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.operator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--operator", default=getpass.getuser(), help="your name as an operator")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list")
    for name in ("show", "hold", "approve", "refuse"):
        action = actions.add_parser(name)
        action.add_argument("id", type=UUID)
        if name in {"hold", "refuse"}:
            action.add_argument("--reason", type=_words, required=True, help="mailed to the sender")
        if name == "show":
            action.add_argument("--why", type=_words, required=True, help="kept in the audit log")
            action.add_argument("--save", type=Path, help="a folder for the files")
    return parser.parse_args(arguments)


def _settings() -> Settings:
    """A database that is named, or the one of `make run`."""
    if "DATABASE_URL" in os.environ:
        return Settings()
    data_dir = Path(os.environ.get("DATA_DIR", ".data")).resolve()
    database = EmbeddedPostgres(data_dir).dsn("portal", "portal_api")
    return Settings(database_url=database, files_dir=data_dir / "files")


async def run(arguments: list[str]) -> None:
    """Raises DomainError."""
    given = _parse(arguments)
    deps = build_deps(_settings())
    try:
        await ACTIONS[given.action](deps, given)
    finally:
        await deps.close()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        asyncio.run(run(sys.argv[1:]))
    except DomainError as refused:
        sys.exit(f"{refused.code}: {problem_code(refused.code).title_en}")


if __name__ == "__main__":
    main()
