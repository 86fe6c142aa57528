"""A sample of a table's cells, by which two editions are compared without reading either."""

import hashlib
import zlib
from collections.abc import Mapping
from functools import lru_cache

from pipeline.table.observations import Observation

SIZE = 256
KEYS = 2**64


@lru_cache(maxsize=65536)  # the series of a table share their periods or columns
def _hash(*texts: str) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(texts).encode(), digest_size=8).digest(), "big")


class Sample:
    """The `SIZE` cells with the smallest hashes of series label and period or columns, each with a hash of its value.

    Independent of the order of the cells. Zeros at the end of decimals do not count; a missing value counts as 0,
    and cells with the same labels are added up.
    """

    def __init__(self, sample: Mapping[str, str]) -> None:
        """Continue from the `sample` of other cells."""
        self._values = {int(key, 16): int(value, 16) for key, value in sample.items()}
        self._series, self._label = "", _hash("")
        self._limit = max(self._values) if len(self._values) >= SIZE else KEYS

    def add(self, cell: Observation) -> None:
        """Add a cell."""
        if cell.series != self._series:
            self._series, self._label = cell.series, _hash(cell.series)
        if cell.column_1:
            place = _hash(cell.column_1, cell.column_2, cell.column_3, cell.column_4, cell.column_5)
        else:
            place = _hash(cell.period)
        key = (self._label + place) % KEYS
        if key > self._limit:
            return
        number = cell.value.rstrip("0").rstrip(".") if "." in cell.value else cell.value
        self._values[key] = (self._values.get(key, 0) + zlib.crc32(number.encode())) % 2**32
        if len(self._values) >= 2 * SIZE:
            self._shrink()

    def sample(self) -> dict[str, str]:
        """The sample of all cells added so far, in hexadecimal digits."""
        self._shrink()
        return {f"{key:016x}": f"{value:08x}" for key, value in self._values.items()}

    def _shrink(self) -> None:
        kept = sorted(self._values)[:SIZE]
        self._values = {key: self._values[key] for key in kept}
        self._limit = kept[-1] if len(kept) == SIZE else KEYS
