"""The operator's listener is off unless it is given a port; the token of old is refused."""

import pytest

from app.settings import Settings


def test_it_is_off_by_default() -> None:
    assert Settings().operator_port == 0


def test_production_refuses_the_token_of_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR_TOKEN", "x" * 40)
    assert Settings().operator_port == 0
    with pytest.raises(ValueError, match="OPERATOR_TOKEN is gone"):
        Settings(environment="production")  # type: ignore[arg-type]
