"""`x-sdk-group` and `x-sdk-method`: what an operation is called in generated SDKs.

The group is the first word of the path (`/v1/payment-methods/…` → `paymentMethods`), the method is
the operation's own name without the words of the group: `create_order` → `orders.create`.
"""

from typing import Any

OPERATOR = "operator"
EXCEPTIONS = {
    "get_health": ("service", "getHealth"),
    "get_readiness": ("service", "getReadiness"),
    "verify_business": ("businessVerifications", "create"),
    "send_business_document": ("businessDocuments", "send"),
    "claim_company": ("companyClaims", "create"),
    "invite_user": ("invitations", "create"),
    "reply_to_inquiry": ("inquiries", "reply"),
    "answer_about_marketing": ("marketingAnswers", "create"),
    "unsubscribe_from_marketing": ("marketing", "unsubscribe"),
    "preview_price": ("pricePreviews", "create"),
}
"""Where the rule would not read well; a verb alone, or a place that is no resource."""


def name_for_sdks(paths: dict[str, Any]) -> None:
    """Gives each operation its group and method, both in camelCase."""
    for path, operations in paths.items():
        for operation in operations.values():
            group, method = sdk_name(path, operation["operationId"])
            operation |= {"x-sdk-group": group, "x-sdk-method": method}


def sdk_name(path: str, operation_id: str) -> tuple[str, str]:
    """(group, method) of the operation, e.g. ("orders", "getConfirmation")."""
    if operation_id in EXCEPTIONS:
        return EXCEPTIONS[operation_id]
    segments = [part for part in path.split("/") if part not in {"", "v1", OPERATOR}]
    group = segments[0].split("-")
    words = [word for word in operation_id.split("_") if word != OPERATOR]
    said = {form for word in group for form in _forms(word)}
    # The first word is what is done: it stays, whatever the group is called.
    method = words[:1] + [word for word in words[1:] if word not in said]
    return _camel(group), _camel(method)


def _forms(word: str) -> set[str]:
    """The word as it is, and of one: `categories` → `category`, `orders` → `order`, `me` → `my`."""
    if word == "me":
        return {"me", "my"}
    if word.endswith("ies"):
        return {word, word[:-3] + "y"}
    return {word, word.removesuffix("s")}


def _camel(words: list[str]) -> str:
    return words[0] + "".join(word.capitalize() for word in words[1:])
