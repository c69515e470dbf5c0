"""The sandbox's staff: one of each role, with a password and a secret that everybody knows.

    python -m tools.sandbox_operators kim      signs in at the operator's listener of `make run`
                                               and prints the token

Never made where the environment is production.
"""

import asyncio
import base64
import os
import secrets
import sys
from functools import cache
from typing import Final

import httpx
import pyotp
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.clock import wire_now
from app.db.ids import new_id
from app.db.tables.operators import OperatorAccount, OperatorSession
from app.deps import Deps
from app.domain.operators import SESSION_LASTS, OperatorRole
from app.services.passwords import HASHER
from tools.demo_rows import PASSWORD

STAFF: Final = (
    ("kim", OperatorRole.ADMIN),
    ("lee", OperatorRole.ADMIN),
    ("park", OperatorRole.SUPPORT),
    ("choi", OperatorRole.BILLING),
    ("jung", OperatorRole.CATALOGUE),
)
"""Two ADMINs: what takes four eyes can be tried."""


def totp_of(name: str) -> pyotp.TOTP:
    """What the sandbox's authenticator of this member of staff shows."""
    return pyotp.TOTP(base64.b32encode(f"sandbox-{name:-<12.12}".encode()).decode())


async def make_staff(deps: Deps) -> None:
    """What is missing of them. Raises `RuntimeError` in production."""
    if not deps.settings.is_sandbox:
        raise RuntimeError("the sandbox's staff has no business in production")
    known = {line.name for line in await deps.operator_accounts.all()}
    for name, role in STAFF:
        if name not in known:
            await _make(deps, name, role)


async def _make(deps: Deps, name: str, role: OperatorRole) -> None:
    secret = totp_of(name).secret
    await deps.operator_accounts.create(name, [role], "sandbox", PASSWORD, secret)


async def hold_session(deps: Deps, name: str, role: OperatorRole, token: str) -> None:
    """A session with a token that is known beforehand, for tests and simulations; again is
    harmless."""
    now = wire_now()
    async with deps.database.system_session("sandbox operators") as session:
        made = insert(OperatorAccount).values(
            id=new_id(),
            name=name,
            roles=[str(role)],
            state="ACTIVE",
            password_hash=_nobodys(),
            totp_secret=b"",
            created_at=now,
            updated_at=now,
        )
        await session.execute(made.on_conflict_do_nothing())
        found = select(OperatorAccount.id).where(OperatorAccount.name == name)
        begun = insert(OperatorSession).values(
            id=new_id(),
            operator_id=await session.scalar(found),
            token_hash=deps.one_time.hash(token),
            address="",
            created_at=now,
            expires_at=now + SESSION_LASTS,
        )
        anew = {"ended_at": None, "expires_at": begun.excluded.expires_at}
        await session.execute(begun.on_conflict_do_update(index_elements=["token_hash"], set_=anew))


@cache
def _nobodys() -> str:
    """Of a password that nobody knows."""
    return HASHER.hash(secrets.token_urlsafe())


def sign_ins() -> str:
    """The lines that `make run` prints of them."""
    lines = [f"  {name:<15} {role}" for name, role in STAFF]
    return "\n".join(
        [
            "operators, same password (a token: python -m tools.sandbox_operators kim):",
            *lines,
        ]
    )


async def main(name: str) -> str:
    """A token, by signing in as its owner would."""
    url = f"http://127.0.0.1:{os.environ.get('OPERATOR_PORT', '8003')}"
    body = {"name": name, "password": PASSWORD, "totp_code": totp_of(name).now()}
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await client.post("/v1/operator/sessions", json=body)
    if answer.status_code != 201:
        sys.exit(f"{answer.status_code}: {answer.text}")
    return str(answer.json()["token"])


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else STAFF[0][0])))
