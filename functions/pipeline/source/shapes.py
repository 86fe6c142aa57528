"""What SingStat sends, as structs: the fields in use must have known types, and texts have a maximum length."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from pipeline.errors import SourceContract

MAX_COLUMN_LEVELS = 5
MAX_TEXT = 1_000  # characters; the longest label observed has 105
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Footnote = Annotated[str, Meta(max_length=20_000)]  # the longest observed has 1,608
Optional = Text | UnsetType | None


class Column(Struct, gc=False):
    """A cell (`key`, `value`) or, in a cross-sectional table, a group of columns (`key`, `columns`)."""

    key: Text
    value: Text | None = None
    columns: list["Column"] | None = None


class Labels(
    Struct, gc=False, rename={"series": "rowText", "time_series_no": "seriesNo", "row_no": "rowNo", "unit": "uoM"}
):
    """What a row says about a series of a time series table (`time_series_no`) or about itself (`row_no`)."""

    series: Text
    time_series_no: Text | None = None
    row_no: Text | None = None
    unit: Text | None = None
    footnote: Footnote | None = None

    @property
    def series_no(self) -> str:
        """The number of the series or row. Raises `SourceContract` if it has none."""
        number = self.time_series_no or self.row_no
        if number is None:
            raise SourceContract(f"the row {self.series[:40]!r} has neither seriesNo nor rowNo")
        return number


class SentRow(Labels, gc=False):
    """A row whose columns are not yet read."""

    columns: Raw | UnsetType = UNSET


class Row(Labels, gc=False):
    """A series of a time series table or a row of a cross-sectional table."""

    columns: Sequence[Column] = ()

    def cells(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Each cell as (column keys from the outermost to the innermost, text).

        Raises `SourceContract` if a column has neither value nor columns or both, or is nested deeper than five levels.
        """
        return _cells(self.columns, (), f"row {self.series_no}")


def _cells(columns: Iterable[Column], outer: tuple[str, ...], where: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for number, column in enumerate(columns):
        path, place = (*outer, column.key), f"{where}.columns[{number}]"
        if len(path) > MAX_COLUMN_LEVELS:
            raise SourceContract(f"{place} is nested deeper than {MAX_COLUMN_LEVELS} levels")
        if column.columns and column.value is not None:
            raise SourceContract(f"{place} has both a value and columns")
        if column.value is not None:
            yield path, column.value
        elif column.columns is not None:
            yield from _cells(column.columns, path, place)
        else:
            raise SourceContract(f"{place} has neither value nor columns")


class Records(
    Struct,
    rename={
        "updated": "dataLastUpdated",
        "table_type": "tableType",
        "agency": "dataSource",
        "time_series_agency": "datasource",
        "group": "groupTitle",
        "adjustment": "adjustmentType",
        "generator": "generatedBy",
        "generated": "dateGenerated",
        "order": "sortBy",
        "periods": "timeFilter",
    },
):
    """A table: `Data.records` of `GET /metadata/{id}` and `Data` of `GET /tabledata/{id}`.

    `id`, `title` and `updated` may be absent only where there is no cell. The fields below `row` are only counted.
    """

    id: Optional = UNSET
    title: Optional = UNSET
    updated: Optional = UNSET
    frequency: Optional = UNSET
    table_type: Optional = UNSET
    theme: Optional = UNSET
    subject: Optional = UNSET
    topic: Optional = UNSET
    agency: Optional = UNSET
    time_series_agency: Optional = UNSET
    footnote: Footnote | UnsetType | None = UNSET
    limit: Optional = UNSET
    total: Annotated[int, Meta(ge=0)] | UnsetType | None = UNSET
    row: list[SentRow] | UnsetType = UNSET
    group: Any = UNSET
    adjustment: Any = UNSET
    generator: Any = UNSET
    generated: Any = UNSET
    offset: Any = UNSET
    order: Any = UNSET
    periods: Any = UNSET
    between: Any = UNSET
    search: Any = UNSET
