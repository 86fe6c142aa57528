"""A digest of a table's cells that Python and sql/verify.sql compute alike: docs/decisions/0013."""

import hashlib
from functools import lru_cache

from pipeline.table.observations import Observation


def netstrings(*texts: str) -> str:
    """The texts, each preceded by its length in code points: `1:a2:bc`. No two lists of texts give the same."""
    return "".join(f"{len(text)}:{text}" for text in texts)


_key = lru_cache(maxsize=65536)(netstrings)  # the series of a table share their periods or columns


class Digest:
    """The sum of the digests of its series: independent of their order, and of the order of their cells.

    A series' digest is the first 64 bits, signed and big-endian, of the MD5 of its labels and its sorted cells.
    """

    def __init__(self, total: int = 0) -> None:
        """Continue from the `total` of other series."""
        self._total = total
        self._labels = ("", "", "", "")
        self._cells: list[str] = []

    def add(self, cell: Observation) -> None:
        """Add a cell; those of one series are added one after another."""
        labels = (cell.series_no, cell.series, cell.unit, cell.footnote)
        if labels != self._labels:
            self._close_series()
            self._labels = labels
        columns = (cell.column_1, cell.column_2, cell.column_3, cell.column_4, cell.column_5)
        key = _key(cell.period, cell.period_start, *columns)
        self._cells.append(f"{key}{len(cell.value_text)}:{cell.value_text}")

    def total(self) -> int:
        """The sum over all series added so far, the last of which is complete."""
        self._close_series()
        return self._total

    def _close_series(self) -> None:
        if self._cells:
            text = netstrings(*self._labels) + "".join(sorted(self._cells))
            digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
            self._total += int.from_bytes(digest[:8], "big", signed=True)
            self._cells.clear()
