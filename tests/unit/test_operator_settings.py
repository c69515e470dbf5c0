"""The operator's listener is off unless it is given a port and a token that nobody guesses."""

import pytest

from app.settings import SANDBOX_OPERATOR_TOKEN, Settings


def test_it_is_off_by_default() -> None:
    settings = Settings()
    assert (settings.operator_port, settings.operator_token) == (0, None)


def test_a_port_without_a_token_and_a_short_token_are_refused() -> None:
    with pytest.raises(ValueError, match="OPERATOR_TOKEN"):
        Settings(operator_port=8003)
    with pytest.raises(ValueError, match="32 characters"):
        Settings(operator_token="x" * 31)  # type: ignore[arg-type]
    assert Settings(operator_port=8003, operator_token="x" * 32).operator_port == 8003  # type: ignore[arg-type]


def test_production_refuses_the_sandboxs_token() -> None:
    with pytest.raises(ValueError, match=r"sandbox's secrets.*OPERATOR_TOKEN"):
        Settings(environment="production", operator_token=SANDBOX_OPERATOR_TOKEN)  # type: ignore[arg-type]
