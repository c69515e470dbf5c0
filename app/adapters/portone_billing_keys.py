"""Billing keys through PortOne: whose one is, removing it, charging it."""

import msgspec

from app.adapters.http import Call, segment
from app.adapters.portone import PortOneConnection
from app.adapters.portone_payments import last4
from app.domain.billing_keys import BillingKeyStatus, ChargeRequest, ReportedBillingKey
from app.domain.provider_errors import ProviderRefused, Refusal
from app.domain.provider_payments import ChannelType


class _Card(msgspec.Struct):
    issuer: str | None = None
    name: str | None = None
    number: str | None = None


class _Method(msgspec.Struct):
    type: str
    card: _Card | None = None


class _Channel(msgspec.Struct):
    type: ChannelType
    key: str | None = None


class _Customer(msgspec.Struct):
    id: str | None = None


class _BillingKey(msgspec.Struct, rename="camel"):
    status: BillingKeyStatus
    billing_key: str
    store_id: str
    channels: list[_Channel]
    customer: _Customer
    issue_id: str | None = None
    methods: list[_Method] | None = None


class _Charged(msgspec.Struct, rename="camel"):
    paid_at: str


class _Answer(msgspec.Struct):
    payment: _Charged


class _Deleted(msgspec.Struct, rename="camel"):
    deleted_at: str


class PortOneBillingKeys:
    """Shares the connection of the payments: a charge is one."""

    def __init__(self, connection: PortOneConnection) -> None:
        self._portone = connection

    async def billing_key(self, key: str) -> ReportedBillingKey | None:
        try:
            found = await self._portone.http.call(self._of("GET", key), _BillingKey)
        except ProviderRefused as error:
            if error.code is Refusal.NOT_FOUND:
                return None
            raise
        if found.billing_key != key:
            raise self._portone.http.nonsense("billing_key_get", "content")
        return _reported(found)

    async def delete_billing_key(self, key: str) -> None:
        await self._portone.http.call(self._of("DELETE", key), _Deleted)

    async def charge(self, request: ChargeRequest) -> None:
        body = {
            "storeId": self._portone.store_id,
            "billingKey": request.billing_key,
            "orderName": request.order_name,
            "amount": {"total": request.amount, "vat": request.vat},
            "currency": "KRW",
            "customer": {"id": request.customer_id},
        }
        call = Call(
            "billing_key_charge",
            "POST",
            f"/payments/{segment(request.payment_id)}/billing-key",
            json=body,
            headers=self._portone.headers,
            # A declined card would be tried again: whoever is in doubt reads the payment.
            repeatable=False,
        )
        await self._portone.http.call(call, _Answer)

    def _of(self, method: str, key: str) -> Call:
        return Call(
            f"billing_key_{method.lower()}",
            method,
            f"/billing-keys/{segment(key)}",
            params={"storeId": self._portone.store_id},
            headers=self._portone.headers,
            repeatable=True,
        )


def _reported(found: _BillingKey) -> ReportedBillingKey:
    card = next((m.card for m in found.methods or () if m.card is not None), None)
    return ReportedBillingKey(
        status=found.status,
        store_id=found.store_id,
        channels=tuple((channel.key, channel.type) for channel in found.channels),
        issue_id=found.issue_id,
        customer_id=found.customer.id,
        card_issuer=card.issuer if card else None,
        card_name=card.name if card else None,
        card_last4=last4(card.number) if card and card.number else None,
    )
