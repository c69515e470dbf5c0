"""The committed contracts are what the applications say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools.openapi import COMMITTED, OPERATORS, documents


@pytest.mark.parametrize("path", [COMMITTED, OPERATORS], ids=lambda path: path.name)
def test_a_committed_document_has_not_drifted(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == documents()[path]


def test_what_customers_see_says_nothing_of_the_operator() -> None:
    assert "/v1/operator" not in COMMITTED.read_text(encoding="utf-8")
    assert "/v1/operator" in OPERATORS.read_text(encoding="utf-8")


DOCUMENTS = {path.name: json.loads(path.read_text("utf-8")) for path in (COMMITTED, OPERATORS)}


def operations(name: str) -> list[dict[str, Any]]:
    paths = DOCUMENTS[name]["paths"].values()
    return [operation for path in paths for operation in path.values()]


def inline_objects(node: object, place: str = "") -> list[str]:
    """Where an object's shape stands in place instead of under a name."""
    if isinstance(node, list):
        return [p for i, inner in enumerate(node) for p in inline_objects(inner, f"{place}/{i}")]
    if not isinstance(node, dict):
        return []
    found = [place] if "properties" in node and "type" in node else []
    return found + [
        p for key, inner in node.items() for p in inline_objects(inner, f"{place}/{key}")
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
class TestEveryOperation:
    def test_says_what_it_does_and_who_may(self, name: str) -> None:
        for operation in operations(name):
            assert operation["summary"], operation["operationId"]
            assert operation["description"], operation["operationId"]
            public = operation["x-permission"] == "public"
            assert (not operation["security"] or operation["security"][0] == {}) is public

    def test_has_a_name_of_its_own(self, name: str) -> None:
        names = [operation["operationId"] for operation in operations(name)]
        assert len(names) == len(set(names))

    def test_is_called_in_sdks_by_a_group_and_a_method_that_no_other_has(self, name: str) -> None:
        called = [(each["x-sdk-group"], each["x-sdk-method"]) for each in operations(name)]
        assert len(called) == len(set(called))
        for group, method in called:
            assert re.fullmatch("[a-z]+([A-Z][a-z]*)*", group)
            assert re.fullmatch("[a-z]+([A-Z][a-z]*)*", method)

    def test_answers_problems_whose_code_is_a_constant_of_their_schema(self, name: str) -> None:
        schemas = DOCUMENTS[name]["components"]["schemas"]
        for operation in operations(name):
            for status, response in operation["responses"].items():
                content = response.get("content", {}).get("application/problem+json")
                if content is None:
                    continue
                schema = content["schema"]
                kinds = [each["$ref"] for each in schema.get("oneOf", [schema])]
                codes = []
                for kind in kinds:
                    properties = schemas[kind.rsplit("/", 1)[1]]["properties"]
                    assert properties["status"]["const"] == int(status)
                    codes.append(properties["code"]["const"])
                assert codes == list(content["examples"])
                assert response["description"] == ", ".join(f"`{code}`" for code in codes)

    def test_takes_and_answers_what_has_a_name(self, name: str) -> None:
        document = DOCUMENTS[name]
        assert inline_objects(document["paths"]) == []
        for schema in document["components"]["schemas"].values():
            assert inline_objects(list(schema.get("properties", {}).values())) == []


def test_the_guides_page_of_an_order() -> None:
    (create_order,) = (
        each for each in operations("openapi.json") if each["operationId"] == "create_order"
    )
    assert create_order["x-guide-page"] == "주문 및 결제 > 신규주문, 추가/연장주문"
    assert create_order["x-permission"] == "orders.create.new"


@pytest.mark.parametrize(
    ("operation_id", "called"),
    [
        ("create_order", "orders.create"),
        ("list_memberships", "memberships.list"),
        ("get_order_confirmation", "orders.getConfirmation"),
        ("get_my_consents", "me.getConsents"),
        ("verify_business", "businessVerifications.create"),
        ("list_faq_categories", "faqCategories.list"),
    ],
)
def test_what_sdks_call_an_operation(operation_id: str, called: str) -> None:
    (operation,) = (
        each for each in operations("openapi.json") if each["operationId"] == operation_id
    )
    assert f"{operation['x-sdk-group']}.{operation['x-sdk-method']}" == called


NO_EXAMPLE = {
    "export_orders": "a file; JSON where it is made later",
    "resend_corporate_invitation": "the answer says nothing",
}


def test_every_operation_of_customers_shows_what_is_sent_and_answered() -> None:
    for operation in operations("openapi.json"):
        sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
        answered = [
            content
            for status, answer in operation["responses"].items()
            if status.startswith("2")
            for kind, content in answer.get("content", {}).items()
            if kind == "application/json"
        ]
        shown = ([sent] if sent else []) + answered
        if operation["operationId"] not in NO_EXAMPLE:
            assert all("example" in content for content in shown), operation["operationId"]
