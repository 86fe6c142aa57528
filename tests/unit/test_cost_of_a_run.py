"""The usage and cost of runs against figures computed by hand; constants against the template."""

import ast
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace
from pipeline.costs import usage
from pipeline.costs.estimate import DISK_GB, PRICES, estimate
from pipeline.costs.usage import Usage, measure
from pipeline.run import history
from samtranslator.yaml_helper import yaml_parse

from tests.support.histories import START, Execution

ROOT = Path(__file__).parents[2]
TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))


class Run(Execution):
    def used(self, seconds: float = 3600) -> Usage:
        return measure(history.read(self.events), START + timedelta(seconds=seconds))


def transformed(*, crawl: bool = True) -> Run:
    """A run of one table of two pages, and everything that follows."""
    run = Run()
    run.task("PlanRun", 0, 1)
    run.enter("DownloadTables", 1, "Map")
    run.task("DownloadTable", 1, 5, status="stored", pages=2)
    run.enter("IsLarge?", 5, "Choice")
    run.enter("Downloaded", 5, "Succeed")
    run.task("TallyDownloads", 5, 6)
    run.enter("AnythingNew?", 6, "Choice")
    run.task("StartTransform", 6, 7, job="j")
    run.enter("WaitForTransform", 7, "Wait")
    run.task("CheckTransform", 187, 188, status="SUCCEEDED", seconds=150)
    run.enter("IsTransformDone?", 188, "Choice")
    run.task("StagePartitions", 188, 189)
    run.enter("NeedsCrawl?", 189, "Choice")
    if crawl:
        run.task("StartCrawl", 189, 190, crawler="c")
        run.enter("WaitForCrawl", 190, "Wait")
        run.task("CheckCrawl", 270, 271, status="SUCCEEDED")
        run.enter("IsCrawlDone?", 271, "Choice")
    run.task("StartVerification", 271, 272, query_id="q")
    run.enter("WaitForVerification", 272, "Wait")
    run.task("CheckVerification", 277, 278, status="SUCCEEDED", scanned_bytes=25_000_000)
    run.enter("IsVerified?", 278, "Choice")
    run.task("PublishTables", 278, 280)
    run.task("Notify", 280, 281)
    run.enter("IsComplete?", 281, "Choice")
    run.enter("Complete", 281, "Succeed")
    run.end(281)
    return run


def test_a_first_run_by_hand():
    used = transformed().used()

    assert asdict(used) == {
        "transitions": 25,
        "invocations": 12,
        "gb_seconds": Decimal(4) * 1769 / 1024 + Decimal(12) * 512 / 1024,
        "instance_seconds": {},
        "node_minutes": 2 * 3,  # 150 s are three minutes
        "dpu_seconds": 2 * 600,  # 81 s, billed as ten minutes
        "scanned_bytes": 25_000_000,
        "puts": 7 + 1 + 11 + 2 + 7 + 3,
        "gets": 7 + 2 + 12 + 2 + 12 + 3,
        "key_requests": 12 + 1 + 1 + 1 + 2,
        "mails": 1,
    }
    # transitions, Lambda, DataBrew 6 min, crawler 1/3 DPU-hour, 25 MB, S3, KMS, mail
    by_hand = 25 * Decimal("0.000025") + 12 * Decimal("0.0000002") + used.gb_seconds * Decimal("0.0000133334")
    by_hand += Decimal("0.048") + Decimal("0.44") / 3 + Decimal("0.000125")
    by_hand += 31 * Decimal("0.000005") + 38 * Decimal("0.0000004") + 17 * Decimal("0.000003") + Decimal("0.0000205")
    assert estimate(used, "ap-southeast-1", "arm64").usd == by_hand.quantize(Decimal("0.0001"))


def test_a_known_schema_saves_the_crawl_and_nothing_else():
    with_crawl, without = transformed().used(), transformed(crawl=False).used()

    assert (with_crawl.dpu_seconds, without.dpu_seconds) == (1200, 0)
    assert with_crawl.transitions - without.transitions == 4
    assert with_crawl.invocations - without.invocations == 2


def test_an_unchanged_run_costs_a_fraction_of_a_cent():
    run = Run()
    run.task("PlanRun", 0, 1)
    run.enter("DownloadTables", 1, "Map")
    for _ in range(16):
        run.task("DownloadTable", 1, 2, status="unchanged", pages=0)
        run.enter("IsLarge?", 2, "Choice")
        run.enter("Downloaded", 2, "Succeed")
    run.task("TallyDownloads", 2, 3)
    for name, kind in (("AnythingNew?", "Choice"), ("IsComplete?", "Choice"), ("Complete", "Succeed")):
        run.enter(name, 3, kind)
    run.end(3)

    cost = estimate(run.used(), "ap-southeast-1", "arm64")

    assert Decimal("0.0010") < cost.usd < Decimal("0.01")
    assert {line.item for line in cost.lines} <= {
        *("Step Functions", "Lambda, requests", "Lambda, time", "S3, writing", "S3, reading", "KMS")
    }


