"""Virtual accounts through PortOne: issuing one for a payment, and closing it."""

import msgspec

from app.adapters.portone import PortOneConnection
from app.domain.provider_payments import AccountRequest


class _Issued(msgspec.Struct, rename="camel"):
    pg_tx_id: str


class _Answer(msgspec.Struct):
    payment: _Issued


class _Closed(msgspec.Struct, rename="camel"):
    closed_at: str


class PortOneVirtualAccounts:
    """Shares the connection of the payments."""

    def __init__(self, connection: PortOneConnection) -> None:
        self._portone = connection

    async def issue_account(self, request: AccountRequest) -> None:
        account = {
            "bank": request.bank,
            "expiry": {"dueDate": request.expires_at.isoformat()},
            "option": {"type": "NORMAL"},
            "remitteeName": request.holder,
        }
        body = {
            "storeId": self._portone.store_id,
            "channelKey": request.channel_key,
            "method": {"virtualAccount": account},
            "orderName": request.order_name,
            "amount": {"total": request.amount, "vat": request.vat},
            "currency": "KRW",
            "customer": {"id": request.customer_id},
        }
        await self._portone.http.call(
            self._portone.about_payment(
                "virtual_account_issue", request.payment_id, "/instant", body
            ),
            _Answer,
        )

    async def close_account(self, payment_id: str) -> None:
        body = {"storeId": self._portone.store_id}
        step = "/virtual-account/close"
        await self._portone.http.call(
            self._portone.about_payment("virtual_account_close", payment_id, step, body), _Closed
        )
