"""A series flattened at once and cell by cell gives the same, or the fast way leaves it to the other."""

import re
from datetime import date

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pipeline.errors import SourceContract, SourceError
from pipeline.source.layout import layout, read_cells
from pipeline.source.responses import Header
from pipeline.source.shapes import Column, Row
from pipeline.table import flatten_cells, flatten_series
from pipeline.table.flatten import Count
from pipeline.table.observations import Series
from pipeline.table.values import MARKERS

from tests.unit.test_properties import KEYS, labels, numbers, odd

digits = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,18})?", fullmatch=True)
texts = (
    numbers
    | digits
    | st.sampled_from(sorted(MARKERS))
    | odd
    | st.sampled_from([" 5", "NA", "1\n2", "\n", "-0", "00.0"])
)
names = st.text(min_size=1, max_size=4) | st.sampled_from(["a", "b", "\0", '"'])
spellings = ["2020 1H", "2020 H1", "2020 2H", "2021 H2", "2021 1H"]


def series(frequency: str, paths: list[tuple[str, ...]], found: list[str], *label: str) -> Series:
    header = Header(table_id='M"1', title="", frequency=frequency, vintage=date(2026, 7, 24), total=None)
    row = Row(label[0], "1.10", unit=label[1], footnote=label[2])
    return Series(header, row, layout(tuple(paths)), found)


@st.composite
def any_series(draw: st.DrawFn) -> Series:
    frequency = draw(st.sampled_from([*sorted(KEYS), "cross_sectional"]))
    keys = spellings if frequency == "half_yearly" else [*KEYS.get(frequency, []), "2020", "odd"]
    columns = st.lists(names, min_size=1, max_size=5).map(tuple)
    path = columns if frequency == "cross_sectional" else st.sampled_from(keys).map(lambda key: (key,))
    paths = draw(st.lists(path | st.just(("a", "b")), min_size=1, max_size=9, unique=True))
    return series(frequency, paths, [draw(texts) for _ in paths], draw(labels), draw(labels), draw(labels))


def counted(one: flatten_cells.Flattened) -> tuple[bytes, Count]:
    count = Count()
    return b"".join(count.add([one])), count


@given(any_series())
@example(series("yearly", [("2020",), ("2021",)], ["0.05", "-0.50"], "a", "", ""))
@example(series("yearly", [("2020",), ("2021",), ("2022",)], ["0.5", "-0.25", "3"], "a", "", ""))
@example(series("yearly", [("2020",), ("2021",)], ["900719925474.993", "-99999999999999.9"], "a", "", ""))
@example(series("yearly", [("2020",), ("2021",)], ["9007199254740993", "0.1"], "a", "", ""))
@example(series("yearly", [("2020",)], ["99999999999999999999.999999999999999999"], "a", "", ""))
@example(series("yearly", [("2021",), ("2020",), ("1999",)], ["na", "-1.5", "2"], "a", "", ""))
@example(series("monthly", [("2025 Jan",), ("2025 Feb",), ("2024 Dec",)], ["1", "22", "3"], "a", "", ""))
@example(series("cross_sectional", [("b",), ("a",), ("a", "b")], ["1", "22", "3"], "a", "", ""))
@example(series("half_yearly", [("2020 1H",), ("2020 H1",)], ["1", "1"], "a", "", ""))
@example(series("yearly", [("2020",), ("2021",)], ['0","0', "1"], "a", "", ""))
@example(series("yearly", [("2020",), ("2021",)], ['0","0', "1\\"], "a", "", ""))
@example(series("yearly", [(str(1900 + n),) for n in reversed(range(129))], ["na", "0.5", "-7"] * 43, "\u00e9", "", ""))
@example(series("cross_sectional", [(f"\u98df{n}",) for n in range(256)], ["-0.05", "s"] * 128, "\u98df", "", ""))
@example(series("cross_sectional", [("Male",), ("Male ",)], ["1", "1"], "a", "", ""))
@example(series("cross_sectional", [("\u200b", "b"), ("c",)], ["1", "na"], "\u98df\u54c1", "\\", '"'))
def test_at_once_is_as_cell_by_cell(one):
    at_once = flatten_series.flatten(one)
    try:
        cell_by_cell = flatten_cells.flatten(one.observations())
    except SourceError:
        assert at_once is None
        return

    if at_once is not None:
        assert counted(at_once) == counted(cell_by_cell)


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([("2020",), ("2021",)], ["1.5", "-0.05"]),
        ([("2021",), ("2020",), ("1999",)], ["na", "-", "2"]),
        ([("2021",)], [""]),
        ([("2021",)], ["-" + "9" * 20 + "." + "9" * 18]),
    ],
)
def test_ordinary_series_are_flattened_at_once(paths, found):
    assert flatten_series.flatten(series("yearly", paths, found, "a", "b", "c"))


@pytest.mark.parametrize(
    "text", [" 1", "1e5", "NA", "1\n2", "\uff11", "1" * 21, "1." + "1" * 19, "5.", ".5", "1_0", "--1"]
)
def test_other_texts_are_not(text):
    assert flatten_series.flatten(series("yearly", [("2020",), ("2021",)], ["1", text], "a", "b", "c")) is None


def test_lines_are_those_of_the_json_encoder():
    one = series("cross_sectional", [("é", '"')], ["-1.50"], 'a"\\\n', "%", "新")
    ((observation, _),) = one.observations()

    assert b"".join(flatten_series.flatten(one).lines) == msgspec.json.encode(observation) + b"\n"


def test_the_checksum_is_the_sum_of_a_sha256_for_each_series():
    """Vectors of FIPS 180-4: the SHA-256 of `abc` and of nothing."""
    abc = flatten_cells.flatten(series("yearly", [("2020",)], ["1"], "a", "", "").observations())._replace(text="abc")
    _, count = counted(abc)
    list(count.add([abc._replace(text="")]))

    known = (
        0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD
        + 0xE3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855
    )
    assert count.checksum == f"{known % 2**256:064x}"


columns = st.recursive(
    st.builds(Column, key=names, value=st.none() | numbers),
    lambda inner: st.builds(Column, key=names, value=st.none() | numbers, columns=st.lists(inner, max_size=3)),
    max_leaves=6,
)


@given(st.lists(columns, max_size=4))
@example([Column("a", "1"), Column("b", "2")])
@example([Column("a", "1", [Column("b", "2")])])
@example([Column("a", "1"), Column("b")])
def test_a_row_has_the_same_cells_however_they_are_read(listed):
    row = Row("", "1", columns=listed)
    try:
        cells = list(row.cells())
    except SourceContract as error:
        with pytest.raises(SourceContract, match=f"^{re.escape(error.cause)}$"):
            read_cells(row)
        return

    found, texts = read_cells(row)
    assert list(zip(found.paths, texts, strict=True)) == cells
    assert found.listed_once == (len(dict(cells)) == len(cells))