@pytest.mark.parametrize(("ended", "seconds"), [(11, 60), (59.5, 60), (70, 60), (70.5, 61), (3610, 3600)], ids=str)
def test_an_instance_is_billed_for_a_minute_at_least(ended, seconds):
    run = Run()
    run.worker(10, ended)

    assert run.used().instance_seconds == {"t4g.small": seconds}


def test_each_try_of_a_worker_is_an_instance_and_a_lost_one_counts_until_it_was_given_up():
    run = Run()
    run.worker(10, 400, "t4g.small", outcome="TimedOut")
    run.worker(410, 510, "c7g.medium")
    run.worker(520, None, "t4g.small")

    assert run.used(seconds=620).instance_seconds == {"t4g.small": 390 + 100, "c7g.medium": 100}


@pytest.mark.parametrize(("stated", "node_minutes"), [(1, 2), (60, 2), (61, 4), (600, 20), (0, 6)])
def test_a_transform_is_billed_by_the_minute(stated, node_minutes):
    """Without DataBrew's figure it is the time from start to last poll: here 121 seconds."""
    run = Run()
    run.task("StartTransform", 0, 1, job="j")
    run.task("CheckTransform", 60, 61, status="RUNNING", seconds=stated)
    run.task("CheckTransform", 121, 122, status="RUNNING", seconds=stated)

    assert run.used().node_minutes == node_minutes


def test_a_transform_that_failed_is_billed_too():
    run = Run()
    run.task("StartTransform", 0, 1, job="j")
    run.task("CheckTransform", 60, 62, "Failed")
    run.end(62, "Failed")

    assert run.used().node_minutes == 2 * 2


@pytest.mark.parametrize(("ended", "dpu_seconds"), [(90, 1200), (601, 1200), (602, 1202), (1801, 3600)])
def test_a_crawl_is_billed_for_ten_minutes_at_least(ended, dpu_seconds):
    run = Run()
    run.task("StartCrawl", 0, 1, crawler="c")
    run.task("CheckCrawl", ended - 1, ended, status="SUCCEEDED")

    assert run.used().dpu_seconds == dpu_seconds


@pytest.mark.parametrize(("scanned", "billed"), [(0, 10**7), (10**7, 10**7), (10**7 + 1, 10**7 + 1)])
def test_a_query_is_billed_for_ten_megabytes_at_least(scanned, billed):
    run = Run()
    run.task("StartVerification", 0, 1, query_id="q")
    run.task("CheckVerification", 2, 3, status="SUCCEEDED", scanned_bytes=scanned)

    assert run.used().scanned_bytes == billed


def test_a_retry_is_a_transition_and_an_invocation():
    run = Run()
    run.enter("PlanRun", 0)
    run.call("PlanRun", 0, 1, "Failed")
    run.call("PlanRun", 3, 4, "TimedOut")
    run.call("PlanRun", 6, 8)
    run.end(8)

    assert (run.used().transitions, run.used().invocations, run.used().gb_seconds) == (3, 3, Decimal(2))


def test_a_redriven_run_is_one_run():
    run = Run()
    run.task("PlanRun", 0, 1, "Failed")
    run.end(1, "Failed")
    failed = run.used()
    run.event("ExecutionRedriven", 100)
    run.call("PlanRun", 100, 101)
    run.enter("Complete", 101, "Succeed")
    run.end(101)

    assert (failed.invocations, failed.mails) == (2, 1)  # HandleFailure mails
    assert (run.used().invocations, run.used().mails, run.used().transitions) == (2, 0, 3)


def test_what_remains_is_foreseen():
    """Measured in WriteReport or Notify, usage equals that of the ended run but for their own seconds."""
    whole = transformed()
    first = next(
        n for n, event in enumerate(whole.events) if event.get("stateEnteredEventDetails") == {"name": "Notify"}
    )
    end = whole.used()
    before, within = Run(), Run()
    before.events, within.events = whole.events[:first], whole.events[: first + 3]

    for so_far in (before.used(281), within.used(281)):
        assert replace(so_far, gb_seconds=end.gb_seconds) == end
    assert before.used(281).gb_seconds - end.gb_seconds == Decimal("0.5")  # two seconds assumed, one needed
    assert within.used(281).gb_seconds == end.gb_seconds


