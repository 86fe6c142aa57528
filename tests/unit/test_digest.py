"""The digest that verification compares: Athena's SQL and Python agree, and no cell can change unnoticed."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pipeline.errors import VerificationFailed
from pipeline.run.verification import QUERY, Measured, expected, read_row, verify
from pipeline.source.responses import Header
from pipeline.table import schema
from pipeline.table.digest import netstrings
from pipeline.table.flatten import Count
from pipeline.table.flatten_cells import flatten
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Observation
from pipeline.table.values import NUMBER, read_value

from local.cloud.sql import athena
from tests.support import lakes

DATABASE = "staged_singstat_data"
LABELS = attrgetter("series_no", "series", "unit", "footnote")
FIELDS = Observation.__struct_fields__
KEYS = ("series_no", "series", "unit", "footnote", "period", "period_start", "column_1", "column_3", "value_text")
HOSTILE = [
    "",
    "'",
    '"',
    "''; DROP TABLE x --",
    "1:a",
    "0:",
    "a\x1fb",
    "a,b|c\td\ne",
    "\\",
    " 1 ",
    "1.10",
    "1.1",
    "1e5",
    "na",
    "é",
    "e\u0301",
    "\U0001f926\U0001f3fc\u200d\u2642\ufe0f",
    "新加坡",
    "\u202e\ufeff",
    "x" * 5000,
]


def cell(**fields: str) -> Observation:
    texts = dict.fromkeys(FIELDS, "") | {"table_id": "M1", "frequency": "yearly", "vintage": "2026-10-24"} | fields
    return Observation(**texts | {"value": read_value(texts["value_text"])[1]})


def counted(cells: Sequence[Observation], before: Count | None = None) -> Count:
    """The count of cells after others; those of one series stand one after another."""
    count, meanings = before or Count(), ((each, read_value(each.value_text)[0]) for each in cells)
    list(count.add(flatten(group) for _, group in groupby(meanings, lambda pair: LABELS(pair[0]))))
    return count


def manifest(cells: Sequence[Observation]) -> Manifest:
    """The manifest of cells that arrive as they are."""
    header = Header(
        table_id="M1",
        title="",
        frequency="yearly",
        vintage=date(2026, 10, 24),
        total=None,
    )
    return counted(cells).manifest(header, [], run_id="r", source_url="", fetched_at="")


def digest(cells: Sequence[Observation]) -> str:
    return counted(cells).digest


def staged(lake: Path, cells: Sequence[Observation], *, empty: str = "") -> Measured:
    """What the laptop's Athena measures of cells that DataBrew has staged; NULL replaces the text `empty`."""
    folder = "data/transformedsingstatdata/run=r/frequency=yearly/table_id=M1/"
    lines = lake / "lines.jsonl"
    lake.mkdir(parents=True, exist_ok=True)
    lines.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in cells))
    texts = ", ".join(f"'{name}': 'VARCHAR'" for name in FIELDS)
    typed = {"date": "TRY_CAST({0} AS DATE)", schema.EXACT: "TRY_CAST({0} AS DECIMAL(38, 18))"}
    columns = ", ".join(
        f"{typed.get(kind, 'nullif({0}, ' + repr(empty) + ')' if empty is not None else '{0}').format(name)} AS {name}"
        for name, kind in schema.STAGED.items()
    )
    source = f"read_json('{lines}', format='newline_delimited', columns={{{texts}}})"
    lakes.parquet(lake, f"{folder}part.parquet", f"SELECT {columns} FROM {source}")
    place = {("r", "yearly", "M1"): f"s3://{folder}"}
    table = lakes.table(schema.STAGED, "s3://data/transformedsingstatdata/", schema.STAGED_PARTITIONS, partitions=place)
    lakes.catalogue(lake, **{DATABASE: {"transformedsingstatdata": table}})
    (row,) = athena.run(QUERY, DATABASE, ["'r'", "''", "'~'"], lake).rows
    return read_row([text or "" for text in row], "q")


def test_digest_of_known_texts():
    """The vectors of docs/decisions/0013."""
    cells = [cell(series_no="1.1", series="a", period="2020", period_start="2020-01-01", value_text="1.10")]

    assert netstrings("a", "", "bcd") == "1:a0:3:bcd"
    assert digest(cells) == "-1576025369575407265"


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("to_hex(md5(to_utf8('abc')))", "900150983CD24FB0D6963F7D28E17F72"),
        ("from_big_endian_64(from_hex('900150983CD24FB0'))", "-8070080442485551184"),
        ("from_big_endian_64(from_hex('7FFFFFFFFFFFFFFF'))", "9223372036854775807"),
        ("from_big_endian_64(from_hex('8000000000000000'))", "-9223372036854775808"),
        ("from_big_endian_64(from_hex('FFFFFFFFFFFFFFFF'))", "-1"),
        ("length('\U0001f926\u200d\u2642e\u0301')", "5"),
    ],
)
def test_digest_functions_of_athena_on_the_laptop(tmp_path, sql, answer):
    lakes.catalogue(tmp_path, **{DATABASE: {}})

    assert athena.run(f"SELECT {sql} AS answer", DATABASE, [], tmp_path).rows == [(answer,)]


@pytest.mark.parametrize("empty", ["", None], ids=["empty is NULL", "empty stays"])
def test_digest_is_the_same_in_sql_for_hostile_texts(tmp_path, empty):
    cells = [
        cell(series_no=f"{number}{text}", series=text, unit=other, column_1=other, column_2=text, value_text=text)
        for number, text in enumerate(HOSTILE)
        for other in HOSTILE
    ]

    measured = staged(tmp_path / "lake", cells, empty=empty)

    assert measured.digest == digest(cells)
    assert measured.observations == str(len(cells)) == "400"


