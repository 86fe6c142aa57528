"""A table in SDMX 3.0: its observations as SDMX-CSV 2.0, and its structure as SDMX-ML (https://sdmx.org).

Series and columns are codes, labels their names: `S1_10` is the series 1.10. Every edition has structures of its own
version, because SingStat numbers series by position.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from pipeline.publication.record import Publication
from pipeline.rendering.templates import load
from pipeline.report.wording import citation, table_url

AGENCY = "SINGSTAT_PIPELINE"  # who maintains the structures, which are not SingStat's
FREQUENCIES = {"monthly": "M", "quarterly": "Q", "half_yearly": "S", "yearly": "A"}
NORMAL, MISSING = "A", "O"  # of SDMX's CL_OBS_STATUS
NOT_APPLICABLE = "_Z"  # a column without a label at this level
KEY = ("STRUCTURE", "STRUCTURE_ID", "ACTION")
REST = ("OBS_VALUE", "OBS_STATUS", "VALUE_TEXT", "UNIT_MEASURE")
TEMPLATE = load(Path(__file__).with_name("structure.xml"))
Row = Mapping[str, str | None]


class Dataset:
    """The rows of a table in SDMX-CSV, and after all of them the structure with the codes that they use.

    `levels` are the columns of a cross-sectional table in which any row has a label.
    """

    def __init__(self, table: Publication, levels: list[str]) -> None:
        self._table, self._levels = table, levels
        year, month, day = (int(part) for part in table.vintage.split("-"))
        self.version = f"{year}.{month * 100 + day}.{table.edition.rpartition('.')[2]}"
        dimensions = [level.upper() for level in levels] if levels else ["FREQ", "TIME_PERIOD"]
        self.header = [*KEY, "SERIES", *dimensions, *REST]
        self._key = ["dataflow", f"{AGENCY}:DF_{table.table_id}({self.version})", "I"]
        self._series: dict[str, Row] = {}
        self._columns: dict[str, dict[str, str]] = {level: {"": NOT_APPLICABLE} for level in levels}

    def row(self, row: Row) -> list[str]:
        """An observation of the published table, all fields as text, in the order of `header`.

        OBS_VALUE has the digits that SingStat sent. Where `value` is missing it is empty, and VALUE_TEXT says what
        stands there.
        """
        series, text = code(row["series_no"] or ""), row["value_text"] or ""
        self._series.setdefault(series, row)
        rest = [text.strip(), NORMAL, ""] if row["value"] else ["", MISSING, text]
        return [*self._key, series, *self._dimensions(row), *rest, row["unit"] or ""]

    def structure(self) -> str:
        """The SDMX-ML message: codelists, concepts, data structure and dataflow."""
        return TEMPLATE.render(
            agency=AGENCY,
            table=self._table,
            version=self.version,
            citation=citation(self._table),
            url=table_url(self._table),
            series=self._series,
            parents={
                series: parent for series in self._series if (parent := series.rpartition("_")[0]) in self._series
            },
            columns={level.upper(): codes for level, codes in self._columns.items()},
        )

    def _dimensions(self, row: Row) -> list[str]:
        if not self._levels:
            return [FREQUENCIES[self._table.frequency], time_period(row["period_start"] or "", self._table.frequency)]
        return [self._column(level, row[level] or "") for level in self._levels]

    def _column(self, level: str, label: str) -> str:
        codes = self._columns[level]
        return codes.setdefault(label, f"C{len(codes)}")


def code(series_no: str) -> str:
    """The code of a series: `S1_10` for 1.10. Different numbers have different codes."""
    return "S" + re.sub(r"[^A-Za-z0-9]", lambda found: "_" if found[0] == "." else f"-{ord(found[0]):X}-", series_no)


def time_period(start: str, frequency: str) -> str:
    """The period that begins on an ISO date: `2026-07`, `2026-Q3`, `2026-S2` or `2026`."""
    year, month = start[:4], int(start[5:7])
    if frequency == "monthly":
        return start[:7]
    if frequency == "quarterly":
        return f"{year}-Q{(month + 2) // 3}"
    return f"{year}-S{(month + 5) // 6}" if frequency == "half_yearly" else year
