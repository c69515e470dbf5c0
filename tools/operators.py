"""Accounts of the operator's staff: `python -m tools.operators --help`.

    list
    create NAME --role ROLE [--role ROLE]   prints a first password and the authenticator's address
    reset NAME                              another password and secret, for whoever lost theirs
    roles NAME --role ROLE [--role ROLE]
    disable NAME                            out at once

Roles: SUPPORT, BILLING, CATALOGUE, ADMIN. Reads the portal's settings (DATABASE_URL, keys) from the
environment; without a DATABASE_URL it works on what `make run` keeps in DATA_DIR (.data), while
that runs. Every action is in the audit log under `--operator`, the system's user unless it is
given. What is printed is printed this once.
"""

import argparse
import asyncio
import getpass
import logging
import os
import sys
from pathlib import Path

import structlog

from app.deps import build_deps
from app.domain.errors import DomainError
from app.domain.operators import OperatorRole
from app.problem_codes import problem_code
from app.services.operator_accounts import NewSecrets, OperatorAccounts
from app.settings import Settings
from tools.postgres import EmbeddedPostgres


def _shown(made: NewSecrets) -> str:
    return f"name      {made.name}\npassword  {made.password}\ntotp      {made.totp_uri}"


async def _act(accounts: OperatorAccounts, given: argparse.Namespace) -> str:
    """What is printed. Raises DomainError."""
    if given.action == "list":
        lines = [
            f"{one.name:<30}  {one.state:<8}  {', '.join(one.roles)}"
            for one in await accounts.all()
        ]
        return "\n".join(lines) or "nobody"
    if given.action == "create":
        roles = [OperatorRole(role) for role in given.role]
        return _shown(await accounts.create(given.name, roles, given.operator))
    if given.action == "reset":
        return _shown(await accounts.reset(given.name, given.operator))
    if given.action == "roles":
        roles = [OperatorRole(role) for role in given.role]
        await accounts.give_roles(given.name, roles, given.operator)
    else:
        await accounts.disable(given.name, given.operator)
    return "done"


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.operators",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--operator", default=getpass.getuser(), help="who does it")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list")
    for name in ("create", "reset", "roles", "disable"):
        action = actions.add_parser(name)
        action.add_argument("name")
        if name in {"create", "roles"}:
            action.add_argument(
                "--role", action="append", required=True, choices=sorted(OperatorRole)
            )
    return parser.parse_args(arguments)


def _settings() -> Settings:
    """A database that is named, or the one of `make run`."""
    if "DATABASE_URL" in os.environ:
        return Settings()
    data_dir = Path(os.environ.get("DATA_DIR", ".data")).resolve()
    return Settings(database_url=EmbeddedPostgres(data_dir).dsn("portal", "portal_api"))


async def run(arguments: list[str]) -> str:
    """Raises DomainError."""
    given = _parse(arguments)
    deps = build_deps(_settings())
    try:
        return await _act(deps.operator_accounts, given)
    finally:
        await deps.close()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        print(asyncio.run(run(sys.argv[1:])))
    except DomainError as refused:
        sys.exit(f"{refused.code}: {problem_code(refused.code).title_en}")


if __name__ == "__main__":
    main()
