"""Prove a fresh deployment step by step: run a table, query it, open its report, call the API, leave nothing running.

    .venv/bin/python tools/smoke.py --stack singstat [--large TABLE]

Uses the credentials and the region of the environment, as the AWS CLI does. It starts runs of public tables and deletes
nothing; docs/first-day.md says what each step proves and costs. Exit code 0: no step failed; 1: a step failed.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

SMALL_TABLE = "M550002"
DATABASE = "transformed_singstat_data"
ALIVE = ["pending", "running", "stopping", "stopped"]
HTTP_SECONDS = 30
PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"
# What an emulator answers to a call that it lacks; AWS answers all calls made here.
UNSUPPORTED = {"UnknownOperationException", "InvalidAction", "NotImplemented", "404", "500", "501"}


class NotChecked(Exception):
    """The step could not be tried here; the message says why."""


class Result(NamedTuple):
    """What one step showed: its name, `passed`, `failed` or `not checked`, and what was seen."""

    step: str
    status: str
    seen: str


class Smoke:
    """The steps against one stack. `endpoint` replaces AWS's own, for a test; waits are in seconds."""

    def __init__(
        self, outputs: Mapping[str, str], *, stack: str, endpoint: str | None, poll: float, patience: float
    ) -> None:
        self.outputs, self.stack, self.poll, self.patience = outputs, stack, poll, patience
        self._session: Any = boto3.Session()
        self._endpoint = endpoint
        self._stamp = f"{time.time():.0f}"
        self._runs: dict[str, str] = {}

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)

    def small_table(self) -> str:
        """The state machine downloads, transforms, verifies and publishes one table."""
        execution = self._execute("small", {"tables": [SMALL_TABLE], "force": True})
        _expect(execution["status"], "SUCCEEDED")
        return f"{SMALL_TABLE} in {(execution['stopDate'] - execution['startDate']).total_seconds():.0f} s"

    def published(self) -> str:
        """Readers find as many observations as the publication promises, in their own workgroup."""
        sql = (
            f"SELECT (SELECT count(*) FROM monthly WHERE table_id = '{SMALL_TABLE}'), "  # noqa: S608 - our constant
            f"(SELECT observations FROM tables WHERE table_id = '{SMALL_TABLE}')"
        )
        counted, promised = self._query(sql)
        _expect(counted, promised)
        return f"{counted} observations"

    def report(self) -> str:
        """The link of the mail opens the report without credentials."""
        key = f"runs/{self._run_id('small')}/mail.json"
        mail = json.loads(self.client("s3").get_object(Bucket=self.outputs["DataBucketName"], Key=key)["Body"].read())
        (token, *_) = re.findall(r"/links/([\w-]+)", mail["text"])
        link = requests.get(f"{self._api}/links/{token}", allow_redirects=False, timeout=HTTP_SECONDS)
        _expect(link.status_code, 302)
        page = requests.get(link.headers["Location"], allow_redirects=False, timeout=HTTP_SECONDS)
        _expect(page.status_code, 200)
        _expect("<html" in page.text, True)
        return f"{len(page.content):,} bytes; subject: {mail['subject']}"

    def mail_address(self) -> str:
        """Somebody confirmed the subscription, so mails arrive."""
        pages = self.client("sns").list_subscriptions_by_topic(TopicArn=self.outputs["TopicArn"])["Subscriptions"]
        confirmed = [each for each in pages if each["SubscriptionArn"] != "PendingConfirmation"]
        if not confirmed:
            raise NotChecked("no confirmed subscription: follow the link in AWS's mail, then look for the run's mail")
        return f"{len(confirmed)} confirmed; look whether the run's mail has arrived"

    def api(self) -> str:
        """A signed POST starts a run, an unsigned one does not; the same key starts no second run."""
        url, body = f"{self._api}/monthly", {"tables": [SMALL_TABLE]}
        _expect(requests.post(url, json=body, timeout=HTTP_SECONDS).status_code, 403)
        key = f"smoke_{self._stamp}"  # an underscore is legal in an id and must work to the end
        started = self._signed("POST", url, body, {"Idempotency-Key": key})
        _expect(started.status_code, 202)
        self._runs["api"] = started.json()["executionArn"]
        again = self._signed("POST", url, body, {"Idempotency-Key": key})
        _expect(again.json()["runId"], key)
        _expect(self._wait("api")["status"], "SUCCEEDED")
        _expect(self._signed("GET", f"{self._api}/runs/{key}").json()["status"], "SUCCEEDED")
        return "202, then the status; unsigned 403"

    def unchanged(self) -> str:
        """A second run of the same table downloads nothing."""
        key = f"runs/{self._run_id('api')}/tally.json"
        tally = json.loads(self.client("s3").get_object(Bucket=self.outputs["DataBucketName"], Key=key)["Body"].read())
        _expect([table["table_id"] for table in tally["unchanged"]], [SMALL_TABLE])
        return f"{SMALL_TABLE} unchanged"

    def refusal(self) -> str:
        """A bad request fails in its first state, by name."""
        execution = self._execute("refused", {"tables": ["no table"]})
        _expect((execution["status"], execution["error"]), ("FAILED", "InputInvalid"))
        return "FAILED, InputInvalid"

    def redrive(self) -> str:
        """A failed execution can be redriven; with the same input it fails again."""
        states = self.client("stepfunctions")
        states.redrive_execution(executionArn=self._runs["refused"])
        execution = self._wait("refused")
        _expect((execution["redriveCount"], execution["status"]), (1, "FAILED"))
        return "redriven once"

    def large_table(self, table_id: str) -> str:
        """A table with more cells than LargeTableCells is downloaded by an instance, which then terminates."""
        execution = self._execute("large", {"tables": [table_id], "force": True})
        _expect(execution["status"], "SUCCEEDED")
        if "DownloadLargeTable" not in self._entered(self._runs["large"]):
            raise NotChecked(f"{table_id} has fewer cells than LargeTableCells")
        return f"{table_id} by a worker"

    def nothing_left(self) -> str:
        """No run has left a DataBrew job, a DataBrew dataset or an instance."""
        brew, runs = self.client("databrew"), [self._run_id(name) for name in self._runs]
        jobs = [job["Name"] for page in brew.get_paginator("list_jobs").paginate() for job in page["Jobs"]]
        datasets = [one["Name"] for page in brew.get_paginator("list_datasets").paginate() for one in page["Datasets"]]
        ours = [name for name in [*jobs, *datasets] if name.startswith(f"{self.stack}-")]
        _expect(ours, [])
        filters = [{"Name": "tag:run_id", "Values": runs}, {"Name": "instance-state-name", "Values": ALIVE}]
        deadline = time.monotonic() + self.patience
        while (found := self.client("ec2").describe_instances(Filters=filters)["Reservations"]) and (
            time.monotonic() < deadline  # a worker powers off after it has answered
        ):
            time.sleep(self.poll)
        _expect(len(found), 0)
        return "no job, no dataset, no instance"

    def alarms(self) -> str:
        """No alarm of the stack is in state ALARM."""
        pages = self.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=self.stack)
        alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
        if not alarms:
            raise NotChecked("no alarm is deployed here")
        _expect([alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM"], [])
        return f"{len(alarms)} alarms"

    @property
    def _api(self) -> str:
        return self.outputs["ApiUrl"].rstrip("/")

    def _run_id(self, name: str) -> str:
        if name not in self._runs:
            raise NotChecked("the step that starts this run did not get that far")
        return self._runs[name].rpartition(":")[2]

    def _execute(self, name: str, request: Mapping[str, Any]) -> dict[str, Any]:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.outputs["PipelineArn"], name=f"smoke-{name}-{self._stamp}", input=json.dumps(request)
        )
        self._runs[name] = started["executionArn"]
        return self._wait(name)

    def _wait(self, name: str) -> dict[str, Any]:
        states, deadline = self.client("stepfunctions"), time.monotonic() + self.patience
        while time.monotonic() < deadline:
            execution: dict[str, Any] = states.describe_execution(executionArn=self._runs[name])
            if execution["status"] != "RUNNING":
                return execution
            time.sleep(self.poll)
        raise AssertionError(f"still running after {self.patience:.0f} s: {self._runs[name]}")

    def _entered(self, execution: str) -> set[str]:
        """The states that an execution and its batches have entered."""
        states = self.client("stepfunctions")
        map_runs = states.list_map_runs(executionArn=execution)["mapRuns"]
        batches = [states.list_executions(mapRunArn=each["mapRunArn"])["executions"] for each in map_runs]
        arns = [execution, *(each["executionArn"] for batch in batches for each in batch)]
        pages = states.get_paginator("get_execution_history")
        events = [event for arn in arns for page in pages.paginate(executionArn=arn) for event in page["events"]]
        return {event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event}

    def _query(self, sql: str) -> list[str]:
        athena, deadline = self.client("athena"), time.monotonic() + self.patience
        query = athena.start_query_execution(
            QueryString=sql,
            WorkGroup=self.outputs["ReadersWorkgroupName"],
            QueryExecutionContext={"Database": DATABASE},
        )["QueryExecutionId"]
        while time.monotonic() < deadline:
            status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED":
                row = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1]
                return [cell["VarCharValue"] for cell in row["Data"]]
            if status["State"] not in ("QUEUED", "RUNNING"):
                raise AssertionError(f"{status['State']}: {status.get('StateChangeReason', '')}")
            time.sleep(self.poll)
        raise AssertionError(f"the query still runs after {self.patience:.0f} s")

    def _signed(
        self, method: str, url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        data = json.dumps(body) if body is not None else None
        request = AWSRequest(method, url, {"Content-Type": "application/json", **(headers or {})}, data)
        SigV4Auth(self._session.get_credentials(), "execute-api", self._session.region_name).add_auth(request)
        return requests.request(method, url, headers=dict(request.headers), data=data, timeout=HTTP_SECONDS)


def steps(smoke: Smoke, large: str | None) -> list[tuple[str, Callable[[], str]]]:
    """Every step in the order of docs/first-day.md, by name."""

    def large_table() -> str:
        if large is None:
            raise NotChecked("name a table with --large; a worker costs about 0.01 USD")
        return smoke.large_table(large)

    return [
        ("small table", smoke.small_table),
        ("published", smoke.published),
        ("report and link", smoke.report),
        ("mail address", smoke.mail_address),
        ("API", smoke.api),
        ("unchanged", smoke.unchanged),
        ("refusal", smoke.refusal),
        ("redrive", smoke.redrive),
        ("large table", large_table),
        ("nothing left", smoke.nothing_left),
        ("alarms", smoke.alarms),
    ]


def attempt(step: str, action: Callable[[], str]) -> Result:
    """One step's result; what goes wrong is a result, too."""
    try:
        return Result(step, PASSED, action())
    except NotChecked as reason:
        return Result(step, NOT_CHECKED, str(reason))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in UNSUPPORTED:
            return Result(step, NOT_CHECKED, f"the endpoint has no {error.operation_name}")
        return Result(step, FAILED, f"{error.operation_name}: {code}: {error.response['Error']['Message']}"[:300])
    except (AssertionError, BotoCoreError, LookupError, ValueError, requests.RequestException) as error:
        return Result(step, FAILED, f"{type(error).__name__}: {error}"[:300])


def stack_outputs(stack: str, endpoint: str | None) -> dict[str, str]:
    """The outputs of a deployed stack, by name (DescribeStacks)."""
    described = boto3.client("cloudformation", endpoint_url=endpoint).describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def main() -> int:
    """Run every step and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="singstat", help="the stack's name")
    parser.add_argument("--large", metavar="TABLE", help="a table with more cells than the parameter LargeTableCells")
    parser.add_argument("--outputs", type=Path, help="a JSON object of the stack's outputs, instead of DescribeStacks")
    parser.add_argument("--endpoint", help="another endpoint than AWS's own, for tests")
    parser.add_argument("--poll", type=float, default=10, help="seconds between two looks at a run")
    parser.add_argument("--patience", type=float, default=3600, help="seconds to wait for one run")
    parser.add_argument("--json", action="store_true", help="print the results as JSON, nothing else")
    given = parser.parse_args()
    outputs = json.loads(given.outputs.read_bytes()) if given.outputs else stack_outputs(given.stack, given.endpoint)
    smoke = Smoke(outputs, stack=given.stack, endpoint=given.endpoint, poll=given.poll, patience=given.patience)
    results = [attempt(step, action) for step, action in steps(smoke, given.large)]
    if given.json:
        sys.stdout.write(json.dumps([result._asdict() for result in results]) + "\n")
    else:
        table = Table("step", "result", "seen")
        for result in results:
            table.add_row(*result)
        Console().print(table)
    return int(any(result.status == FAILED for result in results))


def _expect(seen: object, wanted: object) -> None:
    if seen != wanted:
        raise AssertionError(f"{seen!r} instead of {wanted!r}")


if __name__ == "__main__":
    sys.exit(main())
