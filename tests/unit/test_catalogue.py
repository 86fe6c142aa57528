"""The catalogue: what is found, what is new, what is retired, and what is no answer at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline.errors import CatalogueShrunk, SourceContract, SourceIncomplete, SourceInconsistent
from pipeline.run.catalogue import ListedTable, merged, refreshed
from pipeline.source.responses import SearchResult, read_search

DAY, NEXT = "2026-11-23", "2026-11-30"


def found(*table_ids: str) -> list[SearchResult]:
    return [SearchResult(table_id, f"Title Of {table_id}, Monthly", "TS") for table_id in table_ids]


def numbers(many: int, start: int = 1000) -> list[str]:
    return [f"M{n:06}" for n in range(start, start + many)]


@pytest.mark.parametrize(
    ("title", "table_type", "frequency"),
    [
        ("Consumer Price Index (CPI), 2024 As Base Year, Monthly", "TS", "monthly"),
        ("International Visitor Arrivals, Monthly, Seasonally Adjusted", "TS", "monthly"),
        ("Portfolio Investment Assets, Half-Yearly", "TS", "half_yearly"),
        ("Average Monthly Earnings, Quarterly", "TS", "quarterly"),
        ("Availability Of Selected Consumer Durables, Quinquennial", "TS", "yearly"),
        ("Exchange Rates, (Average For Period)", "TS", ""),
        ("Gross Monthly Income, Annual", "CT", "cross_sectional"),
    ],
)
def test_the_frequency_is_the_last_one_that_the_title_names(title, table_type, frequency):
    (table,) = refreshed([], [SearchResult("M100001", title, table_type)], DAY, accept=False)

    assert (table.frequency, table.title) == (frequency, title)


def test_answers_are_merged_by_id():
    assert [table.id for table in merged([found("M100002", "17560"), [], found("M100002")])] == ["17560", "M100002"]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([[], []], SourceIncomplete),
        ([found("../../x")], SourceContract),
        ([[SearchResult("M100001", "x", "XY")]], SourceContract),
        ([found("M100001"), [SearchResult("M100001", "Another title", "TS")]], SourceInconsistent),
    ],
)
def test_answers_that_cannot_be_right_are_refused(answers, error):
    with pytest.raises(error):
        merged(answers)


def test_an_answer_with_fewer_tables_than_its_total_is_refused():
    body = b'{"Data": {"total": 2, "records": [{"id": "M100001", "title": "x", "tableType": "TS"}]}, "StatusCode": 200}'

    with pytest.raises(SourceContract, match="1 of 2 tables"):
        read_search(body)


def test_a_table_that_is_gone_is_retired_once_and_back_when_it_is_listed_again():
    before = refreshed([], found(*numbers(20)), DAY, accept=False)
    after = refreshed(before, found(*numbers(19)), NEXT, accept=False)
    later = refreshed(after, found(*numbers(19)), "2026-12-07", accept=False)
    back = refreshed(later, found(*numbers(20)), "2026-12-14", accept=False)

    assert [(table.last_seen, table.retired_on) for table in after[-2:]] == [(NEXT, None), (DAY, NEXT)]
    assert later[-1] == after[-1]
    assert (back[-1].last_seen, back[-1].retired_on) == ("2026-12-14", None)


@pytest.mark.parametrize(("left", "fails"), [(90, False), (89, True)])
def test_more_than_a_tenth_gone_is_refused_unless_accepted(left, fails):
    known = refreshed([], found(*numbers(100)), DAY, accept=False)
    new = numbers(50, start=5000)  # do not make up for those that are gone

    if fails:
        with pytest.raises(CatalogueShrunk, match="11 of 100 tables are no longer listed, like M001089"):
            refreshed(known, found(*numbers(left), *new), NEXT, accept=False)
    assert len(refreshed(known, found(*numbers(left), *new), NEXT, accept=fails)) == 150


@given(days=st.lists(st.sets(st.sampled_from(numbers(12)), min_size=1), min_size=1, max_size=6))
def test_no_table_is_ever_lost_or_listed_twice(days):
    known: list[ListedTable] = []
    for n, ids in enumerate(days, start=1):
        known = refreshed(known, found(*ids), f"2026-12-{n:02}", accept=True)

    assert [table.table_id for table in known] == sorted(set.union(*days))
    assert {table.table_id for table in known if table.retired_on is None} == days[-1]
