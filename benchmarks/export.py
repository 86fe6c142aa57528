"""`singstat export` of one table of a million synthetic rows: an Excel sheet against CSV."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, Part, paired, process

BAR = 4
ROWS = """
CREATE VIEW rows AS SELECT
    CAST(n // 500 AS VARCHAR) AS series_no, 'Synthetic series ' || n // 500 AS series, 'Index (2024 = 100)' AS unit,
    '' AS footnote, strftime(month, '%Y %b') AS period, month AS period_start,
    CAST(n % 9973 / 10 AS DECIMAL(38, 18)) AS value, CAST(n % 9973 / 10 AS VARCHAR) AS value_text,
    DATE '2026-10-23' AS vintage, 'M900001' AS table_id
FROM (SELECT range AS n, CAST(DATE '1980-01-01' + to_months(CAST(range % 500 AS INTEGER)) AS DATE) AS month
      FROM range(1000000))
"""


def measure() -> Part:
    """Five pairs of processes."""

    def cpu(kind: str) -> float:
        return process([sys.executable, "-m", "benchmarks.export", kind]).cpu

    ratio = paired(lambda: cpu("xlsx"), lambda: cpu("csv"))
    note = f"{ratio.note}; {ratio.one:.1f} s, CSV {ratio.other:.1f} s"
    title = "export of a million rows, CPU, Excel against CSV"
    return Part([Figure(name=title, now=ratio.ratio, before="13", bar=BAR, note=note)])


def write(kind: str, folder: Path) -> None:
    """Write the rows as the command does."""
    import duckdb  # noqa: PLC0415 - `measure` needs none of it

    from local.cli import export  # noqa: PLC0415

    con = duckdb.connect()
    con.execute(ROWS)
    part = export.Part("SELECT * FROM rows", "series_no, period_start", "M900001", "Synthetic", {})
    if kind == "csv":
        export._csv(con, part, folder / "rows.csv")
    else:
        book = export.Book(datetime(2026, 11, 1, tzinfo=UTC))
        export._sheet(con, part, book)
        (folder / "rows.xlsx").write_bytes(book.finish())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        write(sys.argv[1], Path(temporary))
