"""Descriptions of parameters that mean the same wherever they are taken."""

from typing import Any

MEANINGS = {
    "cursor": "`next_cursor` of the page before; the first page has none.",
    "size": "Entries on a page.",
    "page": "Pages begin at 1.",
    "sort": "The order of the entries; a leading `-` turns it round.",
    "query": "What to look for, a part of it.",
    "from": "The first day, included (KST).",
    "to": "The last day, included (KST).",
    "format": "The kind of file.",
    "kind": "Only this kind.",
    "state": "Only those in this state.",
    "status": "Only those in this state.",
    "type": "Only this type.",
    "category": "Only this category.",
    "use": "What the documents are for.",
    "client_type": "A browser keeps the refresh token in a cookie; a native client holds it.",
    "last_day": "The day whose end would be the end of the service; today where none is named.",
    "days": "How many days ahead.",
    "ticket": "The `id` of a ticket.",
    "provider": "The social provider.",
    "code": "Its code, which never changes.",
    "if-none-match": "An ETag that was read: 304 where it is still that one.",
}
"""By name. An operation whose parameter means something else describes it itself."""

BY_OPERATION = {
    ("return_from_groupware", "code"): "The authorization code.",
    ("return_from_groupware", "state"): "What the portal gave the groupware.",
    ("return_from_groupware", "error"): "Why there is no code (OAuth 2.0, section 4.1.2.1).",
    ("start_groupware_sign_in", "iss"): "The groupware's issuer.",
    ("start_groupware_sign_in", "login_hint"): "Who is meant, in the groupware's words.",
    ("start_groupware_sign_in", "target_link_uri"): "Which page of the portal to open.",
}


def describe_parameters(paths: dict[str, Any]) -> None:
    """Every parameter says what it is; ids say of what."""
    for operations in paths.values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if "description" not in parameter:
                    said = _meaning(operation["operationId"], parameter["name"])
                    if said is not None:
                        parameter["description"] = said


def _meaning(operation: str, name: str) -> str | None:
    named = BY_OPERATION.get((operation, name)) or MEANINGS.get(name)
    if named is None and name.endswith("_id"):
        named = f"The `id` of the {name.removesuffix('_id').replace('_', ' ')}."
    return named
