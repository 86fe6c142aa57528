"""Exact comparison of the staged data, as measured by Athena, with the manifests of the downloads."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import TypeVar

from msgspec import Struct, field

from pipeline.contracts.base import Contract
from pipeline.contracts.records import DownloadOutcome, PublishOutcome
from pipeline.contracts.states import Scope
from pipeline.errors import VerificationFailed
from pipeline.table.manifest import Manifest
from pipeline.table.values import EXACT

T = TypeVar("T")
MAX_FAILED = 64  # queries; after that many, the tables of one that fails are not divided any more
QUERY = files("pipeline").joinpath("sql/verify.sql").read_text("utf-8")


class Measured(Struct, frozen=True, kw_only=True):
    """What the query `query_id` measured of a table, in the text of Athena; "" for NULL."""

    table_id: str
    observations: str
    distinct_keys: str
    series: str
    parsed: str
    first_period: str
    last_period: str
    total_value: str
    digest: str
    query_id: str


class Verification(Contract):
    """`runs/<run_id>/verified.json`: by table id, what has been measured and which tables failed."""

    measured: dict[str, Measured] = field(default_factory=dict)
    failed: dict[str, DownloadOutcome] = field(default_factory=dict)

    def verified(self, table_id: str) -> bool:
        """Whether the table is staged exactly as it was downloaded."""
        return table_id in self.measured and table_id not in self.failed


def read_row(row: Sequence[str], query_id: str) -> Measured:
    """A row of sql/verify.sql, the two parts of its sum added up."""
    table_id, observations, distinct_keys, series, parsed, first_period, last_period, whole, fraction, digest = row
    return Measured(
        table_id=table_id,
        observations=observations,
        distinct_keys=distinct_keys,
        series=series,
        parsed=parsed,
        first_period=first_period,
        last_period=last_period,
        total_value=format(EXACT.add(Decimal(whole or 0), Decimal(fraction or 0)), "f"),
        digest=digest,
        query_id=query_id,
    )


def expected(manifest: Manifest) -> dict[str, str | Decimal]:
    """What Athena must measure, by field of `Measured`; without a digest if the manifest has none."""
    numbers: dict[str, str | Decimal] = {
        "observations": str(manifest.observations),
        "distinct_keys": str(manifest.observations),
        "series": str(manifest.series),
        "parsed": str(manifest.parsed),
        "first_period": manifest.first_period,
        "last_period": manifest.last_period,
        "total_value": Decimal(manifest.total_value),
    }
    return numbers | ({"digest": manifest.digest} if manifest.digest else {})


def verify(manifest: Manifest, measured: Measured | None) -> None:
    """Compare a table, None if it is not staged. Raises `VerificationFailed` listing each difference."""
    if measured is None:
        raise VerificationFailed("it is not staged")
    staged = {name: getattr(measured, name) for name in expected(manifest)}
    staged["total_value"] = Decimal(measured.total_value)
    wrong = [
        f"{name}: {staged[name]} staged, {number} downloaded"
        for name, number in expected(manifest).items()
        if staged[name] != number
    ]
    if wrong:
        raise VerificationFailed("; ".join(wrong))


def unpublished(
    stored: Sequence[DownloadOutcome], verification: Verification, outcome: PublishOutcome
) -> list[DownloadOutcome]:
    """The verified tables that are not in the outcome of an earlier visit."""
    done = {*outcome.published, *(table.table_id for table in outcome.failed)}
    return [table for table in stored if table.table_id not in done and verification.verified(table.table_id)]


def shared(tables: Iterable[T], cells: Callable[[T], int], most: int) -> list[list[T]]:
    """The tables divided, in their order, among queries over at most so many cells or over one table."""
    found: list[list[T]] = []
    total = 0
    for table in tables:
        total += cells(table)
        if found and total <= most:
            found[-1].append(table)
        else:
            found.append([table])
            total = cells(table)
    return found


def scopes(stored: Iterable[DownloadOutcome], most_cells: int) -> list[Scope]:
    """The scopes of the queries that share the tables, in the order of their ids."""
    tables = sorted(stored, key=lambda table: table.table_id)
    queries = shared(tables, lambda table: table.observations, most_cells)
    return [Scope(first=query[0].table_id, last=query[-1].table_id) for query in queries]


def within(stored: Iterable[DownloadOutcome], scope: Scope) -> list[DownloadOutcome]:
    """The tables of the scope, in the order of their ids."""
    tables = (table for table in stored if scope.first <= table.table_id <= scope.last)
    return sorted(tables, key=lambda table: table.table_id)


def divide(table_ids: Sequence[str], failed: int) -> list[Scope]:
    """Two scopes that share the tables of a failed query, given in the order of their ids.

    Empty if they are not to be divided: it is one table, or the queries that `failed` have reached the limit.
    """
    if len(table_ids) == 1 or failed >= MAX_FAILED:
        return []
    middle = len(table_ids) // 2
    return [Scope(first=part[0], last=part[-1]) for part in (table_ids[:middle], table_ids[middle:])]
