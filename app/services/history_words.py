"""The words of exported rows, made once for each key: many orders have the same one."""

from collections.abc import Iterable

from app.db.order_exports import read_key
from app.domain.catalogue import Catalogue
from app.domain.order_history import HistoryWords, history_words

REMEMBERED_KEYS = 10_000


class RememberedWords:
    """Korean, with the names of each order's own catalogue; of one export."""

    def __init__(self, versions: Iterable[Catalogue]) -> None:
        self._versions = {version.code: version for version in versions}
        self._known: dict[str, HistoryWords] = {}

    def of(self, key: str) -> HistoryWords:
        """The words of a row's key."""
        return self._known.get(key) or self._learn(key)

    def _learn(self, key: str) -> HistoryWords:
        code, depends_on = read_key(key)
        if len(self._known) >= REMEMBERED_KEYS:
            self._known.clear()
        found = history_words(depends_on, self._versions[code], korean=True)
        self._known[key] = found
        return found
