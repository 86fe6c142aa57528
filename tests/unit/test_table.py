"""Pages of every kind merge into one table with every cell once, or fail with a named error."""

from datetime import date

import pytest
from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.responses import Column, Header, Page, Row
from pipeline.table.flatten import Count
from pipeline.table.paging import fetch_table

VINTAGE = date(2026, 7, 24)
CELLS = [
    ("1", "2019", "10"),
    ("1", "2020", "11"),
    ("1.0", "2020", "-"),
    ("1.10", "2019", "0.1"),
    ("1.10", "2020", "0.2"),
]


def header(total: int | None = len(CELLS), vintage: date = VINTAGE) -> Header:
    return Header(
        table_id="M000001",
        title="Synthetic, Annual",
        frequency="yearly",
        vintage=vintage,
        total=total,
    )


def page(cells: list[tuple[str, str, str]], limit: int, vintage: date = VINTAGE) -> Page:
    rows: dict[str, Row] = {}
    for number, key, value in cells:
        row = rows.setdefault(number, Row(series=f"Series {number}", time_series_no=number, columns=[]))
        row.columns.append(Column(key=key, value=value))
    return Page(vintage=vintage, limit=limit, rows=list(rows.values()))


class Server:
    """Pages CELLS in row-major order, as SingStat does; the subclasses page as it did earlier or might do."""

    def __init__(self, cap: int) -> None:
        self.cap, self.asked = cap, list[tuple[int, int | None]]()

    def __call__(self, header: Header, number: int, offset: int, limit: int | None) -> Page:
        self.asked.append((offset, limit))
        return self.answer(offset, min(limit or self.cap, self.cap))

    def answer(self, offset: int, size: int) -> Page:
        return page(CELLS[offset : offset + size], size)


class AllRowsListed(Server):
    """Rows without cells in the page are listed with empty columns."""

    def answer(self, offset: int, size: int) -> Page:
        cut = page(CELLS[offset : offset + size], size)
        listed = {row.series_no for row in cut.rows}
        absent = [Row(series="", time_series_no=n, columns=[]) for n in ("1", "1.0", "1.10") if n not in listed]
        return Page(vintage=cut.vintage, limit=size, rows=[*cut.rows, *absent])


class Skeleton(Server):
    """Every page repeats all cells, those outside the page empty."""

    def answer(self, offset: int, size: int) -> Page:
        cells = [(n, k, v if offset <= i < offset + size else "") for i, (n, k, v) in enumerate(CELLS)]
        return page(cells, size)


class EndsInText(Server):
    """Answers "No records found" after the last cell."""

    def answer(self, offset: int, size: int) -> Page:
        return super().answer(offset, size) if offset < len(CELLS) else Page(vintage=None, limit=None, rows=[])


class OverstatesTheLimit(Server):
    """Reports a limit of 5,000 and returns fewer cells."""

    def answer(self, offset: int, size: int) -> Page:
        return page(CELLS[offset : offset + size], 5000)


def flattened(header: Header, server: Server) -> list[tuple[str, str, str]]:
    table = fetch_table(header, lambda: header, server)
    return [(o.series_no, o.period, o.value_text) for o, _ in table.observations()]


