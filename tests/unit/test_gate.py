"""What is not published without a person's consent, and the sample by which editions are compared."""

import datetime
import random
from itertools import groupby

import msgspec
import pytest
from msgspec import structs
from pipeline.publication.gate import objections
from pipeline.source.responses import Header
from pipeline.table.flatten import Count
from pipeline.table.flatten_cells import flatten
from pipeline.table.manifest import Manifest
from pipeline.table.observations import Observation
from pipeline.table.sample import SIZE
from pipeline.table.values import read_value

HEADER = Header(table_id="M900301", title="Synthetic", frequency="yearly", vintage=datetime.date(2026, 7, 24), total=1)
Values = dict[tuple[str, str], str]


def cells(values: Values, unit: str = "Number") -> list[Observation]:
    return [
        Observation("M900301", "yearly", series, series, unit, "", period, *[""] * 6, read_value(text)[1], text, "")
        for (series, period), text in values.items()
    ]


def count(observations: list[Observation], chunk: int = 10_000) -> Count:
    """Counted in chunks, each time restored from JSON as by a worker that was replaced."""
    counted = Count()
    for start in range(0, len(observations), chunk):
        counted = msgspec.json.decode(msgspec.json.encode(counted), type=Count)
        part = ((each, read_value(each.value_text)[0]) for each in observations[start : start + chunk])
        list(counted.add(flatten(group) for _, group in groupby(part, lambda pair: pair[0].series_no)))
    return counted


def manifest(values: Values, frequency: str = "yearly", unit: str = "Number") -> Manifest:
    header = structs.replace(HEADER, frequency=frequency)
    return count(cells(values, unit)).manifest(header, [], run_id="r", source_url="", fetched_at="")


def table(series: int, periods: int, value: str = "{n}.5") -> Values:
    return {
        (f"S{s}", str(1900 + p)): value.format(n=s * periods + p + 1) for s in range(series) for p in range(periods)
    }


def causes(before: Manifest, after: Manifest, percent: int = 50) -> list[str]:
    return [error.cause for error in objections(None, before, after, percent)]


FULL = table(16, 10)
MARKED = {("N", str(n)): "-" for n in range(40)}


@pytest.mark.parametrize(
    ("after", "percent", "refused"),
    [
        pytest.param(dict(list(FULL.items())[:1]), 50, True, id="160 cells become 1"),
        pytest.param(dict(list(FULL.items())[:79]), 50, True, id="more than half are gone"),
        pytest.param(dict(list(FULL.items())[:80]), 50, False, id="exactly half are gone"),
        pytest.param(dict(list(FULL.items())[:79]), 51, False, id="the percentage itself"),
        pytest.param(dict(list(FULL.items())[:79]), 60, False, id="within the parameter"),
        pytest.param(dict(list(FULL.items())[:47]), 70, True, id="one more than 112 of 160, which are 70 %"),
        pytest.param(dict(list(FULL.items())[:159]), 0, True, id="none may go"),
        pytest.param(FULL | {("S99", "1900"): "1"}, 0, False, id="more cells"),
    ],
)
def test_a_table_that_loses_cells(after, percent, refused):
    found = causes(manifest(FULL), manifest(after), percent)

    assert found == ([f"{len(after)} observations would replace 160: more than {percent} % would be gone"] * refused)


def test_with_another_frequency_the_series_are_counted():
    yearly, fewer = table(16, 10), table(7, 120)

    assert causes(manifest(table(16, 120), "monthly"), manifest(yearly)) == []
    assert causes(manifest(yearly), manifest(fewer, "monthly")) == [
        "7 series would replace 16: more than 50 % would be gone"
    ]


@pytest.mark.parametrize(
    ("before", "after", "compared"),
    [
        pytest.param(FULL, table(16, 10, "{n}.6"), 160, id="every value is another one"),
        pytest.param(table(5, 2), table(5, 2, "{n}"), 10, id="10 cells"),
        pytest.param(table(300, 20), table(300, 20, "{n}.51"), 256, id="more cells than the sample has"),
        pytest.param(FULL, dict.fromkeys(FULL, "na"), 160, id="every value is missing"),
        pytest.param(FULL | MARKED, table(16, 10, "{n}") | MARKED, 160, id="the markers are no values"),
    ],
)
def test_all_values_change(before, after, compared):
    assert causes(manifest(before), manifest(after)) == [
        f"all values would change: none of {compared} compared is as it was"
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(FULL, FULL | {("S0", "1900"): "7"}, id="one value changes"),
        pytest.param(FULL, table(16, 10, "{n}") | dict(list(FULL.items())[:1]), id="one value stays"),
        pytest.param(FULL, table(16, 10, "{n}.500"), id="the same numbers with more decimals"),
        pytest.param(table(9, 1), table(9, 1, "{n}"), id="too few cells to tell"),
        pytest.param(FULL, {(f"T{s}", p): text for (s, p), text in FULL.items()}, id="every label is another one"),
        pytest.param({("A", str(n)): "-" for n in range(50)}, {("A", str(n)): "na" for n in range(50)}, id="markers"),
    ],
)
def test_not_all_values_change(before, after):
    assert causes(manifest(before), manifest(after)) == []


def test_a_change_of_unit_is_not_compared_away():
    assert causes(manifest(FULL), manifest(FULL, unit="Million")) == []
    assert causes(manifest(FULL), manifest(table(16, 10, "{n}"), unit="Million")) != []


def test_a_manifest_without_a_sample_is_compared_by_its_cells_alone():
    older = structs.replace(manifest(FULL), sample={})

    assert causes(older, manifest(table(16, 10, "{n}.6"))) == []


def test_doubt_about_completeness_is_an_objection_to_a_first_edition_too():
    doubtful = structs.replace(manifest(FULL), doubt="no total")

    assert [(type(each).__name__, each.cause) for each in objections(None, None, doubtful, 50)] == [
        ("SourceIncomplete", "no total")
    ]


@pytest.mark.parametrize("chunk", [7, 256, 299, 900])
def test_the_sample_is_the_same_however_the_table_is_divided_or_ordered(chunk):
    values = table(40, 20)
    whole = cells(values) + cells({("Twin", str(n)): str(n) for n in range(30)}) * 2  # two series with one label
    shuffled = random.Random(chunk).sample(whole, len(whole))

    sample = count(whole).sample

    assert len(sample) == SIZE
    assert count(shuffled, chunk).sample == sample


def test_the_sample_of_known_cells():
    """Published editions keep theirs: another function of cells would look like other values.

    The key is the BLAKE2b of the label plus that of the period, the value the CRC-32 of the number, added up for twins.
    """
    twins = cells({("Males", "2025"): "5"}) + cells({("Males", "2025"): "9.0"})

    sample = count(cells({("Births", "2025"): "1.50", ("Births", "2024"): "na"}) + twins).sample

    assert sample == {"419299a04ecefc80": "11b89333", "9f1c4e68f01cd11e": "00000000", "c111d85a515dc713": "875c9bba"}


def test_a_table_that_nothing_proves_to_be_whole_is_refused_with_the_way_to_accept_it():
    doubtful = structs.replace(manifest(FULL), doubt="the metadata have no total")

    (error,) = objections(None, None, doubtful, 50)

    failure = error.failure("PublishTables", "M900301")
    assert (failure.error, failure.cause) == ("SourceIncomplete", "the metadata have no total")
    assert "with accept" in failure.next_step
