"""The version of the contract and of what serves it."""

from typing import Final

VERSION: Final = "1.0.0"
