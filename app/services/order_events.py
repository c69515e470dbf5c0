"""Names that orders, payments and provisioning share: jobs, and who did a step."""

from uuid import UUID

PROVISION_ITEM = "provision_item"
CHECK_PAYMENT = "check_payment"
SITE_CHANGED = "site_changed"
EXPIRE_ORDER = "expire_order"
ANNOUNCE_ORDER = "announce_order"
SYSTEM = "system"


def account_actor(account_id: UUID) -> str:
    """History names accounts by id: the person may be forgotten, the step stays."""
    return f"account:{account_id}"
