"""What a table's fetch amounts to: the numbers that the staged and the published data must equal."""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact

import msgspec
from msgspec import Struct, field

from pipeline.errors import SourceContract
from pipeline.source.answers import Header
from pipeline.table.observations import Observation
from pipeline.table.values import Meaning

EXACT = Context(prec=80, traps=[Inexact])
REJECTED_PER_MILLE = 1
CHECKSUMS = 2**256


class KeptPage(Struct, frozen=True):
    """A body as it came: where it lies, the cell it starts at, the SHA-256 of its bytes."""

    key: str
    offset: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.json`, written last: a fetch without one does not count. parsed + missing + rejected = observations."""

    run_id: str
    source_url: str
    fetched_at: str
    header: Header
    pages: list[KeptPage]
    observations: int
    series: int
    parsed: int
    missing: int
    rejected: int
    first_period: str
    last_period: str
    total_value: str
    checksum: str


class Count(Struct):
    """Counts observations while they pass, series by series. Kept as JSON and read again, it goes on counting.

    `total_value` is their exact sum. `checksum` is the sum of the SHA-256 of their lines modulo 2**256, in hexadecimal
    digits: the same in any order and any number of parts.
    """

    by_meaning: dict[Meaning, int] = field(default_factory=lambda: dict.fromkeys(Meaning, 0))
    series: int = 0
    last_series: str | None = None
    first_period: str = ""
    last_period: str = ""
    total_value: Decimal = Decimal(0)
    rejected_example: str = ""
    checksum: str = f"{0:064x}"

    def lines(self, observations: Iterable[tuple[Observation, Meaning]]) -> Iterator[bytes]:
        """Each observation as a line of JSON. The checksum is right when all of them were taken."""
        encode, total = msgspec.json.Encoder().encode, int(self.checksum, 16)
        for observation, meaning in observations:
            self._add(observation, meaning)
            line = encode(observation) + b"\n"
            total += int.from_bytes(hashlib.sha256(line).digest(), "big")
            yield line
        self.checksum = f"{total % CHECKSUMS:064x}"

    def _add(self, observation: Observation, meaning: Meaning) -> None:
        self.by_meaning[meaning] += 1
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
        """The manifest of what was counted. Raises `SourceContract` when too many values were rejected."""
        observations, rejected = sum(self.by_meaning.values()), self.by_meaning[Meaning.REJECTED]
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
            first_period=self.first_period,
            last_period=self.last_period,
            total_value=format(self.total_value, "f"),
            checksum=self.checksum,
        )
