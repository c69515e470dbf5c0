"""The committed contracts are what the applications say."""

from pathlib import Path

import pytest

from tools.openapi import COMMITTED, OPERATORS, documents


@pytest.mark.parametrize("path", [COMMITTED, OPERATORS], ids=lambda path: path.name)
def test_a_committed_document_has_not_drifted(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == documents()[path]


def test_what_customers_see_says_nothing_of_the_operator() -> None:
    assert "/v1/operator" not in COMMITTED.read_text(encoding="utf-8")
    assert "/v1/operator" in OPERATORS.read_text(encoding="utf-8")
