"""Properties of any table; the generators follow the recorded responses and add unusual texts seen elsewhere."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline.errors import SourceError
from pipeline.source.responses import Header, Page, label, read_metadata, read_page
from pipeline.source.shapes import Column, Row
from pipeline.table.flatten import Count
from pipeline.table.observations import Table
from pipeline.table.paging import fetch_table
from pipeline.table.periods import MONTHS, period_start
from pipeline.table.values import MARKERS, Meaning, read_value

VINTAGE = date(2026, 7, 24)
KEYS = {
    "monthly": [f"{year} {month}" for year in range(1961, 1966) for month in MONTHS],
    "quarterly": [f"{year} {quarter}Q" for year in range(1975, 1990) for quarter in range(1, 5)],
    "half_yearly": [f"{year} {half}H" for year in range(2000, 2020) for half in (1, 2)],
    "yearly": [str(year) for year in range(1960, 2026)],
}
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3).map(str)
odd = st.sampled_from(["1,234.5", "(5.0)", "1e400", "NaN", "\uff11", "9" * 60, "5.1/", "1 234", "inf", "0x1"])
values = st.one_of(numbers, st.sampled_from(sorted(MARKERS)), odd)
labels = st.text(max_size=20)
series_numbers = st.from_regex(r"1(\.[0-9]{1,2}){0,4}", fullmatch=True)
Cell = tuple[str, tuple[str, ...], str]


@st.composite
def tables(draw: st.DrawFn) -> tuple[Header, list[Row]]:
    """A header and the rows of a complete time series table; its series start and end anywhere and have gaps."""
    frequency = draw(st.sampled_from(sorted(KEYS)))
    rows = []
    for number in draw(st.lists(series_numbers, min_size=1, max_size=6, unique=True)):
        keys = draw(st.lists(st.sampled_from(KEYS[frequency]), min_size=1, max_size=8, unique=True))
        columns = [
            Column(key=key, value=draw(values)) for key in sorted(keys, key=lambda k: period_start(k, frequency))
        ]
        rows.append(
            Row(series=draw(labels), time_series_no=number, unit=draw(labels), footnote=draw(labels), columns=columns)
        )
    return header(frequency, sum(len(row.columns) for row in rows)), rows


trees = st.recursive(
    st.builds(Column, key=st.text(min_size=1, max_size=5), value=values),
    lambda inner: st.builds(
        Column,
        key=st.text(min_size=1, max_size=5),
        columns=st.lists(inner, max_size=3, unique_by=lambda c: label(c.key)),
    ),
    max_leaves=8,
)


def header(frequency: str, total: int | None) -> Header:
    return Header(
        table_id="M000001",
        title="Synthetic",
        frequency=frequency,
        vintage=VINTAGE,
        total=total,
    )


def cells(rows: list[Row]) -> list[Cell]:
    return [(row.series_no, path, text) for row in rows for path, text in row.cells()]


def cut(rows: list[Row], start: int, size: int) -> list[Row]:
    """A slice of the cells in row-major order, as SingStat pages them."""
    found, position = [], 0
    for row in rows:
        first, last = max(start - position, 0), start + size - position
        position += len(row.columns)
        if part := row.columns[first : max(last, 0)]:
            found.append(Row(row.series, row.time_series_no, None, row.unit, row.footnote, part))
    return found


def fetched(head: Header, rows: list[Row], size: int) -> Table:
    def page(_: Header, __: int, offset: int, limit: int | None) -> Page:
        return Page(vintage=VINTAGE, limit=size, rows=cut(rows, offset, min(limit or size, size)))

    return fetch_table(head, lambda: head, page)


@given(tables(), st.integers(1, 60))
def test_cells_in_are_observations_out_for_any_page_size(table, size):
    head, rows = table

    found = list(fetched(head, rows, size).observations())

    assert Counter((o.series_no, (o.period,), o.value_text) for o, _ in found) == Counter(cells(rows))
    assert found == list(fetched(head, rows, 10_000).observations())


@given(tables(), st.integers(1, 60))
def test_a_table_without_a_total_is_fetched_completely(table, size):
    head, rows = table
    blind = header(head.frequency, None)

    found = list(fetched(blind, rows, size).observations())

    assert Counter((o.series_no, (o.period,), o.value_text) for o, _ in found) == Counter(cells(rows))


@given(tables(), st.integers(1, 9), st.randoms())
def test_the_order_of_pages_and_rows_does_not_matter(table, size, random):
    head, rows = table
    pages = [cut(rows, offset, size) for offset in range(0, head.total, size)]
    random.shuffle(pages)
    merged = Table(head)

    for page in pages:
        random.shuffle(page)
        merged.add(Page(vintage=VINTAGE, limit=size, rows=page))
    merged.check_complete()

    ordered = sorted(merged.observations(), key=str)
    assert [o.value_text for o, _ in ordered] == [
        o.value_text for o, _ in sorted(fetched(head, rows, size).observations(), key=str)
    ]
    assert Counter((o.series_no, (o.period,), o.value_text) for o, _ in ordered) == Counter(cells(rows))


@given(tables())
def test_keys_are_unique_and_periods_ascend(table):
    head, rows = table

    found = [o for o, _ in fetched(head, rows, 7).observations()]

    assert len({(o.series_no, o.period) for o in found}) == len(found)
    for number in {o.series_no for o in found}:
        starts = [o.period_start for o in found if o.series_no == number]
        assert starts == sorted(starts)


@given(tables())
def test_the_manifest_conserves_cells_and_their_sum(table):
    head, rows = table
    count = Count()
    lines = [json.loads(line) for line in b"".join(count.lines(fetched(head, rows, 11).series())).splitlines()]

    assert sum(count.by_meaning.values()) == len(lines) == head.total
    assert count.total_value == sum((Decimal(line["value"]) for line in lines if line["value"]), Decimal(0))


@given(st.lists(trees, min_size=1, max_size=4, unique_by=lambda column: label(column.key)))
def test_nested_columns_lose_no_leaf_or_are_refused(columns):
    row = Row(series="x", row_no="1", columns=columns)
    head = header("cross_sectional", None)

    def leaves(column: Column) -> int:
        return sum(map(leaves, column.columns)) if column.columns is not None else 1

    def depth(column: Column) -> int:
        return 1 + max(map(depth, column.columns or []), default=0)

    wanted = sum(map(leaves, columns))
    try:
        table = fetch_table(head, lambda: head, lambda *_: Page(vintage=VINTAGE, limit=5000, rows=[row]))
    except SourceError:
        assert wanted == 0 or max(map(depth, columns)) > 5
    else:
        assert len(list(table.observations())) == wanted


@given(st.text(max_size=45))
def test_a_value_is_its_exact_decimal_or_nothing(text):
    meaning, value = read_value(text)

    if meaning is Meaning.PARSED:
        assert Decimal(value) == Decimal(text.strip())
        assert value == text.strip()
    else:
        assert value == ""
        assert (text.strip().lower() in MARKERS) == (meaning is Meaning.MISSING)


@given(st.integers(0, 10**20 - 1), st.from_regex(r"(\.[0-9]{1,18})?", fullmatch=True), st.sampled_from(["", "-"]))
def test_every_number_that_fits_the_published_type_is_parsed(whole, fraction, sign):
    text = f"{sign}{whole}{fraction}"

    assert read_value(text) == (Meaning.PARSED, text)


@pytest.mark.parametrize("frequency", sorted(KEYS))
def test_periods_sort_as_their_dates(frequency):
    starts = [period_start(key, frequency) for key in KEYS[frequency]]

    assert starts == sorted(starts)
    assert len(set(starts)) == len(starts)


@given(st.text(max_size=12), st.sampled_from(sorted(KEYS)))
def test_a_period_is_a_date_or_a_documented_error(key, frequency):
    try:
        date.fromisoformat(period_start(key, frequency))
    except SourceError as error:
        assert repr(key) in error.cause


names = st.sampled_from(["id", "row", "key", "columns"])
json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner),
    max_leaves=12,
)
fields = st.sampled_from(["id", "title", "dataLastUpdated", "frequency", "row", "limit", "total", "tableType"])


@given(
    st.one_of(
        st.binary(max_size=60),
        json_values.map(lambda data: json.dumps(data).encode()),
        st.dictionaries(fields, json_values).map(lambda data: json.dumps({"Data": data, "StatusCode": 200}).encode()),
        st.dictionaries(fields, json_values).map(lambda data: json.dumps({"Data": {"records": data}}).encode()),
    )
)
@settings(max_examples=300)
def test_any_body_is_parsed_or_raises_a_documented_error(body):
    for read in (read_page, read_metadata):
        try:
            read(body)
        except SourceError as error:
            assert error.cause
