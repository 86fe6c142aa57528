"""A synthetic SingStat of any number of tables, each generated when it is asked for.

Nothing in it is an answer of SingStat's: ids begin with Z, as no id of SingStat's does, and titles with "Synthetic".
What is alike are the proportions: 85 of 100 tables are time series, as in a listing of SingStat's of 2024, and sizes,
gaps, markers, labels and footnotes are like those that were seen. A seed always gives the same tables.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from http import HTTPStatus

from local.replay.recordings import CROSS_SECTIONAL_HEADER, GENERATED_BY, MONTHS, SERIES_HEADER, Column, Row, Table
from local.replay.rules import Answer, Request, respond

Fault = Callable[[Request, Answer], Answer]

# Of 100 tables. The time series are divided as the tables that people use most.
KINDS = (
    *("Monthly",) * 30,
    *("Annual",) * 23,
    *("Quarterly",) * 21,
    *("Half-Yearly",) * 9,
    *("Quinquennial",) * 2,
    *("",) * 15,  # cross-sectional
)
STEP = 37  # coprime to 100, so that every hundred tables in turn have all kinds
LAST_YEAR = 2025
PARTS = {"Monthly": MONTHS, "Quarterly": ("1Q", "2Q", "3Q", "4Q"), "Half-Yearly": ("1H", "2H")}
YEARS = {"Monthly": (3, 45), "Quarterly": (4, 50), "Half-Yearly": (4, 20), "Annual": (5, 60), "Quinquennial": (15, 40)}
SIZES = ((60, 20, 300), (90, 300, 2_000), (99, 2_000, 7_000), (100, 10_000, 20_000))  # percentile, cells from and to
MARKERS = ("-", "na", "n.a.", "s", "..", "")
SUBJECTS = ("Prices Nec", "Work1/", "Cafés & Restaurants", "Trade\u00a0By Market ", "Households", "Others")
FOOTNOTES = ("Synthetic.  Data for the latest period are preliminary.", "Synthetic\u00a0note. ")
FIRST_VINTAGE, NEXT_VINTAGES = date(2025, 1, 1), date(2026, 1, 1)
MAINTENANCE = Answer(
    HTTPStatus.BAD_GATEWAY,
    b"<html><title>502 Bad Gateway</title>Microsoft-Azure-Application-Gateway/v2</html>",
    "text/html",
)
CELLS_PER_PAGE = 5_000


class Synthetic(Mapping[str, Table]):
    """The tables by id, `number` of them. `answer` is for `Replay.answer`.

    `revised` has how often a table was revised, `faults` what is done to the answers about a table. After `up_for`
    more requests, if it is a number, SingStat is down for maintenance.
    """

    def __init__(self, number: int, seed: int = 19) -> None:
        self._ids = {f"Z{each:06}": each for each in range(1, number + 1)}
        self._seed = seed
        self.revised: dict[str, int] = {}
        self.faults: dict[str, Fault] = {}
        self.up_for: int | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __contains__(self, table_id: object) -> bool:
        return table_id in self._ids

    def __getitem__(self, table_id: str) -> Table:
        chance = random.Random(f"{self._seed} {table_id}")  # noqa: S311 - not for secrets
        frequency = KINDS[self._ids[table_id] * STEP % len(KINDS)]
        cells = _size(chance)
        table = _time_series(table_id, frequency, cells, chance) if frequency else _census(table_id, cells, chance)
        for revision in range(self.revised.get(table_id, 0)):
            _revise(table, revision)
        return table

    def answer(self, request: Request) -> Answer:
        """SingStat's response, if these were its tables."""
        if self.up_for is not None:
            self.up_for -= 1
            if self.up_for < 0:
                return MAINTENANCE
        table_id = request.path.rpartition("/")[2]
        right = respond(request, {table_id: self[table_id]} if table_id in self else self, CELLS_PER_PAGE)
        return self.faults[table_id](request, right) if table_id in self.faults else right


def gone(_: Request, __: Answer) -> Answer:
    """A fault: the table is retired."""
    return Answer(HTTPStatus.NOT_FOUND, b'{"Data":null,"DataCount":0,"StatusCode":404,"Message":""}')


def cut(request: Request, right: Answer) -> Answer:
    """A fault: each page lacks its last cell, and nothing in it says so."""
    if "/tabledata/" not in request.path:
        return right
    head, _, tail = right.body.rpartition(b'{"key"')
    return Answer(right.status, head.removesuffix(b",") + tail[tail.index(b"]") :])


def page_of_html(request: Request, right: Answer) -> Answer:
    """A fault: a page that is no data, with the status of one."""
    return Answer(HTTPStatus.OK, MAINTENANCE.body, "text/html") if "/tabledata/" in request.path else right


def _size(chance: random.Random) -> int:
    percentile = chance.randrange(100)
    least, most = next(bounds for limit, *bounds in SIZES if percentile < limit)
    return chance.randint(least, most)