@pytest.mark.parametrize("total", [len(CELLS), None], ids=["total known", "no total"])
@pytest.mark.parametrize("cap", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("kind", [Server, AllRowsListed, Skeleton, EndsInText, OverstatesTheLimit])
def test_any_server_gives_every_cell_once(kind, cap, total):
    assert flattened(header(total), kind(cap)) == CELLS


def test_pages_are_requested_by_cell_with_the_reported_limit():
    server = Server(2)

    flattened(header(), server)

    assert server.asked == [(0, None), (2, 2), (4, 2)]


def test_missing_cells_fail():
    with pytest.raises(SourceIncomplete, match="5 of 6 cells"):
        flattened(header(total=6), Server(5))


def test_more_cells_than_announced_fail():
    with pytest.raises(SourceIncomplete, match="5 of 4 cells"):
        flattened(header(total=4), Server(5))


def test_a_page_that_repeats_ends_the_fetch():
    class Stuck(Server):
        def answer(self, offset: int, size: int) -> Page:
            return super().answer(0, size)

    with pytest.raises(SourceIncomplete, match="2 of 5 cells"):
        flattened(header(), Stuck(2))


def test_an_endless_server_is_stopped():
    class Endless(Server):
        def answer(self, offset: int, size: int) -> Page:
            return page([("1", str(offset), "1")], size)

    with pytest.raises(SourceContract, match="more than 2000 pages"):
        flattened(header(total=None), Endless(1))


def test_two_values_of_a_cell_are_both_shown():
    class Undecided(Server):
        def answer(self, offset: int, size: int) -> Page:
            return page([*CELLS, ("1", "2019", "10.5")], size)

    with pytest.raises(SourceInconsistent, match=r"series 1, 2019 has two values, '10' and '10\.5'"):
        flattened(header(), Undecided(9))


class Republished(Server):
    """Has a new vintage after each of the given numbers of responses."""

    def __init__(self, changes: list[int]) -> None:
        super().__init__(2)
        self.changes, self.headers = changes, 1

    def vintage(self) -> date:
        passed = sum(len(self.asked) > change for change in self.changes)
        return date(2026, 7, 24 + passed)

    def answer(self, offset: int, size: int) -> Page:
        return page(CELLS[offset : offset + size], size, self.vintage())

    def header(self) -> Header:
        self.headers += 1
        return header(vintage=self.vintage())


def test_a_new_vintage_between_pages_restarts_the_fetch():
    server = Republished([1])

    table = fetch_table(header(), server.header, server)

    assert table.header.vintage == date(2026, 7, 25)
    assert table.size == len(CELLS)
    assert [offset for offset, _ in server.asked] == [0, 2, 0, 2, 4]


def test_vintages_are_never_mixed():
    server = Republished([1, 3, 5])

    with pytest.raises(SourceInconsistent, match="each of 3 fetches"):
        fetch_table(header(), server.header, server)


def test_the_manifest_counts_exactly():
    table = fetch_table(header(), header, Server(5))
    count = Count()

    lines = list(count.lines(table.observations()))
    manifest = count.manifest(table.header, [], run_id="r", source_url="", fetched_at="")

    assert len(lines) == manifest.observations == 5
    assert (manifest.parsed, manifest.missing, manifest.rejected) == (4, 1, 0)
    assert (manifest.series, manifest.first_period, manifest.last_period) == (3, "2019-01-01", "2020-01-01")
    assert manifest.total_value == "21.3"


def test_too_many_odd_values_stop_the_table():
    odd = [("1", "2019", "1,234.5"), ("1", "2020", "2")]
    count = Count()
    table = fetch_table(header(total=2), header, lambda *_: page(odd, 5))
    list(count.lines(table.observations()))

    with pytest.raises(SourceContract, match="1 of 2 values are neither numbers nor markers, like '1,234.5'"):
        count.manifest(table.header, [], run_id="r", source_url="", fetched_at="")


def test_cross_sectional_columns_keep_their_levels():
    tree = [
        Column(key="Total", value="3"),
        Column(key="Males", columns=[Column(key="Chinese", value="1"), Column(key="Malays", value="-")]),
    ]
    rows = [Row(series="15 - 19", row_no="1.6", columns=tree)]
    cross = Header(
        **{name: getattr(header(None), name) for name in Header.__struct_fields__} | {"frequency": "cross_sectional"}
    )

    table = fetch_table(cross, lambda: cross, lambda *_: Page(vintage=VINTAGE, limit=5000, rows=rows))

    found = [(o.series_no, o.column_1, o.column_2, o.column_3, o.period, o.value_text) for o, _ in table.observations()]
    assert found == [
        ("1.6", "Total", "", "", "", "3"),
        ("1.6", "Males", "Chinese", "", "", "1"),
        ("1.6", "Males", "Malays", "", "", "-"),
    ]


def test_nested_columns_in_a_time_series_are_refused():
    tree = [Column(key="2020", columns=[Column(key="a", value="1")])]
    table = fetch_table(
        header(1),
        header,
        lambda *_: Page(vintage=VINTAGE, limit=5, rows=[Row(series="", time_series_no="1", columns=tree)]),
    )

    with pytest.raises(SourceContract, match=r"series 1 has nested columns \(2020 / a\)"):
        list(table.observations())