def test_digest_is_the_same_in_sql_for_a_large_table(tmp_path):
    cells = [
        cell(
            series_no=f"1.{series}",
            series=f"Series {series}",
            unit="Number",
            period=str(1000 + year),
            period_start=f"{1000 + year}-01-01",
            value_text=f"{series * year % 977}.{year % 10}",
        )
        for series in range(125)
        for year in range(800)
    ]

    measured = staged(tmp_path / "lake", cells)

    assert len(cells) == 100_000
    assert measured.digest == digest(cells)
    verify(manifest(cells), measured)


def test_digest_finds_a_series_number_that_was_retyped(tmp_path):
    cells = [cell(series_no=number, period="2020", value_text="1") for number in ("1.1", "1.10", "1.2")]
    retyped = [msgspec.structs.replace(each, series_no=each.series_no.replace("1.2", "1.20")) for each in cells]

    with pytest.raises(VerificationFailed, match=r"^digest: -?\d+ staged, -?\d+ downloaded$"):
        verify(manifest(cells), staged(tmp_path / "lake", retyped))


LARGEST = "99999999999999999999.999999999999999999"
NUMBERS = st.from_regex(NUMBER, fullmatch=True) | st.sampled_from([LARGEST, f"-{LARGEST}", "-0.5", "0", "", "na"])


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@example([LARGEST, LARGEST, f"-{LARGEST}", "-0.000000000000000001"])
@given(st.lists(NUMBERS, min_size=1, max_size=60))
def test_the_sum_is_exact_whatever_the_numbers(texts):
    cells = [
        cell(series_no=str(number % 3), period_start=f"{1900 + number}-01-01", value_text=text)
        for number, text in enumerate(texts)
    ]

    with TemporaryDirectory() as lake:
        verify(manifest(by_series(cells)), staged(Path(lake), cells))


@pytest.mark.parametrize(
    ("other", "staged_keys"),
    [
        pytest.param({"period": "2020 H1", "period_start": "2020-01-01"}, 2, id="one period in two spellings"),
        pytest.param({"column_1": "Male"}, 3, id="another column"),
    ],
)
def test_cells_with_one_key_do_not_verify(tmp_path, other, staged_keys):
    """Synthetic: the table itself refuses such cells."""
    first = {"series_no": "1", "period": "2020 1H", "period_start": "2020-01-01", "value_text": "1"}
    cells = [cell(**first), cell(**first | other), cell(**first | {"series_no": "2"})]

    measured = staged(tmp_path / "lake", cells)

    assert measured.distinct_keys == str(staged_keys)
    if staged_keys < len(cells):
        with pytest.raises(VerificationFailed, match="^distinct_keys: 2 staged, 3 downloaded$"):
            verify(manifest(cells), measured)
    else:
        verify(manifest(cells), measured)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
CELLS = st.lists(
    st.builds(lambda texts: cell(**dict(zip(KEYS, texts, strict=True))), st.tuples(*[TEXTS] * len(KEYS))),
    min_size=1,
    max_size=6,
)


def by_series(cells: Sequence[Observation]) -> list[Observation]:
    return sorted(cells, key=lambda each: (each.series_no, each.series, each.unit, each.footnote))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=CELLS, random=st.randoms())
def test_digest_depends_on_no_order(cells, random):
    mixed = list(cells)
    random.shuffle(mixed)

    assert digest(by_series(mixed)) == digest(by_series(cells))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=CELLS, data=st.data(), field=st.sampled_from(KEYS), text=TEXTS)
def test_digest_changes_with_any_field_of_any_cell(cells, data, field, text):
    place = data.draw(st.integers(0, len(cells) - 1))
    changed = [*cells]
    changed[place] = cell(**msgspec.structs.asdict(cells[place]) | {field: text})
    assume(getattr(cells[place], field) != text)

    assert digest(by_series(changed)) != digest(by_series(cells))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=CELLS, data=st.data(), field=st.sampled_from(KEYS))
def test_digest_changes_when_two_cells_swap_a_field(cells, data, field):
    one, other = (data.draw(st.integers(0, len(cells) - 1)) for _ in range(2))
    swapped = [*cells]
    swapped[one] = cell(**msgspec.structs.asdict(cells[one]) | {field: getattr(cells[other], field)})
    swapped[other] = cell(**msgspec.structs.asdict(cells[other]) | {field: getattr(cells[one], field)})
    assume(sorted(map(repr, swapped)) != sorted(map(repr, cells)))

    assert digest(by_series(swapped)) != digest(by_series(cells))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=CELLS, cut=st.integers(0, 6))
def test_digest_continues_from_a_checkpoint(cells, cut):
    cells = by_series(cells)
    while 0 < cut < len(cells) and by_series(cells)[cut - 1].series_no == cells[cut].series_no:
        cut += 1  # a series is counted as a whole
    count = counted(cells[:cut])
    restored = counted(cells[cut:], msgspec.json.decode(msgspec.json.encode(count), type=Count))

    assert (restored.digest, restored.checksum) == (counted(cells).digest, counted(cells).checksum)


def test_digest_is_checked_unless_the_manifest_is_older():
    whole = manifest([cell(series_no="1", value_text="1")])
    older = msgspec.structs.replace(whole, digest="")

    assert expected(whole)["digest"] == whole.digest
    assert "digest" not in expected(older)
    assert msgspec.json.decode(msgspec.json.encode(older), type=Manifest) == older
