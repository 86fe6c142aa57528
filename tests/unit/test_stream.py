"""A stream yields the series of the complete table, for any page size and after any interruption."""

from collections.abc import Iterable
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.errors import SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.source.responses import Header, Page
from pipeline.source.shapes import Column, Row
from pipeline.table.flatten import Count
from pipeline.table.observations import Series, Table
from pipeline.table.stream import Stream, StreamState

from tests.unit.test_properties import cut, header, tables

VINTAGE = date(2026, 7, 24)


class Kept(msgspec.Struct):
    stream: StreamState
    count: Count


def page(*rows: Row) -> Page:
    return Page(vintage=VINTAGE, limit=None, rows=list(rows))


def row(number: str, **cells: str) -> Row:
    return Row(
        series=number, time_series_no=number, columns=[Column(key=key[1:], value=text) for key, text in cells.items()]
    )


def numbers(series: Iterable[Series]) -> list[str]:
    return [each.row.series_no for each in series]


def whole(head: Header, rows: list[Row]) -> tuple[bytes, Count]:
    table, count = Table(head), Count()
    table.add(page(*rows))
    return b"".join(count.lines(table.series())), count


@given(tables(), st.integers(1, 60), st.sets(st.integers(0, 60)))
def test_any_page_size_and_any_interruption_give_the_rows_and_counts_of_the_complete_table(table, size, interrupted):
    head, rows = table
    stream, count, lines = Stream(head, StreamState()), Count(), []

    for number, offset in enumerate(range(0, head.total, size)):
        if number in interrupted:
            kept = msgspec.json.decode(msgspec.json.encode(Kept(stream.state(), count)), type=Kept)
            stream, count = Stream(head, kept.stream), kept.count
        lines += count.lines(stream.add(page(*cut(rows, offset, size)), size))
    lines += count.lines(stream.finish())

    wanted, wanted_count = whole(head, rows)
    assert b"".join(lines) == wanted
    assert count == wanted_count


@given(tables(), st.randoms())
def test_the_checksum_does_not_depend_on_the_order(table, random):
    head, rows = table
    _, count = whole(head, rows)
    random.shuffle(rows)

    assert whole(head, rows)[1].checksum == count.checksum


def test_a_series_is_complete_when_another_follows():
    stream = Stream(header("yearly", 4), StreamState())

    first = numbers(stream.add(page(row("1", _2019="1"), row("1.0", _2019="2")), 2))
    second = stream.add(page(row("1.0", _2020="3"), row("1.10", _2019="4")), 2)

    assert first == ["1"]
    assert [(each.row.series_no, each.texts) for each in second] == [("1.0", ["2", "3"])]
    assert numbers(stream.finish()) == ["1.10"]


def test_series_listed_without_cells_do_not_count_as_listed_again():
    stream = Stream(header("yearly", 2), StreamState())
    pages = [page(row("1", _2019="1"), row("1.0")), page(row("1"), row("1.0", _2019="2"))]

    found = [number for each in pages for number in numbers(stream.add(each, 1))] + numbers(stream.finish())

    assert found == ["1", "1.0"]


@pytest.mark.parametrize(
    ("pages", "error", "why"),
    [
        (
            [page(row("1", _2019="1"), row("2", _2019="1")), page(row("1", _2020="1"), row("2", _2020="1"))],
            SourceInconsistent,
            "series 1 is listed again after other series",
        ),
        (
            [page(row("1", _2019="1", _2020="2")), page(row("1", _2020="3", _2021="4"))],
            SourceInconsistent,
            "series 1, 2020 has two values, '2' and '3'",
        ),
        (
            [page(row("1", _2019="1", _2020="2")), page(row("1", _2020="2", _2021="4"))],
            SourceContract,
            "the page from cell 2 has 1 cells, not 2",
        ),
        ([page(row("1", _2019="1"))], SourceContract, "the page from cell 0 has 1 cells, not 2"),
        ([page(row("1", _2019="1", _2020="2", _2021="3"))], SourceContract, "the page from cell 0 has 3 cells, not 2"),
        ([page()], SourceContract, "the page from cell 0 has 0 cells, not 2"),
    ],
    ids=["series again", "two values", "cell again", "too few", "too many", "nothing"],
)
def test_inconsistent_pages_are_named(pages, error, why):
    stream = Stream(header("yearly", 4), StreamState())

    def add_all() -> None:
        for each in pages:
            list(stream.add(each, 2))

    with pytest.raises(error) as raised:
        add_all()

    assert raised.value.cause == why


def test_a_table_is_not_finished_before_its_last_cell():
    stream = Stream(header("yearly", 4), StreamState())
    list(stream.add(page(row("1", _2019="1", _2020="2")), 2))

    with pytest.raises(SourceIncomplete, match="2 of 4 cells arrived"):
        list(stream.finish())


def test_a_table_without_a_total_is_refused():
    with pytest.raises(SourceContract, match="the metadata has no total"):
        Stream(header("yearly", None), StreamState())


def test_a_series_goes_on_after_a_page_that_fills_an_empty_cell():
    table = Table(header("yearly", 3))
    for cells in ({"y2020": "", "y2021": "1"}, {"y2020": "2"}, {"y2022": "3"}):
        table.add(page(row("1", **cells)))
    (series,) = table.series()

    assert dict(zip(series.layout.paths, series.texts, strict=True)) == {("2020",): "2", ("2021",): "1", ("2022",): "3"}
    assert table.size == 3
