"""Flattening: observations as lines of JSON, counted for the manifest as they are written."""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from pipeline.errors import SourceContract
from pipeline.source.responses import Header
from pipeline.table.digest import Digest
from pipeline.table.manifest import KeptPage, Manifest
from pipeline.table.observations import Observation
from pipeline.table.sample import Sample
from pipeline.table.values import EXACT, Meaning

REJECTED_PER_MILLE = 1
CHECKSUMS = 2**256


class Count(Struct):
    """Counts a stream of observations, series by series; restored from JSON, it continues.

    `total_value` is their exact sum, `digest` the total of `Digest`. `checksum` is the sum of the SHA-256 of their JSON
    lines modulo 2**256, in hexadecimal digits: independent of their order and of how they are divided.
    """

    by_meaning: dict[Meaning, int] = field(default_factory=lambda: dict.fromkeys(Meaning, 0))
    series: int = 0
    last_series: str | None = None
    first_period: str = ""
    last_period: str = ""
    total_value: Decimal = Decimal(0)
    rejected_example: str = ""
    checksum: str = f"{0:064x}"
    digest: str = "0"
    sample: dict[str, str] = field(default_factory=dict)

    def lines(self, observations: Iterable[tuple[Observation, Meaning]]) -> Iterator[bytes]:
        """Each observation of some complete series as a JSON line; consume all for the sums to be updated."""
        encode, total, digest = msgspec.json.Encoder().encode, int(self.checksum, 16), Digest(int(self.digest))
        sample = Sample(self.sample)
        for observation, meaning in observations:
            self._add(observation, meaning)
            if meaning is Meaning.REPEATED:
                continue
            digest.add(observation)
            sample.add(observation)
            line = encode(observation) + b"\n"
            total += int.from_bytes(hashlib.sha256(line).digest(), "big")
            yield line
        self.checksum = f"{total % CHECKSUMS:064x}"
        self.digest = str(digest.total())
        self.sample = sample.sample()

    def _add(self, observation: Observation, meaning: Meaning) -> None:
        self.by_meaning[meaning] = self.by_meaning.get(meaning, 0) + 1
        if observation.series_no != self.last_series:
            self.series += 1
            self.last_series = observation.series_no
        if start := observation.period_start:
            self.first_period = min(self.first_period or start, start)
            self.last_period = max(self.last_period, start)
        if meaning is Meaning.PARSED:
            self.total_value = EXACT.add(self.total_value, Decimal(observation.value))
        elif meaning is Meaning.REJECTED:
            self.rejected_example = self.rejected_example or observation.value_text

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
