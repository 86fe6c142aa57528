"""Exact comparison of the staged data, as measured by Athena, with the manifests of the downloads."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.resources import files

from msgspec import Struct

from pipeline.errors import VerificationFailed
from pipeline.table.manifest import Manifest

QUERY = files("pipeline").joinpath("sql/verify.sql").read_text("utf-8")


class Measured(Struct, frozen=True):
    """A row of sql/verify.sql as Athena's text, "" for NULL. `digest` is "" in rows stored before it existed."""

    table_id: str
    observations: str
    series: str
    parsed: str
    first_period: str
    last_period: str
    total_value: str
    digest: str = ""


def expected(manifest: Manifest) -> dict[str, str | Decimal]:
    """What Athena must measure, by field of `Measured`; without a digest if the manifest has none."""
    numbers: dict[str, str | Decimal] = {
        "observations": str(manifest.observations),
        "series": str(manifest.series),
        "parsed": str(manifest.parsed),
        "first_period": manifest.first_period,
        "last_period": manifest.last_period,
        "total_value": Decimal(manifest.total_value),
    }
    return numbers | ({"digest": manifest.digest} if manifest.digest else {})


def verify(manifests: Sequence[Manifest], measured: Mapping[str, Measured]) -> None:
    """Compare every table. Raises `VerificationFailed` listing each difference and each table that is not staged."""
    wrong = [difference for manifest in manifests for difference in _differences(manifest, measured)]
    if wrong:
        raise VerificationFailed("; ".join(wrong))


def _differences(manifest: Manifest, measured: Mapping[str, Measured]) -> list[str]:
    table_id = manifest.header.table_id
    if table_id not in measured:
        return [f"{table_id} is not staged"]
    row = measured[table_id]
    staged = {name: getattr(row, name) for name in expected(manifest)} | {"total_value": Decimal(row.total_value or 0)}
    return [
        f"{table_id} {name}: {staged[name]} staged, {number} downloaded"
        for name, number in expected(manifest).items()
        if staged[name] != number
    ]
