"""`observe`: run every branch of the pipeline, and record which grants the roles have and use."""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from moto.s3 import models
from pipeline.api import link_token
from pipeline.contracts import keys
from samtranslator.yaml_helper import yaml_parse

from local.cli import costs
from local.cli.serve import serving
from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import LocalAWS
from local.cloud.services import athena_api
from local.cloud.services.job_runs import JobRun
from local.cloud.sql import athena
from local.cloud.stack.template import TEMPLATE
from local.replay.recordings import Table
from local.replay.server import Answer, Replay
from tests.support.executions import all_events
from tests.support.reader import Reader
from tests.support.waiting import wait_for, workers_at_work

SMALL, OTHER, LARGE, UNKNOWN = "M810001", "M400751", "M550002", "M999999"
PARAMETERS = {"PollSeconds": "1", "BackoffSeconds": "0"}
NAMED = ("AWS::IAM::Role", "AWS::Lambda::Function", "AWS::S3::Bucket")

Observed = dict[str, Any]


def project(folder: Path, template: dict[str, Any] | None = None, steps: int | None = None) -> Path:
    """A copy of the project with another template or a truncated recipe; returns the path of its template."""
    folder.mkdir()
    for name in ("functions", "statemachine", "ec2", "quicksight"):
        (folder / name).symlink_to(TEMPLATE.parent / name)
    recipe = json.loads((TEMPLATE.parent / "databrew" / "recipe.json").read_text("utf-8"))
    (folder / "databrew").mkdir()
    (folder / "databrew" / "recipe.json").write_text(json.dumps({"Steps": recipe["Steps"][:steps]}), "utf-8")
    if template is None:
        shutil.copy(TEMPLATE, folder)
    else:
        (folder / "template.yaml").write_text(json.dumps(template), "utf-8")
    return folder / "template.yaml"


def without(role: str, sid: str) -> dict[str, Any]:
    """The template without one statement of a function or role."""
    template: dict[str, Any] = yaml_parse(TEMPLATE.read_text("utf-8"))
    for policy in template["Resources"][role]["Properties"]["Policies"]:
        document = policy.get("PolicyDocument", policy)
        kept = [statement for statement in document["Statement"] if statement["Sid"] != sid]
        assert len(kept) == len(document["Statement"]) - 1
        document["Statement"] = kept
    return template


class Laptop:
    """A laptop's AWS with the actions of the walk."""

    def __init__(self, aws: LocalAWS) -> None:
        self.aws = aws

    def run(self, name: str, *tables: str, **options: Any) -> dict[str, Any]:
        """Run to the end, including the functions that the end triggers."""
        execution = self.start(name, *tables, **options)
        wait_for(lambda: self.aws.describe(execution)["status"] != "RUNNING")
        self.aws.rules.finish()
        return self.aws.describe(execution)

    def start(self, name: str, *tables: str, **options: Any) -> str:
        return self.aws.start({"tables": list(tables), **options}, name)

    def stop_in(self, state: str, execution: str) -> None:
        """Abort a run once it has entered a state."""
        wait_for(lambda: f"'name': '{state}'" in str(all_events(self.aws, execution)))
        self.aws.client("stepfunctions").stop_execution(executionArn=execution)
        self.aws.rules.finish()

    def leave(self, key: str, days: int = 0) -> None:
        """Store an object as if left by an earlier attempt, some days ago."""
        bucket = self.aws.resource("DataBucket")
        self.aws.put(f"s3://{bucket}/{key}", b"left")
        models.s3_backends[ACCOUNT]["aws"].buckets[bucket].keys[key].last_modified -= timedelta(days)

    def workers(self) -> list[int]:
        return workers_at_work(self.aws)

    def pages(self, run: str) -> int:
        return len(list(self.aws.lake.glob(f"*/untransformedsingstatdata/*/*/{run}/**/page-*")))

    def outcomes(self, run: str) -> list[Path]:
        return list(self.aws.lake.glob(f"*/runs/{run}/tables/*"))

    def custom(self, request: str) -> None:
        """Send a custom resource request as CloudFormation does."""
        event = json.loads((TEMPLATE.parent / "events" / "publish_recipe.json").read_text("utf-8"))
        url = f"{self.aws.url}/_custom-resources/{request}"
        (name,) = (name for name in self.aws.functions.deployed if "PublishRecipe" in name)
        assert not self.aws.functions.invoke(name, event | {"RequestType": request, "ResponseURL": url}).failed


@contextmanager
def busy_databrew() -> Iterator[None]:
    """Within this block, a DataBrew job ends only when it is stopped."""
    work, over = JobRun.work, threading.Event()

    def slowly(run: JobRun, *others: Any) -> None:
        run.state = "RUNNING"
        while not (run.stopping or over.wait(0.05)):
            pass
        work(run, *others)

    JobRun.work = slowly
    try:
        yield
    finally:
        JobRun.work = work
        over.set()


