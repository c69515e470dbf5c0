"""Holders of bank accounts through PortOne."""

import msgspec

from app.adapters.http import Call, segment
from app.adapters.portone import PortOneConnection


class _Holder(msgspec.Struct, rename="camel"):
    holder_name: str


class PortOneAccounts:
    """Shares the connection of the payments."""

    def __init__(self, connection: PortOneConnection) -> None:
        self._portone = connection

    async def holder(self, bank: str, number: str) -> str:
        # The provider wants the number in the path; calls are logged by operation only.
        call = Call(
            "account_holder",
            "GET",
            f"/platform/bank-accounts/{segment(bank)}/{segment(number)}/holder",
            headers=self._portone.headers,
            repeatable=True,
        )
        name = (await self._portone.http.call(call, _Holder)).holder_name.strip()
        if not name:
            raise self._portone.http.nonsense("account_holder", "content")
        return name
