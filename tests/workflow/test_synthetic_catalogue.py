"""One run over a synthetic catalogue: every kind, size and oddity, and three broken tables among them."""

from collections import Counter

from local.cli.story import load
from local.cloud.aws import LocalAWS
from local.replay.synthetic import Synthetic, cut, gone, page_of_html
from tests.support.laptop import Laptop
from tests.support.oracle import Lake, source_cells

BROKEN = {"TableNotFound": gone, "SourceIncomplete": cut, "SourceMalformed": page_of_html}


def test_every_cell_is_published_and_what_is_broken_fails_alone(tmp_path, replay):
    parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0", "VerificationCells": "10000"}
    with LocalAWS(tmp_path / "lake", parameters=parameters) as aws:
        check_a_run(Laptop(aws, replay))


def check_a_run(laptop):
    source = Synthetic(30)
    series = [table for table in source if source[table].kind == "TS"][::9]
    source.faults = dict(zip(series, BROKEN.values(), strict=True))
    laptop.replay.answer = source.answer

    result = laptop.run(*source)

    assert (result.status, Counter(table.status for table in result.tables)) == (
        "FAILED",
        {"published": 27, "failed": 3},
    )
    errors = {table.table_id: table.error for table in result.tables if table.error}
    assert errors.keys() == set(series)
    assert [why in errors[table] for table, why in zip(series, ("404", " cells", "not JSON"), strict=True)] == [
        True
    ] * 3
    queries = load(laptop.lake, result.run_id).state("StartVerification").times
    assert queries >= sum(table.downloaded for table in result.tables) / 10_000
    published = Lake(laptop.aws)
    assert published.torn() == []
    assert published.tables == {table: source_cells(source[table]) for table in source if table not in series}


def test_a_synthetic_table_is_what_its_seed_says():
    one, again, other = Synthetic(100), Synthetic(200), Synthetic(100, seed=20)

    assert {table: one[table] for table in one} == {table: again[table] for table in one}
    assert one["Z000001"] != other["Z000001"]
    assert Counter(table.header.get("frequency") for table in one.values()) == {
        "Monthly": 30,
        "Annual": 23,
        "Quarterly": 21,
        "Half-Yearly": 9,
        "Quinquennial": 2,
        None: 15,
    }
    assert all("Synthetic" in table.title for table in one.values())