@contextmanager
def narrow_athena(most: int = 1) -> Iterator[None]:
    """Within this block, Athena refuses to verify more than `most` tables at once, 0 or 1."""
    run = athena_api.run

    def narrowly(query: str, database: str, parameters: list[str], lake: Path) -> athena.Result:
        if parameters[1:] and (most < 1 or parameters[1] != parameters[2]):
            raise athena.QueryError("too many tables")
        return run(query, database, parameters, lake)

    athena_api.run = narrowly
    try:
        yield
    finally:
        athena_api.run = run


def observe(folder: Path) -> Observed:
    """Run all branches in a folder; returns grants, uses and names as plain JSON."""
    with Replay(cells_per_page=60) as replay:
        usual = replay.answer

        def slowly(request: Any) -> Any:
            time.sleep(0.05)  # slow enough to interrupt a worker midway
            return usual(request)

        replay.answer = slowly
        parameters = PARAMETERS | {"SourceUrl": replay.url, "LargeTableCells": "5000"}
        with LocalAWS(folder / "lake", parameters=parameters) as aws:
            aws.instances.lacking = {("ap-southeast-1a", "t4g.small")}  # so that both zones are tried
            _published(Laptop(aws), replay)
            _read(Reader(aws))
            _ended_badly(Laptop(aws))
            _asked_over_http(Laptop(aws))
            costs.report(aws)
            Laptop(aws).custom("Update")
            _torn_down(Laptop(aws))
            one = _observed(aws)
        template = project(folder / "project", steps=2)
        with LocalAWS(folder / "other", template, parameters | {"PollLimit": "8"}) as aws:
            _given_up(Laptop(aws))
            other = _observed(aws)
    return one | {"uses": sorted({tuple(use) for use in one["uses"] + other["uses"]})}


def _published(laptop: Laptop, replay: Replay) -> None:
    """Runs that publish: with a crawl, a new worker and a query per table, partly, unchanged, revised, a new schema.

    And one that finds SingStat down.
    """
    laptop.leave(f"flattened/first/{LARGE}-99999.jsonl.gz")
    laptop.leave("transformedsingstatdata/run=first/left.parquet")
    laptop.aws.instances.not_offered = {(f"{REGION}a", "t4g.small")}
    with narrow_athena():
        first = laptop.start("first", SMALL, LARGE)
        wait_for(lambda: laptop.pages("first") > 70 and laptop.workers())
        for worker in laptop.workers():
            os.kill(worker, signal.SIGTERM)
        wait_for(lambda: laptop.aws.describe(first)["status"] != "RUNNING")
    assert laptop.aws.describe(first)["status"] == "SUCCEEDED", laptop.aws.describe(first)
    assert laptop.run("partly", OTHER, UNKNOWN)["error"] == "SomeTablesFailed"
    assert laptop.run("unchanged", SMALL)["status"] == "SUCCEEDED"
    usual, refusals = replay.answer, [Answer(503, b"")] * 5  # as often as the client asks for one table
    replay.answer = lambda request: refusals.pop() if refusals else usual(request)
    assert laptop.run("source-up-again", SMALL)["status"] == "SUCCEEDED"
    replay.answer = lambda _: Answer(503, b"")
    assert laptop.run("source-down", SMALL)["error"] == "SomeTablesFailed"
    replay.answer = usual
    replay.tables[SMALL].revise("24/10/2026", {("2", "1970"): "99.9"})
    assert laptop.run("revised", SMALL)["status"] == "SUCCEEDED"
    _moved(replay.tables[SMALL])
    assert laptop.run("moved", SMALL)["status"] == "SUCCEEDED"
    for name, request in {
        "listed": {"refresh": "catalogue"},
        "listed-again": {"refresh": "catalogue"},
        "rolled-back": {"rollback": {"table": SMALL, "to": "2026-09-25"}},
        "rolled-forward": {"rollback": {"table": SMALL, "to": "2026-10-25"}},
        "forgotten": {"forget": {"table": SMALL, "vintage": "2026-09-25"}},
    }.items():
        execution = laptop.aws.start(request, name)
        wait_for(lambda execution=execution: laptop.aws.describe(execution)["status"] != "RUNNING")
        assert laptop.aws.describe(execution)["status"] == "SUCCEEDED", laptop.aws.describe(execution)
    glue = laptop.aws.client("glue")
    table = glue.get_table(DatabaseName="staged_singstat_data", Name="transformedsingstatdata")["Table"]
    older = {name: table[name] for name in ("Name", "PartitionKeys", "StorageDescriptor")}
    older["StorageDescriptor"]["Columns"].pop()
    glue.update_table(DatabaseName="staged_singstat_data", TableInput=older)
    laptop.leave(keys.staged("long-ago", "yearly", UNKNOWN) + "part.parquet", days=31)
    assert laptop.run("other-schema", OTHER, force=True)["status"] == "SUCCEEDED"


def _moved(table: Table) -> None:
    """A newer vintage of a yearly table with quarters, which readers look for in another dataset."""
    table.revise("25/10/2026", {})
    table.header["frequency"] = "Quarterly"
    for row in table.rows:
        for column in row.columns:
            column["key"] += " 4Q"


