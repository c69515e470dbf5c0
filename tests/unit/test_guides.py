"""The guides name only what there is, in both languages alike."""

import json
import re
from pathlib import Path

import pytest

from app.problem_codes import PROBLEM_CODES
from app.reference import GUIDES
from tools.diagrams import digest
from tools.openapi import COMMITTED

DOCUMENT = COMMITTED.read_text("utf-8")
PATHS = json.loads(DOCUMENT)["paths"]
FILES = sorted(GUIDES.glob("??/*.md"))
CODE = re.compile(r"(?:40\d|412|422)[^`|]{0,12}`([a-z]+(?:_[a-z]+)+)`")
PATH = re.compile(r"`(?:(GET|POST|PUT|PATCH|DELETE) )?(/v1/[a-z0-9/_{}-]+)")
DIAGRAM = re.compile(r"/reference/diagrams/([a-z-]+)\.svg")
MEMBER = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
ELSEWHERE = {
    "preferred_username",
    "external_id",
    "login_hint",
    "latency_ms",
    "error_rate",
    "drop_after",
    "code_challenge",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
class TestAGuide:
    def test_names_paths_of_the_contract(self, path: Path) -> None:
        known = {re.sub(r"\{[^}]*\}", "{}", each): PATHS[each] for each in PATHS}
        for method, named in PATH.findall(path.read_text("utf-8")):
            found = known.get(re.sub(r"\{[^}]*\}", "{}", named.rstrip("/")))
            assert found is not None, named
            assert not method or method.lower() in found, (method, named)

    def test_names_codes_of_the_catalogue(self, path: Path) -> None:
        for code in CODE.findall(path.read_text("utf-8")):
            assert code in PROBLEM_CODES, code

    def test_names_fields_of_the_contract(self, path: Path) -> None:
        for name in set(MEMBER.findall(path.read_text("utf-8"))) - ELSEWHERE:
            assert f'"{name}"' in DOCUMENT, name

    def test_shows_diagrams_that_are_there(self, path: Path) -> None:
        for name in DIAGRAM.findall(path.read_text("utf-8")):
            assert (GUIDES / "diagrams" / f"{name}.svg").exists(), name

    def test_is_there_in_the_other_language_with_as_many_parts(self, path: Path) -> None:
        other = GUIDES / ("en" if path.parent.name == "ko" else "ko") / path.name
        own, others = path.read_text("utf-8"), other.read_text("utf-8")
        for mark in ("\n## ", "\n- ", "\n| ", "](/reference"):
            assert own.count(mark) == others.count(mark), mark


@pytest.mark.parametrize("path", sorted((GUIDES / "diagrams").glob("*.mmd")), ids=lambda p: p.stem)
def test_a_diagram_is_drawn_from_its_source(path: Path) -> None:
    drawn = path.with_suffix(".svg").read_text("utf-8")
    assert drawn.startswith(f"<!-- {digest(path.read_text('utf-8'))} -->")
