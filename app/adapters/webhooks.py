"""Call backs as Standard Webhooks, of the payment provider and of the groupware."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.webhook_events import (
    PaymentEvent,
    PaymentEventKind,
    SiteEvent,
    SiteEventKind,
    WebhookFault,
    WebhookRefused,
)

LARGEST_BODY = 65_536  # bytes

_PAYMENT_TYPES = {
    "Transaction." + name
    for name in [
        "Ready",
        "Paid",
        "VirtualAccountIssued",
        "PartialCancelled",
        "Cancelled",
        "Failed",
        "PayPending",
        "CancelPending",
        "Confirm",
        "DisputeCreated",
        "DisputeResolved",
    ]
}
_BILLING_KEY_TYPES = {
    "BillingKey." + name for name in ("Ready", "Issued", "Failed", "Deleted", "Updated")
}
_SITE_TYPES = {
    "operation.succeeded": SiteEventKind.OPERATION_ENDED,
    "operation.failed": SiteEventKind.OPERATION_ENDED,
    "usage.changed": SiteEventKind.USAGE_CHANGED,
    "user.deactivated": SiteEventKind.USER_CHANGED,
    "user.admin_revoked": SiteEventKind.USER_CHANGED,
}


class _Envelope(msgspec.Struct):
    type: str
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _PaymentData(msgspec.Struct, rename="camel"):
    store_id: str | None = None
    payment_id: str | None = None
    transaction_id: str | None = None
    cancellation_id: str | None = None
    billing_key: str | None = None


class _SiteData(msgspec.Struct):
    external_id: str | None = None
    operation_id: str | None = None
    sub: str | None = None


class _Verifier:
    """`secrets` are `whsec_…`: the current one and, while rotating, its predecessor."""

    def __init__(self, provider: str, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("a webhook needs a secret")
        self._provider = provider
        self._webhooks = [Webhook(secret) for secret in secrets]

    def envelope(self, headers: Mapping[str, str], body: bytes) -> tuple[str, _Envelope]:
        """The message's id and content, once its signature holds."""
        if len(body) > LARGEST_BODY:
            raise self.refused(WebhookFault.TOO_LARGE)
        if not any(_signed(webhook, headers, body) for webhook in self._webhooks):
            raise self.refused(WebhookFault.SIGNATURE)
        by_name = {name.lower(): value for name, value in headers.items()}
        try:
            return by_name["webhook-id"], msgspec.json.decode(body, type=_Envelope)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise self.refused(WebhookFault.MALFORMED) from None

    def refused(self, fault: WebhookFault) -> WebhookRefused:
        return WebhookRefused(self._provider, fault)


def _signed(webhook: Webhook, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError):
        return False  # the library lets a malformed header through as ValueError
    return True


class PortOneWebhooks:
    def __init__(self, secrets: Sequence[str]) -> None:
        self._verifier = _Verifier("portone", secrets)

    def verify(self, headers: Mapping[str, str], body: bytes) -> PaymentEvent:
        """Raises WebhookRefused. An unknown type is IGNORED, whatever its data."""
        message_id, envelope = self._verifier.envelope(headers, body)
        kind = PaymentEventKind.IGNORED
        data = _PaymentData()
        if envelope.type in _PAYMENT_TYPES:
            kind = PaymentEventKind.PAYMENT_CHANGED
        elif envelope.type in _BILLING_KEY_TYPES:
            kind = PaymentEventKind.BILLING_KEY_CHANGED
        if kind is not PaymentEventKind.IGNORED:
            try:
                data = msgspec.json.decode(envelope.data, type=_PaymentData)
            except (msgspec.MsgspecError, ValueError):
                raise self._verifier.refused(WebhookFault.MALFORMED) from None
        if kind is PaymentEventKind.PAYMENT_CHANGED and not data.payment_id:
            raise self._verifier.refused(WebhookFault.MALFORMED)
        return PaymentEvent(
            id=message_id,
            kind=kind,
            name=envelope.type,
            occurred_at=envelope.timestamp,
            store_id=data.store_id,
            payment_id=data.payment_id,
            transaction_id=data.transaction_id,
            cancellation_id=data.cancellation_id,
            billing_key=data.billing_key,
        )


class GroupwareWebhooks:
    def __init__(self, secrets: Sequence[str]) -> None:
        self._verifier = _Verifier("groupware", secrets)

    def verify(self, headers: Mapping[str, str], body: bytes) -> SiteEvent:
        """Raises WebhookRefused. An unknown type is IGNORED, whatever its data."""
        message_id, envelope = self._verifier.envelope(headers, body)
        kind = _SITE_TYPES.get(envelope.type, SiteEventKind.IGNORED)
        data = _SiteData()
        if kind is not SiteEventKind.IGNORED:
            try:
                data = msgspec.json.decode(envelope.data, type=_SiteData)
            except (msgspec.MsgspecError, ValueError):
                raise self._verifier.refused(WebhookFault.MALFORMED) from None
            if not data.external_id:
                raise self._verifier.refused(WebhookFault.MALFORMED)
        return SiteEvent(
            id=message_id,
            kind=kind,
            name=envelope.type,
            occurred_at=envelope.timestamp,
            external_id=data.external_id,
            operation_id=data.operation_id,
            subject=data.sub,
        )
