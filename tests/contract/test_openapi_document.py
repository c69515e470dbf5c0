"""The committed contract is what the application says."""

from tools.openapi import COMMITTED, current


def test_the_committed_document_has_not_drifted() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == current()
