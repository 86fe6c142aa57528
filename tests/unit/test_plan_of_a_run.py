"""What a run would take, by hand; its constants against the state machine and the worker."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace
from pipeline.costs import plan
from pipeline.costs.plan import Setting, Size, planned

ROOT = Path(__file__).parents[2]
ASL = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8"))
SETTING = Setting(
    region="ap-southeast-1",
    architecture="arm64",
    connections=4,
    requests_per_second=10,
    poll_seconds=15,
    large_cells=1_000_000,
    verification_cells=5_000_000,
    instance_type="t4g.small",
)
PUBLISHED = [Size(cells=7_000, pages=2, published=True), Size(cells=100, published=True)]


def lines(found):
    return {line.item: Decimal(line.quantity) for line in found.cost.lines}


def counts(found):
    return found.tables, found.downloads, found.cells, found.pages, found.workers, found.unknown


def test_nothing_new_is_a_request_a_table():
    found = planned(PUBLISHED, SETTING, revised=False)

    assert (*counts(found), found.minutes) == (2, 0, 0, 0, 0, 0, 1)
    assert lines(found) == {
        "Step Functions": 8 + 2 * 3,  # each table is a batch
        "Lambda, requests": 3 + 2,
        "Lambda, time": Decimal("1.75"),  # 3 functions of 0.5 s, 2 of 1 s, all of 512 MB
        "S3, writing": 7 + 2,
        "S3, reading": 7 + 2 + 2,
        "KMS": 3 + 2,
    }


def test_all_revised_is_a_transform_a_verification_and_a_report():
    found = planned(PUBLISHED, SETTING, revised=True)

    assert (*counts(found), found.minutes) == (2, 2, 7_100, 3, 0, 0, 6)
    polls = 4 * 60 / 15 + 2
    assert lines(found)["Step Functions"] == 8 + 9 + polls * 3 + 2 * (3 + 3)
    assert lines(found)["Lambda, requests"] == 3 + 6 + polls + 2 * (1 + 1)
    assert lines(found)["DataBrew"] == 8
    assert "Glue crawler" not in lines(found)


def test_a_first_run_crawls_and_a_table_of_unknown_size_is_a_page():
    found = planned([Size(cells=None), Size(cells=7_000, pages=2)], SETTING, revised=False)

    assert counts(found) == (2, 2, 7_000, 3, 0, 1)
    assert lines(found)["Glue crawler"] == Decimal("0.333")


def test_a_table_that_is_new_is_downloaded_beside_unchanged_ones():
    found = planned([*PUBLISHED, Size(cells=None)], SETTING, revised=False)

    assert counts(found) == (3, 1, 0, 1, 0, 1)
    assert "Glue crawler" not in lines(found)


@pytest.mark.parametrize(("cells", "workers"), [(1_000_000, 0), (1_000_001, 1)])
def test_a_table_with_more_cells_than_the_limit_takes_a_worker(cells, workers):
    found = planned([Size(cells=cells, pages=201, published=True)], SETTING, revised=True)

    assert found.workers == workers
    assert lines(found).get("EC2, t4g.small", 0) == workers * (120 + 26)


def test_thousands_of_unchanged_tables_take_minutes_and_cents():
    found = planned(PUBLISHED[:1] * 2_400, SETTING, revised=False)

    assert found.minutes == 10  # on four connections
    assert lines(found)["Step Functions"] == 8 + 48 * 3  # in batches of 50
    assert planned(PUBLISHED[:1] * 2_400, replace(SETTING, connections=40), revised=False).minutes == 4  # 10 a second
    assert found.cost.usd < Decimal("0.03")


def test_more_cells_than_a_query_verifies_take_more_queries():
    tables = [replace(PUBLISHED[0], cells=cells) for cells in (600_000, 400_000, 700_000, 1_000_001, 3)]
    one, four = (
        planned(tables, replace(SETTING, verification_cells=most, large_cells=10**7), revised=True)
        for most in (5_000_000, 1_000_000)
    )

    assert (one.queries, four.queries) == (1, 4)
    more = {item: number - lines(one)[item] for item, number in lines(four).items() if number != lines(one)[item]}
    assert more == {
        "Step Functions": 3 * (1 + 2 * 3),  # each is started, and polled twice
        "Lambda, requests": 3 * 3,
        "Lambda, time": Decimal("2.25"),  # 9 functions of 0.5 s, all of 512 MB
        "Athena": 10,  # at least, for the three cells of the last
        "S3, writing": 3 * 3,
        "S3, reading": 3 * 3,
        "KMS": 3 * (3 + 1),
    }
    assert (one.minutes, four.minutes) == (6, 7)  # 310 and 400 seconds


def test_a_report_takes_no_longer_than_its_function_may():
    found = planned(PUBLISHED[1:] * 1_000, SETTING, revised=True)

    assert found.minutes == 12 + 1 + 5 + 5  # 3,000 s on four connections, rounded up with the rest


def walked(**choices: str) -> list[str]:
    """The states of a run by their names, each once; `choices` says where a Choice goes that is not its default."""
    name, seen = ASL["StartAt"], []
    while name not in seen:
        seen.append(name)
        state = ASL["States"][name]
        name = choices.get(name.rstrip("?")) or state.get("Next") or state.get("Default") or name
    return seen


def functions(names: list[str]) -> int:
    return sum("FunctionArn}" in ASL["States"][name].get("Resource", "") for name in names)


def test_states_and_functions_are_those_of_the_state_machine():
    ends = {"IsComplete": "Complete"}
    unchanged = walked(**ends)
    polled = {"IsTransformDone": "StagePartitions", "IsVerified": "PublishTables", "AnythingNew": "CleanUp"}
    stored = walked(**polled, **ends)
    crawled = walked(**polled, **ends, NeedsCrawl="StartCrawl", IsCrawlDone="VerifyAll")

    assert (len(unchanged), functions(unchanged)) == (plan.STATES, plan.FUNCTIONS)
    polls = 2
    more = (len(stored) - len(unchanged), functions(stored) - functions(unchanged))
    assert more == (plan.STORING_STATES + polls * plan.POLL_STATES, plan.STORING_FUNCTIONS + polls)
    more = (len(crawled) - len(stored), functions(crawled) - functions(stored))
    assert more == (plan.CRAWLING_STATES + plan.POLL_STATES, plan.CRAWLING_FUNCTIONS + 1)


def test_a_chunk_has_as_many_pages_as_the_workers():
    worker = (ROOT / "functions" / "pipeline" / "worker" / "download.py").read_text("utf-8")

    assert re.search(r"^CHUNK_PAGES = (\d+)$", worker, re.MULTILINE)[1] == str(plan.PAGES_PER_CHUNK)
