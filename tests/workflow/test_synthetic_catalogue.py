"""One run over a synthetic catalogue: every kind, size and oddity, and three broken tables among them."""

from collections import Counter

from pipeline.costs.plan import planned

from local.cli.plan import COLUMNS, published_sizes, setting, taken_row
from local.cli.story import load
from local.cloud.aws import LocalAWS
from local.replay.synthetic import Synthetic, cut, gone, page_of_html
from tests.support.laptop import Laptop
from tests.support.oracle import Lake, source_cells

MOST_CELLS = 10_000  # of a query
BROKEN = {"TableNotFound": gone, "SourceIncomplete": cut, "SourceMalformed": page_of_html}


def test_every_cell_is_published_and_what_is_broken_fails_alone(tmp_path, replay):
    parameters = {
        "SourceUrl": replay.url,
        "PollSeconds": "1",
        "BackoffSeconds": "0",
        "VerificationCells": str(MOST_CELLS),
    }
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
    check_the_plan(laptop.lake, load(laptop.lake, result.run_id), sorted(source.keys() - set(series)))
    published = Lake(laptop.aws)
    assert published.torn() == []
    assert published.tables == {table: source_cells(source[table]) for table in source if table not in series}


def check_the_plan(lake, story, tables):
    """The verification takes as many queries as planned, each billed for 10 MB."""
    plan = planned(list(published_sizes(lake, tables).values()), setting(verification_cells=MOST_CELLS), revised=True)
    took = dict(zip(COLUMNS, taken_row(lake, story.run_id), strict=True))

    assert plan.queries > 1
    assert (took["queries"], took["cells"]) == (str(plan.queries), str(plan.cells))
    billed = [next(line.quantity for line in cost.lines if line.item == "Athena") for cost in (plan.cost, story.cost)]
    assert billed == [str(10 * plan.queries)] * 2
    assert story.state("CheckVerification").times >= plan.queries


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
