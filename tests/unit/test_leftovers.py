"""What CleanUp removes: never what a reader, a rollback or a redrive needs, and after it nothing abandoned is old."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from pipeline.contracts import keys
from pipeline.run.leftovers import KEPT, QUERIED, Named, aged, leftovers, prefixes

NOW = datetime(2026, 11, 28, tzinfo=UTC)
TABLES = ("M810361", "M810001")
ages = st.sampled_from([timedelta(), QUERIED, KEPT]).flatmap(
    lambda limit: st.sampled_from([limit, limit + timedelta(seconds=1), limit + timedelta(days=40)])
)


class Lake(NamedTuple):
    """Staged files and records with their ages, and how long ago runs ended: None for one under way."""

    files: dict[str, timedelta]
    records: dict[str, tuple[bytes, timedelta]]
    ended: dict[str, timedelta | None]

    def removed(self) -> set[str]:
        files = [(key, NOW - age) for key, age in self.files.items()]
        records = {table: Named(prefixes(body), NOW - age) for table, (body, age) in self.records.items()}
        return set(leftovers(aged(files, NOW), records, self.ended_before, NOW))

    def ended_before(self, run: str, moment: datetime) -> bool:
        age = self.ended.get(run, timedelta.max)
        return age is not None and (age == timedelta.max or NOW - age < moment)


def folder(table: str, run: str) -> str:
    return keys.staged(run, "yearly", table)


@st.composite
def lakes(draw: st.DrawFn) -> Lake:
    runs = [f"run-{number}" for number in range(draw(st.integers(1, 4)))]
    places = [(table, run) for table in TABLES for run in runs]
    files = {
        f"{folder(*place)}part-{number}.parquet": draw(ages)
        for place in places
        for number in range(draw(st.integers(0, 2)))
    }
    records = {}
    for table in draw(st.sets(st.sampled_from(TABLES))):
        editions = draw(st.lists(st.sampled_from(runs), unique=True))
        body = [{"edition": run, "location": f"s3://bucket/{folder(table, run)}"} for run in editions]
        records[table] = (msgspec.json.encode({"of_a_later_release": body}), draw(ages))
    known = draw(st.sets(st.sampled_from(runs)))
    return Lake(files, records, {run: draw(st.none() | ages) for run in known})


@given(lakes())
def test_only_what_nobody_needs_is_removed_and_nothing_abandoned_stays(lake: Lake):
    removed = lake.removed()

    for key, age in lake.files.items():
        prefix = key.rpartition("/")[0] + "/"
        run, table = key.split("/")[1].removeprefix("run="), key.split("/")[3].removeprefix("table_id=")
        body, changed = lake.records.get(table, (b"", timedelta.max))
        youngest = min(other for name, other in lake.files.items() if name.startswith(prefix))
        ended = lake.ended.get(run, timedelta.max)
        needed = (
            prefix.encode() in body  # by readers, a rollback or an auditor
            or changed <= QUERIED  # by a query that began before the record changed
            or ended is None  # by a run under way
            or ended <= KEPT  # by a redrive
            or youngest <= KEPT
        )
        assert (key in removed) == (not needed), (key, age)


def test_what_no_run_has_staged_is_left_alone():
    old = NOW - timedelta(days=400)
    strange = ["transformedsingstatdata/left.parquet", "transformedsingstatdata/run=a/left.parquet", "publications/M1"]

    assert aged([(key, old) for key in strange], NOW) == {}