def _time_series(table_id: str, frequency: str, cells: int, chance: random.Random) -> Table:
    parts = PARTS.get(frequency, ("",))
    step = 5 if frequency == "Quinquennial" else 1
    years = range(LAST_YEAR - chance.randint(*YEARS[frequency]), LAST_YEAR + 1, step)
    periods = [f"{year} {part}".rstrip() for year in years for part in parts][-cells:]
    adjusted = "Seasonally Adjusted" if chance.random() < 1 / 10 else "Non-seasonally Adjusted"
    rows = [
        Row(number, text, unit, footnote, _cells(periods, chance))
        for number, text, unit, footnote in _labels(max(cells // len(periods), 1), chance)
    ]
    header = _header(table_id, frequency, chance) | {
        "frequency": frequency,
        "groupTitle": None if chance.random() < 1 / 2 else "Synthetic",
        "adjustmentType": None if chance.random() < 1 / 2 else adjusted,
        "datasource": "SYNTHETIC AGENCY",
    }
    return Table("TS", {name: header[name] for name in SERIES_HEADER}, rows)


def _cells(periods: list[str], chance: random.Random) -> list[Column]:
    """A quarter of the series begin late; one cell in a hundred, but never the last one, is absent."""
    start = chance.randrange((len(periods) + 1) // 2) if chance.random() < 1 / 4 else 0
    kept = [period for period in periods[start:-1] if chance.random() > 1 / 100]
    return [{"key": period, "value": _value(chance)} for period in [*kept, periods[-1]]]


def _census(table_id: str, cells: int, chance: random.Random) -> Table:
    """A cross-sectional table: its columns have one to three levels, and leaves stand beside groups of columns."""
    levels = chance.randint(1, 3)
    rows = [
        Row(number, text, unit, footnote, _tree(levels, chance))
        for number, text, unit, footnote in _labels(max(cells // (1 + 3**levels), 1), chance)
    ]
    header = _header(table_id, "", chance) | {"tableType": "Synthetic Census 2020", "dataSource": "SYNTHETIC AGENCY"}
    return Table("CT", {name: header[name] for name in CROSS_SECTIONAL_HEADER}, rows)


def _tree(levels: int, chance: random.Random, outer: bool = True) -> list[Column]:
    total: list[Column] = [{"key": "Total", "value": _value(chance)}] if outer else []
    if levels == 1:
        return total + [{"key": key, "value": _value(chance)} for key in ("Males", "Females", "Work1/")]
    return total + [
        {"key": f"Group {group}", "columns": _tree(levels - 1, chance, outer=False)} for group in ("A", "B", "C")
    ]


def _labels(number: int, chance: random.Random) -> Iterator[tuple[str, str, str, str]]:
    """Numbers that are no floats (1.1 and 1.10 differ) and not contiguous, with text, unit and footnote of the row."""
    unit = chance.choice(("Index", "Per Cent", "Million Dollars", ""))
    yield "1", "Total", unit, ""
    for each in range(1, number):
        footnote = chance.choice(FOOTNOTES) if chance.random() < 15 / 100 else ""
        yield f"1.{each + each // 7}", f"{chance.choice(SUBJECTS)} {each}", unit, footnote


def _header(table_id: str, frequency: str, chance: random.Random) -> dict[str, str | None]:
    vintage = f"{FIRST_VINTAGE + timedelta(days=chance.randrange(365)):%d/%m/%Y}"
    return {
        "theme": "Synthetic Theme ",
        "subject": "Synthetic Subject",
        "topic": "Synthetic Topic",
        "id": table_id,
        "title": f"Synthetic Table {table_id[1:]}{f', {frequency}' if frequency else ''}",
        "footnote": chance.choice(FOOTNOTES),
        "generatedBy": GENERATED_BY,
        "dataLastUpdated": vintage,
        "dateGenerated": vintage,
    }


def _value(chance: random.Random) -> str:
    """A decimal without trailing zeros, one in fifty negative; three in a thousand are a marker."""
    kind = chance.random()
    if kind < 3 / 1000:
        return chance.choice(MARKERS)
    digits = chance.randrange(4)
    text = f"{chance.uniform(0, 90_000):.{digits}f}"
    return ("-" if kind > 49 / 50 else "") + (text.rstrip("0").rstrip(".") if digits else text)


def _revise(table: Table, revision: int) -> None:
    """A new vintage: the newest cell of each row is revised."""
    vintage = f"{NEXT_VINTAGES + timedelta(days=revision):%d/%m/%Y}"
    for row in table.rows:
        leaf = row.columns[-1]
        while "columns" in leaf:
            leaf = leaf["columns"][-1]
        leaf["value"] = f"{1_000_000 + revision}.5"
    table.header["dataLastUpdated"] = table.header["dateGenerated"] = vintage
