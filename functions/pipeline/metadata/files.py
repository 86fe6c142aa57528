"""A file with published data, as it is described in every vocabulary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.publication.record import Publication
from pipeline.table import schema

MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ABOUT = {
    "series_no": "number of the series within its table, as text: 1, 1.0 and 1.10 are three series",
    "series": "label of the series",
    "unit": "unit of measure of the series; empty if SingStat gives none",
    "footnote": "footnote of the series",
    "period": "period that the value refers to, as SingStat writes it",
    "period_start": "first day of the period",
    **{column: f"label of the column at level {column[-1]}" for column in schema.LEVELS},
    "value": "exact decimal(38,18) of value_text; missing if that is not a number",
    "value_text": "the text from SingStat, also where it stands for a missing value: na, -, s",
    "vintage": "date of SingStat's last update",
    "table_id": "id of the SingStat table",
}


class DataFile(NamedTuple):
    """A file, or a sheet of it, at `path` below its description, with rows of these columns (Hive types by name).

    `format` is `csv`, `parquet` or `xlsx`; `name` is a table id, `tables` or `revisions`, and `table` the table whose
    observations it has. `size` in bytes and `sha256` are None where they are not known.
    """

    path: str
    format: str
    name: str
    title: str
    columns: Mapping[str, str]
    table: Publication | None = None
    size: int | None = None
    sha256: str | None = None
    sheet: str | None = None

    @property
    def key(self) -> list[str]:
        """The columns that identify a row; none if no set of them does."""
        if self.table is None:
            return ["table_id"] if self.name == "tables" else []
        return ["series_no", *(schema.LEVELS if self.table.frequency == "cross_sectional" else ["period_start"])]


def tables_of(files: Iterable[DataFile]) -> list[Publication]:
    """The tables whose observations the files have, each once."""
    return [*{file.table.table_id: file.table for file in files if file.table}.values()]


def title(tables: Sequence[Publication]) -> str:
    """The title of a dataset of these tables."""
    return tables[0].title if len(tables) == 1 else "Tables of the SingStat Table Builder"
