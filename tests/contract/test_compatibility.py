"""What would break clients is found, what would not is let through: docs/compatibility.md."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.compatibility.__main__ import RELEASED, read
from tools.compatibility.changes import Change
from tools.compatibility.documents import changes
from tools.openapi import COMMITTED, OPERATORS

Document = dict[str, Any]
Mutation = Callable[[Document], object]
CONTRACT: Document = json.loads(COMMITTED.read_text("utf-8"))


def mutated(mutation: Mutation) -> list[Change]:
    newer = copy.deepcopy(CONTRACT)
    mutation(newer)
    return changes(CONTRACT, newer)


def operation(document: Document, name: str) -> dict[str, Any]:
    paths = document["paths"].values()
    return next(o for path in paths for o in path.values() if o["operationId"] == name)


def schema(document: Document, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def field(document: Document, name: str, of: str) -> dict[str, Any]:
    found: dict[str, Any] = schema(document, name)["properties"][of]
    return found


def without_path(document: Document) -> None:
    del document["paths"]["/v1/memberships/{membership_id}/upcoming"]


def without_method(document: Document) -> None:
    del document["paths"]["/v1/me/links/{link_id}"]["delete"]


def another_name(document: Document) -> None:
    operation(document, "create_order")["operationId"] = "place_order"


def another_permission(document: Document) -> None:
    operation(document, "list_orders")["x-permission"] = "orders.create.new"


def needs_a_header(document: Document) -> None:
    taken = operation(document, "get_order")["parameters"]
    taken.append({"name": "X-New", "in": "header", "required": True, "schema": {"type": "string"}})


def without_parameter(document: Document) -> None:
    listed = operation(document, "list_orders")
    listed["parameters"] = [p for p in listed["parameters"] if p["name"] != "cursor"]


def needs_a_field(document: Document) -> None:
    body = schema(document, "PlaceOrderRequest")
    body["properties"]["branch"] = {"type": "string"}
    body["required"].append("branch")


def takes_a_field_no_more(document: Document) -> None:
    del schema(document, "PlaceOrderRequest")["properties"]["use_credit"]


def shorter(document: Document) -> None:
    field(document, "NewOrderItemRequest", "users")["anyOf"][0]["maximum"] = 50


def answers_a_field_no_more(document: Document) -> None:
    del schema(document, "OrderBody")["properties"]["vat"]


def another_type(document: Document) -> None:
    total = field(document, "OrderBody", "total")
    total["type"] = "string"


def may_be_missing(document: Document) -> None:
    schema(document, "OrderBody")["required"].remove("number")


def may_be_null(document: Document) -> None:
    properties = schema(document, "OrderBody")["properties"]
    properties["number"] = {"anyOf": [properties["number"], {"type": "null"}]}


def another_success(document: Document) -> None:
    answers = operation(document, "create_order")["responses"]
    answers["202"] = answers.pop("201")


def without_header(document: Document) -> None:
    del operation(document, "get_membership")["responses"]["200"]["headers"]["ETag"]


def fewer_variants(document: Document) -> None:
    items = field(document, "PlaceOrderRequest", "items")["items"]
    items["oneOf"] = items["oneOf"][:2]


BREAKING: dict[str, tuple[Mutation, str]] = {
    "a path is gone": (without_path, "get_upcoming: is gone"),
    "a method is gone": (without_method, "remove_link: is gone"),
    "a method of the SDKs has another name": (another_name, "create_order: is called place_order"),
    "another permission is needed": (
        another_permission,
        "list_orders: needed orders.read, needs orders.create.new",
    ),
    "a header must be sent": (needs_a_header, "get_order > header X-New: is new and required"),
    "a parameter is refused": (without_parameter, "list_orders > query cursor: is gone"),
    "a field must be sent": (needs_a_field, "PlaceOrderRequest/branch: is new"),
    "a field is refused": (takes_a_field_no_more, "PlaceOrderRequest/use_credit: is gone"),
    "less is allowed": (shorter, "NewOrderItemRequest/users: maximum was 100000.0, is 50"),
    "a variant is refused": (fewer_variants, "/items/*: is no ChangeItemRequest any more"),
    "a field is answered no more": (answers_a_field_no_more, "answer 201/vat: is gone"),
    "a field has another type": (another_type, "answer 201/total: was integer, is string"),
    "a field may be missing": (may_be_missing, "answer 201/number: may be missing"),
    "a field may be null": (may_be_null, "answer 201/number: may be null"),
    "success has another status": (another_success, "create_order > answer 201: is gone"),
    "a header is answered no more": (without_header, "get_membership > answer 200 ETag: is gone"),
}


@pytest.mark.parametrize("name", BREAKING)
def test_it_breaks_clients_when(name: str) -> None:
    mutation, expected = BREAKING[name]
    found = [f"{change.place}: {change.what}" for change in mutated(mutation) if change.breaking]
    assert any(expected in each for each in found), found


def new_operation(document: Document) -> None:
    one = copy.deepcopy(operation(document, "get_upcoming"))
    document["paths"]["/v1/memberships/{membership_id}/past"] = {
        "get": one | {"operationId": "get_past"}
    }


def new_optional_parameter(document: Document) -> None:
    taken = operation(document, "list_orders")["parameters"]
    taken.append({"name": "plan", "in": "query", "required": False, "schema": {"type": "string"}})


def new_optional_field(document: Document) -> None:
    schema(document, "PlaceOrderRequest")["properties"]["branch"] = {"type": "string"}


def longer(document: Document) -> None:
    field(document, "NewOrderItemRequest", "users")["anyOf"][0]["maximum"] = 1_000_000


def answers_a_new_field(document: Document) -> None:
    schema(document, "OrderBody")["properties"]["branch"] = {"type": "string"}


def new_code(document: Document) -> None:
    kinds = operation(document, "get_order")["responses"]
    kinds["409"] = operation(document, "create_order")["responses"]["409"]


def new_state(document: Document) -> None:
    schema(document, "OrderStatus")["enum"].append("ON_HOLD")


def other_words(document: Document) -> None:
    operation(document, "create_order")["summary"] = "Order"
    schema(document, "OrderBody")["properties"]["total"]["description"] = "KRW, VAT included."


def deprecated(document: Document) -> None:
    operation(document, "get_upcoming")["deprecated"] = True


COMPATIBLE: dict[str, Mutation] = {
    "there is one more operation": new_operation,
    "one more parameter may be sent": new_optional_parameter,
    "one more field may be sent": new_optional_field,
    "more is allowed": longer,
    "one more field is answered": answers_a_new_field,
    "one more refusal is possible": new_code,
    "one more state is possible": new_state,
    "something is said in other words": other_words,
    "an operation is deprecated": deprecated,
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_it_breaks_nobody_when(name: str) -> None:
    found = mutated(COMPATIBLE[name])
    assert [change for change in found if change.breaking] == []
    assert found or name == "something is said in other words"


@pytest.mark.parametrize("path", [COMMITTED, OPERATORS], ids=lambda path: path.name)
def test_nothing_breaks_whoever_uses_the_released_contract(path: Any) -> None:
    found = changes(read(RELEASED / path.name), read(path))
    assert [change for change in found if change.breaking] == []