def _read(reader: Reader) -> None:
    """Queries of a reader such as Power BI or a notebook, and their cancellation."""
    assert len(reader.query("SELECT * FROM tables t LEFT JOIN revisions r ON r.table_id = t.table_id")[1]) > 1
    assert len(reader.query("SELECT * FROM catalogue")[1]) > 1
    query = reader.start("SELECT 1")
    reader.finished(query)
    reader.client("athena").stop_query_execution(QueryExecutionId=query)
    results = reader.client("s3").list_objects_v2(Bucket=reader.aws.resource("ResultsBucket"), Prefix="readers/")
    assert f"readers/{query}.csv" in [one["Key"] for one in results["Contents"]]


def _asked_over_http(laptop: Laptop) -> None:
    """The API: start a run of a list, describe it and an aborted one; open a link, and one to a deleted report."""
    aws, started = laptop.aws, {"Content-Type": "application/json", "Idempotency-Key": "asked"}
    aws.put(f"s3://{aws.resource('DataBucket')}/lists/mine.json", json.dumps({"tables": [OTHER]}).encode())
    aws.put(f"s3://{aws.resource('ResultsBucket')}/{link_token.REPORTS}report.html", b"report")
    kms, key = aws.client("kms"), "alias/Singstat-link-key"
    token = link_token.create(
        f"{link_token.REPORTS}report.html",
        datetime.now(UTC),
        7,
        lambda message: kms.generate_mac(KeyId=key, Message=message, MacAlgorithm="HMAC_SHA_256")["Mac"],
    )
    with serving(aws, authenticated=False) as door:
        answer = requests.post(f"{door.url}/monthly", json={"list": "mine"}, headers=started, timeout=30)
        assert answer.status_code == 202, answer.text
        wait_for(lambda: requests.get(f"{door.url}/runs/asked", timeout=30).json()["status"] != "RUNNING")
        assert requests.get(f"{door.url}/runs/aborted-large", timeout=30).json()["tables"]["planned"] == 2
        assert requests.get(f"{door.url}/links/{token}", timeout=30).content == b"report"
        aws.client("s3").delete_object(Bucket=aws.resource("ResultsBucket"), Key=f"{link_token.REPORTS}report.html")
        assert requests.get(f"{door.url}/links/{token}", timeout=30).status_code == 404


def _ended_badly(laptop: Laptop) -> None:
    """Runs of an unknown list, aborted (once redriven) while an instance or a job is running, or without a query."""
    unknown = laptop.aws.start({"list": "unknown"}, "unknown-list")
    wait_for(lambda: laptop.aws.describe(unknown)["status"] != "RUNNING")
    assert laptop.aws.describe(unknown)["error"] == "InputInvalid"
    execution = laptop.start("aborted-large", SMALL, LARGE, force=True)
    wait_for(lambda: laptop.workers() and laptop.outcomes("aborted-large"))
    laptop.stop_in("DownloadLargeTable", execution)
    wait_for(lambda: not laptop.workers())
    laptop.aws.redrive("aborted-large")
    wait_for(laptop.workers)
    laptop.stop_in("DownloadLargeTable", execution)
    wait_for(lambda: not laptop.workers())
    with busy_databrew():
        laptop.stop_in("CheckTransform", laptop.start("aborted", SMALL, force=True))
    with narrow_athena(0):
        assert laptop.run("no-athena", SMALL, force=True)["error"] == "QueriesFailed"


def _torn_down(laptop: Laptop) -> None:
    """The stack is deleted while a job runs."""
    with busy_databrew():
        execution = laptop.start("torn-down", SMALL, force=True)
        wait_for(lambda: "'name': 'CheckTransform'" in str(laptop.aws.history(execution)))
        laptop.custom("Delete")
    wait_for(lambda: laptop.aws.describe(execution)["status"] != "RUNNING")
    laptop.aws.rules.finish()


def _given_up(laptop: Laptop) -> None:
    """Runs that fail: the crawled types differ from the declared ones; a job exceeds the maximum number of polls."""
    assert laptop.run("other-types", SMALL)["error"] == "CatalogueFailed"
    with busy_databrew():
        assert laptop.run("too-slow", SMALL)["error"] == "TransformFailed"


def _observed(aws: LocalAWS) -> Observed:
    keys = aws.stack.names("AWS::KMS::Key")

    def lasting(resource: str) -> str:
        """Replace the id of a key, which differs in each deployment, by its logical id."""
        return next((resource.replace(key, name) for key, name in keys.items() if key in resource), resource)

    grants = [
        {
            "role": role.logical_id,
            "sid": statement.sid,
            "actions": [action.text for action in statement.actions],
            "resources": [lasting(resource.text) for resource in statement.resources],
            "conditions": [[one.key, one.values] for one in statement.conditions],
        }
        for role in aws.guard.facts.roles.values()
        for statement in role.statements
    ]
    uses = [use._replace(pattern=lasting(use.pattern)) for use in aws.guard.used]
    names = {physical: logical for kind in NAMED for physical, logical in aws.stack.names(kind).items()}
    return {"grants": grants, "uses": uses, "names": names}