def test_a_history_without_events_is_refused():
    with pytest.raises(ValueError, match="no event"):
        history.read([])


COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    Usage,
    **{name: COUNTS for name in asdict(Usage()) if name not in ("gb_seconds", "instance_seconds")},
    gb_seconds=st.decimals(0, 10**6, places=3),
    instance_seconds=st.dictionaries(st.sampled_from(["t4g.small", "c7g.medium", "x9.huge"]), COUNTS),
)


def total(used: Usage) -> Decimal:
    return sum(line.usd for line in estimate(used, "us-east-1", "arm64").lines)


@given(USAGES, USAGES)
def test_two_runs_cost_the_sum_of_both(one, other):
    both, each = total(one + other), total(one) + total(other)

    assert abs(both - each) < Decimal("0.0001")  # lines are rounded to a millionth


@given(USAGES, st.sampled_from([name for name in asdict(Usage()) if name != "instance_seconds"]), COUNTS)
def test_more_never_costs_less(used, name, more):
    assert total(replace(used, **{name: asdict(used)[name] + more})) >= total(used)


@given(USAGES)
def test_the_total_is_the_sum_of_its_lines(used):
    cost = estimate(used, "ap-southeast-1", "x86_64")

    assert abs(cost.usd - sum(line.usd for line in cost.lines)) <= Decimal("0.00005")


def test_a_region_without_prices_has_those_of_another_and_says_so():
    used = Usage(transitions=1000)

    known, unknown = estimate(used, "us-east-1", "arm64"), estimate(used, "eu-west-1", "arm64")

    assert known.region == "us-east-1"
    assert unknown.region == "ap-southeast-1 (no prices for eu-west-1)"
    assert unknown.region in unknown.note
    assert unknown.note.startswith("An estimate ")
    assert "free tiers" in unknown.note


def test_an_instance_type_without_a_price_costs_as_much_as_the_dearest_and_says_so():
    line = estimate(Usage(instance_seconds={"x9.huge": 3600}), "us-east-1", "arm64").lines[0]

    assert (line.item, line.usd) == ("EC2, x9.huge at the price of c7g.medium", Decimal("0.036300"))


def test_x86_costs_what_x86_costs():
    used = Usage(gb_seconds=Decimal(1_000_000))

    assert estimate(used, "us-east-1", "x86_64").usd == Decimal("16.6667")
    assert estimate(used, "us-east-1", "arm64").usd == Decimal("13.3334")


def test_every_region_has_every_price_with_its_source():
    names = {region: list(prices) for region, prices in PRICES.usd.items()}

    assert {"ap-southeast-1", "us-east-1", PRICES.fallback} <= names.keys()
    assert all(each == names["us-east-1"] for each in names.values())
    assert all(price > 0 and source for prices in PRICES.usd.values() for price, source in prices.values())


def test_every_worker_type_of_the_template_has_a_price():
    types = TEMPLATE["Parameters"]["WorkerInstanceTypes"]["Default"].split(",")

    assert {f"instance_hour_{each}" for each in types} <= PRICES.usd["ap-southeast-1"].keys()


def test_memory_and_disk_are_the_templates():
    functions = {
        name.removesuffix("Function"): body["Properties"]
        for name, body in TEMPLATE["Resources"].items()
        if isinstance(body, dict) and body["Type"] == "AWS::Serverless::Function"
    }
    disk = TEMPLATE["Resources"]["WorkerTemplate"]["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"][0]["Ebs"]
    machine = (ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8")
    own = {name: body["MemorySize"] for name, body in functions.items() if "MemorySize" in body}

    assert {name: size for name, size in own.items() if f"${{{name}FunctionArn}}" in machine} == usage.MEMORY_MB
    assert TEMPLATE["Globals"]["Function"]["MemorySize"] == usage.DEFAULT_MB
    assert (disk["VolumeType"], disk["VolumeSize"]) == ("gp3", DISK_GB)


def test_the_nodes_are_those_of_the_job():
    tree = ast.parse((ROOT / "functions" / "pipeline" / "aws" / "databrew.py").read_text("utf-8"))
    (nodes,) = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and ast.unparse(node.targets[0]) == "NODES"
    ]

    assert nodes == usage.NODES


def test_the_last_states_are_how_the_machine_ends():
    states = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8"))["States"]
    way = [usage.LAST_STATES[0]]
    while following := states[way[-1]].get("Next") or states[way[-1]].get("Default"):
        way.append(following)

    assert tuple(way) == usage.LAST_STATES
