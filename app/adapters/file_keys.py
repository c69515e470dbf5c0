"""Names of stored files: nothing of a customer is in them, and nothing that leads elsewhere."""

import re

_KEY = re.compile(r"[0-9a-f]{32}/[0-9a-f]{32}")
_FOLDER = re.compile(r"[0-9a-f]{32}")


def checked_key(key: str) -> str:
    """`folder/name`, each 32 hexadecimal digits. Raises ValueError for anything else."""
    return _checked(key, _KEY)


def checked_folder(folder: str) -> str:
    """Raises ValueError for what is no folder's name."""
    return _checked(folder, _FOLDER)


def _checked(name: str, shape: re.Pattern[str]) -> str:
    if not shape.fullmatch(name):
        raise ValueError("no key of ours")
    return name
