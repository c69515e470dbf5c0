"""What the portal has queued as mails, opened."""

from typing import Any

import msgspec
from fastapi import FastAPI
from sqlalchemy import select

from app.db.tables.plumbing import Mail


async def mails_to(portal: FastAPI, address: str, kind: str) -> list[dict[str, str]]:
    """The facts of each mail of a kind to an address, the oldest first."""
    deps = portal.state.deps
    async with deps.database.system_session("test: mails") as session:
        rows = (
            await session.execute(select(Mail).where(Mail.kind == kind).order_by(Mail.id))
        ).scalars()
        return [
            msgspec.json.decode(deps.vault.open("mails.facts", row.facts), type=dict[str, str])
            for row in rows
            if deps.vault.open("mails.recipient", row.recipient) == address
        ]


async def link_token(portal: FastAPI, address: str, kind: str, fact: str = "link") -> str:
    """The token in the fragment of the newest mail's link."""
    mails: list[dict[str, Any]] = await mails_to(portal, address, kind)
    link = mails[-1][fact]
    assert "?" not in link
    return str(link.partition("#token=")[2])
