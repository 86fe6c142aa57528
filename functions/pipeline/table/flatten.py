"""Flattening: series as lines of JSON, counted for the manifest as they are written."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct, field

from pipeline.errors import SourceContract
from pipeline.source.responses import Header
from pipeline.table import flatten_cells, flatten_series
from pipeline.table.digest import Digest
from pipeline.table.flatten_cells import Flattened
from pipeline.table.manifest import KeptPage, Manifest
from pipeline.table.observations import Series
from pipeline.table.sample import Sample
from pipeline.table.values import EXACT, Meaning

REJECTED_PER_MILLE = 1


class Count(Struct):
    """Counts the series of a table; restored from JSON, it continues.

    `total_value` is the exact sum of the values, `checksum` and `digest` are those of `Digest`, in hexadecimal and in
    decimal digits.
    """

    by_meaning: dict[Meaning, int] = field(default_factory=lambda: dict.fromkeys(Meaning, 0))
    series: int = 0
    first_period: str = ""
    last_period: str = ""
    total_value: Decimal = Decimal(0)
    rejected_example: str = ""
    checksum: str = f"{0:064x}"
    digest: str = "0"
    sample: dict[str, str] = field(default_factory=dict)

    def lines(self, series: Iterable[Series]) -> Iterator[bytes]:
        """The lines of each series, in parts; consume all for the sums to be updated.

        Raises `SourceInconsistent` and `SourceContract` as `Series.observations`.
        """
        return self.add(flatten_series.flatten(each) or flatten_cells.flatten(each.observations()) for each in series)

    def add(self, series: Iterable[Flattened]) -> Iterator[bytes]:
        """Count each series and return its lines, in parts; consume all for the sums to be updated."""
        digest, sample = Digest(int(self.digest), int(self.checksum, 16)), Sample(self.sample)
        for each in series:
            self.series += 1
            for meaning, number in each.meanings.items():
                self.by_meaning[meaning] = self.by_meaning.get(meaning, 0) + number
            if start := each.first_period:
                self.first_period = min(self.first_period or start, start)
                self.last_period = max(self.last_period, each.last_period)
            self.total_value = EXACT.add(self.total_value, each.total)
            self.rejected_example = self.rejected_example or each.odd
            digest.add(each.text)
            sample.add(each.label, each.places, each.texts)
            yield from each.lines
        self.digest, self.checksum = str(digest.digest), f"{digest.checksum:064x}"
        self.sample = sample.sample()

    def manifest(
        self, header: Header, pages: list[KeptPage], *, run_id: str, source_url: str, fetched_at: str
    ) -> Manifest:
        """The manifest of what was counted. Raises `SourceContract` if more than 1 in 1,000 values was rejected."""
        repeated, rejected = self.by_meaning.get(Meaning.REPEATED, 0), self.by_meaning[Meaning.REJECTED]
        observations = sum(self.by_meaning.values()) - repeated
        if rejected * 1000 > observations * REJECTED_PER_MILLE:
            example = f"{self.rejected_example[:40]!r}"
            raise SourceContract(f"{rejected} of {observations} values are neither numbers nor markers, like {example}")
        return Manifest(
            run_id=run_id,
            source_url=source_url,
            fetched_at=fetched_at,
            header=header,
            pages=pages,
            observations=observations,
            series=self.series,
            parsed=self.by_meaning[Meaning.PARSED],
            missing=self.by_meaning[Meaning.MISSING],
            rejected=rejected,
            repeated=repeated,
            first_period=self.first_period,
            last_period=self.last_period,
            total_value=format(self.total_value, "f"),
            checksum=self.checksum,
            digest=self.digest,
            sample=self.sample,
        )
