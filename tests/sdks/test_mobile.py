"""Kotlin and Swift: parsed without an error, every method there by its name. Not compiled here."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_kotlin
import tree_sitter_swift
from tree_sitter import Language, Node, Parser

from tools import sdks

pytestmark = pytest.mark.usefixtures("made")
NOT_READ = ") as! T"
"""Right Swift of the generator's own runtime that the grammar does not know."""
LANGUAGES = {
    "kotlin": (tree_sitter_kotlin.language(), "*.kt", "Api.kt"),
    "swift": (tree_sitter_swift.language(), "*.swift", "API.swift"),
}


def errors(node: Node) -> Iterator[Node]:
    if node.type == "ERROR" or node.is_missing:
        yield node
        return
    if node.has_error:
        for child in node.children:
            yield from errors(child)


def functions(node: Node) -> Iterator[str]:
    if node.type == "function_declaration":
        name = node.child_by_field_name("name")
        if name is None:
            name = next(c for c in node.children if c.type in {"simple_identifier", "identifier"})
        assert name.text is not None
        yield name.text.decode().strip("`")
    for child in node.children:
        yield from functions(child)


def sources(language: str) -> list[Path]:
    found = sorted((sdks.BUILD / language).rglob(LANGUAGES[language][1]))
    return [path for path in found if "/src/test/" not in str(path) and "Tests" not in path.parts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_read_without_an_error(language: str) -> None:
    parser = Parser(Language(LANGUAGES[language][0]))
    wrong = []
    for path in sources(language):
        tree = parser.parse(path.read_bytes())
        lines = path.read_text("utf-8").splitlines()
        places = {node.start_point.row for node in errors(tree.root_node)}
        wrong += [f"{path.name}: {lines[row]}" for row in places if NOT_READ not in lines[row]]
    assert len(sources(language)) > 300
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_method_is_there_by_its_name(language: str) -> None:
    document = json.loads(sdks.DOCUMENT.read_text("utf-8"))
    parser = Parser(Language(LANGUAGES[language][0]))
    ending = LANGUAGES[language][2]
    there = set()
    for path in sources(language):
        if path.name.endswith(ending):
            group = path.name.removesuffix(ending)
            group = group[0].lower() + group[1:]
            tree = parser.parse(path.read_bytes())
            there |= {f"{group}.{name}" for name in functions(tree.root_node)}
    assert set(sdks.names(document)) - there == set()
    assert {"orders.create", "memberships.list", "pricePreviews.create"} <= there
