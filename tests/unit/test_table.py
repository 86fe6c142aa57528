"""Pages of every kind merge into one table with every cell once, or fail with a named error."""

from contextlib import nullcontext
from datetime import date

import pytest
from msgspec.structs import replace
from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.responses import Header, Page
from pipeline.source.shapes import Column, Row
from pipeline.table import paging
from pipeline.table.flatten import Count
from pipeline.table.paging import fetch_table
from pipeline.table.values import Meaning

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


class HalfEmpty(Server):
    """Every second cell is an empty text, as in a cross-sectional table."""

    def __init__(self, cap: int, size: int) -> None:
        super().__init__(cap)
        self.cells = [(str(n // 20), str(1900 + n % 20), "" if n % 2 else str(n)) for n in range(size)]

    def answer(self, offset: int, size: int) -> Page:
        return page(self.cells[offset : offset + size], size)


class EmptyForPages(HalfEmpty):
    """All but the first and the last cell are an empty text."""

    def __init__(self, cap: int, size: int) -> None:
        super().__init__(cap, size)
        self.cells = [(n, key, text and "1" * (i in (0, size - 1))) for i, (n, key, text) in enumerate(self.cells)]


class Nested(HalfEmpty):
    """The cells are two levels deep."""

    def answer(self, offset: int, size: int) -> Page:
        cells = list(enumerate(self.cells))[offset : offset + size]
        rows = [Row(series=number, row_no=number, columns=[]) for number in dict.fromkeys(n for _, (n, _, _) in cells)]
        for row in rows:
            mine = [Column(key=key, value=text) for _, (number, key, text) in cells if number == row.row_no]
            row.columns.append(Column(key="All", columns=mine))
        return Page(vintage=VINTAGE, limit=size, rows=rows)


def cross_section(rows: list[str]) -> Header:
    return replace(header(None), frequency="cross_sectional", rows=rows)


@pytest.mark.parametrize(("size", "cap"), [(400, 50), (410, 50), (2_200, 500), (50, 50), (49, 50), (1, 1)])
@pytest.mark.parametrize("kind", [HalfEmpty, EmptyForPages, Nested])
def test_offsets_advance_by_the_cells_that_a_page_lists(kind, size, cap):
    known, blind = kind(cap, size), kind(cap, size)
    rows = list(dict.fromkeys(number for number, _, _ in known.cells))

    table = fetch_table(replace(header(size), frequency="cross_sectional"), header, known)
    again = fetch_table(cross_section(rows), header, blind)

    assert len(known.asked) == -(-size // cap)
    assert len(blind.asked) <= -(-size // cap) + 1
    assert table.cells == again.cells
    assert [
        (n, path[-1], text) for n, cells in table.cells.items() for path, text in cells.merged().items()
    ] == known.cells


class CountsRows(HalfEmpty):
    """The offset and the limit are numbers of rows, not of cells."""

    def answer(self, offset: int, size: int) -> Page:
        return page([cell for cell in self.cells if offset <= int(cell[0]) < offset + size], size)


@pytest.mark.parametrize("rows", [8, 10, 20, 40])
def test_a_cross_section_whose_limit_counts_rows_is_fetched_whole(rows):
    server = CountsRows(10, 20 * rows)

    for listed in (list(map(str, range(rows))), []):
        table = fetch_table(cross_section(listed), header, server)

        assert (table.size, table.doubt()) == (20 * rows, "")


def test_a_table_is_refused_at_the_first_page_beyond_its_total():
    server = HalfEmpty(5000, 22_000)

    with pytest.raises(SourceIncomplete, match="5000 of 10 cells"):
        fetch_table(header(10), header, server)

    assert len(server.asked) == 1


def test_a_table_without_a_total_has_a_limit(monkeypatch):
    monkeypatch.setattr(paging, "MAX_CELLS", 1_000)

    class Endless(Server):
        def answer(self, offset: int, size: int) -> Page:
            return page([(str(offset), str(n), "1") for n in range(size)], size)

    server = Endless(300)

    with pytest.raises(SourceContract, match="does not end after 4 pages and 1200 cells"):
        fetch_table(cross_section(["1"]), header, server)


@pytest.mark.parametrize(
    ("other", "why"),
    [({"table_id": "M000002"}, "table_id 'M000002'"), ({"frequency": "monthly"}, "frequency 'monthly'")],
)
def test_a_page_of_another_table_is_refused(other, why):
    with pytest.raises(SourceInconsistent, match=f"a page has the {why}, the metadata have"):
        fetch_table(header(), header, lambda *_: replace(page(CELLS, 5), **other))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (["Male", "Male "], "series 1, Male has two cells, '0' and '0'"),
        (["Male", "Male"], "series 1, Male has two cells, '0' and '0'"),
        (["Cafe\u0301", "Caf\u00e9"], "series 1, Caf\u00e9 has two cells"),
        (["a\u200bb", "ab"], "series 1, ab has two cells"),
    ],
)
def test_two_columns_of_one_name_are_refused(columns, why):
    rows = [Row(series="a", row_no="1", columns=[Column(key=key, value="0") for key in columns])]

    with pytest.raises(SourceInconsistent, match=why):
        list(fetch_table(cross_section(["1"]), header, lambda *_: Page(VINTAGE, 5, rows)).observations())


def test_a_period_in_two_spellings_is_one_cell_if_its_values_agree():
    halves = replace(header(3), frequency="half_yearly")
    cells = [("1", "2020 1H", "1"), ("1", "2020 H1", "1"), ("1", "2020 2H", "2")]
    count = Count()

    lines = b"".join(count.lines(fetch_table(halves, header, lambda *_: page(cells, 5)).series())).splitlines()
    manifest = count.manifest(halves, [], run_id="r", source_url="", fetched_at="")

    assert (len(lines), manifest.observations, manifest.parsed, manifest.repeated) == (2, 2, 2, 1)
    assert manifest.total_value == "3"


def test_a_period_in_two_spellings_with_two_values_is_refused():
    halves = replace(header(2), frequency="half_yearly")
    cells = [("1", "2020 1H", "1"), ("1", "2020 H1", "1.0")]

    with pytest.raises(SourceInconsistent, match=r"series 1, 2020-01-01 has two values, '1' and '1\.0'"):
        list(fetch_table(halves, header, lambda *_: page(cells, 5)).observations())


def test_a_series_keeps_its_labels_from_page_to_page():
    def answer(_: Header, number: int, *__: int | None) -> Page:
        row = Row(series="ab"[number], time_series_no="1", columns=[Column(key=str(2019 + number), value="1")])
        return Page(VINTAGE, 1, [row])

    with pytest.raises(SourceInconsistent, match=r"series 1 is \('a', '', ''\) on one page and \('b'"):
        fetch_table(header(2), header, answer)


def test_labels_that_are_equal_once_cleaned_are_the_same():
    def answer(_: Header, number: int, *__: int | None) -> Page:
        labels = [{"series": "a", "unit": "", "footnote": None}, {"series": "a ", "unit": "\u00a0", "footnote": ""}]
        row = Row(**labels[number], time_series_no="1", columns=[Column(key=str(2019 + number), value="1")])
        return Page(VINTAGE, 1, [row])

    assert fetch_table(header(2), header, answer).size == 2


@pytest.mark.parametrize(
    ("rows", "last", "doubt"),
    [
        (["1", "2"], 2, ""),
        (["1"], 2, ""),
        (["1", "2", "3", "4"], 2, "2 of the 4 rows in the metadata arrived; row 3 did not"),
        (["1", "2"], 1, "the last row ends after 1 cells; another has 2"),
    ],
)
def test_the_rows_in_the_metadata_prove_a_cross_section(rows, last, doubt):
    found = [
        Row(series=number, row_no=number, columns=[Column(key=str(n), value="1") for n in range(cells)])
        for number, cells in (("1", 2), ("2", last))
    ]

    assert fetch_table(cross_section(rows), header, lambda *_: Page(VINTAGE, 50, found)).doubt() == doubt


def test_a_time_series_without_a_total_is_doubtful():
    assert "no total" in fetch_table(header(None), header, Server(5)).doubt()
    assert not fetch_table(header(), header, Server(5)).doubt()


def test_a_cross_section_without_rows_in_the_metadata_is_fetched_twice():
    server = Server(2)
    table = fetch_table(cross_section([]), header, server)

    assert [offset for offset, _ in server.asked] == [0, 2, 4, 5] * 2
    assert not table.doubt()


def test_a_page_that_repeats_proves_no_end_of_a_cross_section():
    class Stuck(Server):
        def answer(self, offset: int, size: int) -> Page:
            return super().answer(0, size)

    assert "repeats" in fetch_table(cross_section([]), header, Stuck(2)).doubt()
    assert not fetch_table(cross_section([]), header, Stuck(9)).doubt()


def test_two_fetches_that_differ_are_refused():
    class Forgetful(Server):
        def answer(self, offset: int, size: int) -> Page:
            return page(CELLS[: -self.asked.count((0, None)) or None][offset : offset + size], size)

    with pytest.raises(SourceInconsistent, match="two fetches of one vintage differ: 4 and 3 cells"):
        fetch_table(cross_section([]), header, Forgetful(2))


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

    with pytest.raises(SourceContract, match="does not end after 2000 pages and 2000 cells"):
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

    lines = b"".join(count.lines(table.series())).splitlines()
    manifest = count.manifest(table.header, [], run_id="r", source_url="", fetched_at="")

    assert len(lines) == manifest.observations == 5
    assert (manifest.parsed, manifest.missing, manifest.rejected) == (4, 1, 0)
    assert (manifest.series, manifest.first_period, manifest.last_period) == (3, "2019-01-01", "2020-01-01")
    assert manifest.total_value == "21.3"


def test_too_many_odd_values_stop_the_table():
    odd = [("1", "2019", "1,234.5"), ("1", "2020", "2")]
    count = Count()
    table = fetch_table(header(total=2), header, lambda *_: page(odd, 5))
    list(count.lines(table.series()))

    with pytest.raises(SourceContract, match="1 of 2 values are neither numbers nor markers, like '1,234.5'"):
        count.manifest(table.header, [], run_id="r", source_url="", fetched_at="")


@pytest.mark.parametrize(
    ("rejected", "of", "refused"),
    [(1, 1000, False), (1, 999, True), (2, 1000, True), (2, 2000, False), (2, 1999, True)],
)
def test_one_odd_value_in_a_thousand_is_let_through(rejected, of, refused):
    count = Count(by_meaning={Meaning.PARSED: of - rejected, Meaning.MISSING: 0, Meaning.REJECTED: rejected})

    with pytest.raises(SourceContract) if refused else nullcontext():
        count.manifest(header(of), [], run_id="r", source_url="", fetched_at="")


def test_cross_sectional_columns_keep_their_levels():
    tree = [
        Column(key="Total", value="3"),
        Column(key="Males", columns=[Column(key="Chinese", value="1"), Column(key="Malays", value="-")]),
    ]
    deepest = Column(key="5", value="7")
    for level in ("4", "3", "2", "1"):
        deepest = Column(key=level, columns=[deepest])
    tree.append(deepest)
    rows = [Row(series="15 - 19", row_no="1.6", columns=tree)]
    cross = Header(
        **{name: getattr(header(None), name) for name in Header.__struct_fields__} | {"frequency": "cross_sectional"}
    )

    table = fetch_table(cross, lambda: cross, lambda *_: Page(vintage=VINTAGE, limit=5000, rows=rows))

    levels = [f"column_{level}" for level in range(1, 6)]
    found = [
        (o.series_no, *(getattr(o, name) for name in levels), o.period, o.value_text) for o, _ in table.observations()
    ]
    assert found == [
        ("1.6", "Total", "", "", "", "", "", "3"),
        ("1.6", "Males", "Chinese", "", "", "", "", "1"),
        ("1.6", "Males", "Malays", "", "", "", "", "-"),
        ("1.6", "1", "2", "3", "4", "5", "", "7"),
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
