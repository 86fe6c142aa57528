"""A sample of a table's cells, by which two editions are compared without reading either."""

import hashlib
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from pipeline.table.values import read_value

SIZE = 256
KEYS = 2**64


@lru_cache(maxsize=8192)  # the series of a table share their periods or columns
def place(*texts: str) -> int:
    """The hash of a period, or of the five levels of a column."""
    return int.from_bytes(hashlib.blake2b("\0".join(texts).encode(), digest_size=8).digest(), "big")


class Places:
    """The cells of a series by the hashes of their places, each with its position in the series."""

    def __init__(self, hashes: Iterable[int]) -> None:
        ascending = sorted((each, position) for position, each in enumerate(hashes))
        self._hashes, self._positions = [each for each, _ in ascending], [position for _, position in ascending]

    def between(self, first: int, last: int) -> Iterable[tuple[int, int]]:
        """The cells with a hash from `first` to `last`; round through zero if `last` is smaller."""
        start, end = bisect_left(self._hashes, first), bisect_right(self._hashes, last)
        found = range(start, end) if first <= last else chain(range(start, len(self._hashes)), range(end))
        return ((self._hashes[n], self._positions[n]) for n in found)


class Sample:
    """The `SIZE` cells with the smallest hashes of series label and period or columns, each with a hash of its value.

    Independent of the order of the cells. Zeros at the end of decimals do not count; a missing value counts as 0,
    and cells with the same labels are added up.
    """

    def __init__(self, sample: Mapping[str, str]) -> None:
        """Continue from the `sample` of other cells."""
        self._values = {int(key, 16): int(value, 16) for key, value in sample.items()}
        self._limit = max(self._values) if len(self._values) >= SIZE else KEYS - 1

    def add(self, series: str, places: Places, texts: Sequence[str]) -> None:
        """Add the cells of a series: its label, where they are, and their texts."""
        label = place(series)
        for hashed, position in places.between(-label % KEYS, (self._limit - label) % KEYS):
            key, (_, value) = (label + hashed) % KEYS, read_value(texts[position])
            number = value.rstrip("0").rstrip(".") if "." in value else value
            self._values[key] = (self._values.get(key, 0) + zlib.crc32(number.encode())) % 2**32
        if len(self._values) >= 2 * SIZE:
            self._values = self._smallest()
            self._limit = max(self._values)

    def sample(self) -> dict[str, str]:
        """The sample of all cells added so far, in hexadecimal digits."""
        return {f"{key:016x}": f"{value:08x}" for key, value in self._smallest().items()}

    def _smallest(self) -> dict[int, int]:
        return {key: self._values[key] for key in sorted(self._values)[:SIZE]}
