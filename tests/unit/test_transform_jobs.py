"""DataBrew's datasets and jobs: named as AWS allows, and gone after any end of a run and of the stack."""

import importlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from pipeline.errors import InputInvalid
from pipeline.run.plan import RUN_ID, check_run_id

from local.cloud.services import databrew as laptop
from local.cloud.services.job_runs import JobRun
from local.cloud.wsgi import Response
from tests.support import lakes, waiting

RECIPE = "singstat-observations"
NAME = re.compile(r"[A-Za-z0-9 .-]{1,240}")  # CreateRecipeJob: Name
RUNS = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)


class DataBrew:
    """The laptop's DataBrew, whose jobs end when told to."""

    def __init__(self, route: Any) -> None:
        self.route, self.client = route, lambda: None
        self.finish, self.stubborn = threading.Event(), threading.Event()

    def __call__(self, environ: dict[str, Any]) -> Response | None:
        answer: Response | None = self.route(environ)
        return answer

    @property
    def service(self) -> Any:
        return self.client("databrew")

    def states(self, job: str) -> set[str]:
        try:
            return {run["State"] for run in self.service.list_job_runs(Name=job)["JobRuns"]}
        except self.service.exceptions.ResourceNotFoundException:
            return set()

    def left(self) -> list[str]:
        """All that DataBrew has, by name."""
        jobs, datasets = self.service.list_jobs()["Jobs"], self.service.list_datasets()["Datasets"]
        return sorted(f"{kind} {one['Name']}" for kind, many in (("job", jobs), ("dataset", datasets)) for one in many)

    def work(self, run: JobRun) -> None:
        run.state = "RUNNING"
        waiting.wait_for(lambda: self.finish.is_set() or (run.stopping and not self.stubborn.is_set()))
        run.completed, run.state = run.started, "STOPPED" if run.stopping else "SUCCEEDED"


@pytest.fixture
def brew(tmp_path, monkeypatch) -> Iterator[DataBrew]:
    served = DataBrew(laptop.install(tmp_path, lakes.put_into(tmp_path), lakes.anybody))
    monkeypatch.setattr(JobRun, "work", lambda run, *_: served.work(run))
    with lakes.aws(served) as client:
        served.client = client
        client("databrew").create_recipe(Name=RECIPE, Steps=[])
        client("databrew").publish_recipe(Name=RECIPE)
        monkeypatch.setenv("AWS_ENDPOINT_URL", client("databrew").meta.endpoint_url)
        for name, value in {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "ap-southeast-1",
            "DATA_BUCKET": "data",
            "RECIPE_NAME": RECIPE,
            "RECIPE_VERSION": "1.0",
            "TRANSFORM_ROLE": "arn:aws:iam::123456789012:role/transform",
            "KEY_ARN": "arn:aws:kms:ap-southeast-1:123456789012:key/k",
            "APPLICATION": "singstat",
        }.items():
            monkeypatch.setenv(name, value)
        yield served
        served.finish.set()


@pytest.fixture
def jobs(brew):
    """pipeline.aws.databrew, connected to `brew`."""
    from pipeline.aws import databrew  # noqa: PLC0415 - it makes its client when it is imported

    module = importlib.reload(databrew)
    module.POLL_SECONDS = 0.05
    return module


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("run_id", ["demo", "0b5c_9f1e", "_", "-", "Z" * 80, "a" * 36 + "_" + "b" * 36])
def test_names_that_the_api_and_the_schedule_give_are_accepted(brew, jobs, run_id):
    check_run_id(run_id)

    name = jobs.create_job(run_id)

    assert NAME.fullmatch(name)
    assert brew.left() == [f"dataset {name}", f"job {name}"]


@given(first=st.from_regex(RUNS, fullmatch=True), second=st.from_regex(RUNS, fullmatch=True))
def test_names_of_two_runs_never_collide(first, second):
    from pipeline.aws import databrew  # noqa: PLC0415 - the environment names the recipe

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RECIPE_NAME", "s" * 128 + "-observations")  # of the longest stack name
        names = databrew.job_name(first), databrew.job_name(second)

    assert all(NAME.fullmatch(name) for name in names)
    assert (names[0] == names[1]) == (first == second)


@pytest.mark.parametrize("name", ["", "a" * 81, "it's", "a.b", "ü", "a+b", "(1)", "x@y", "a\n", "\uff11"])
def test_names_that_cannot_work_are_refused_by_name(name):
    with pytest.raises(InputInvalid, match="is not a run id: 1 to 80 letters, digits, - and _"):
        check_run_id(name)

    assert not RUN_ID.fullmatch(name)


# ---------------------------------------------------------------- start


def test_a_start_whose_answer_was_lost_is_found_and_not_repeated(brew, jobs):
    job, route, lost = jobs.create_job("r"), brew.route, iter([True])

    def lose_one(environ: dict[str, Any]) -> Response | None:
        answer: Response | None = route(environ)
        if environ["PATH_INFO"].endswith("/startJobRun") and next(lost, False):
            return Response("500 Internal Server Error", [], b"{}")
        return answer

    brew.route = lose_one
    started = jobs.start(job)

    assert [run["RunId"] for run in brew.service.list_job_runs(Name=job)["JobRuns"]] == [started]


# ---------------------------------------------------------------- teardown


def broken_after(jobs, calls: int) -> None:
    """A start of the run `r_1` that broke after some of its calls."""
    if calls == 1:
        jobs.databrew.create_dataset(
            Name=jobs.job_name("r_1"), Format="JSON", Input={"S3InputDefinition": {"Bucket": "data", "Key": "x/"}}
        )
    if calls >= 2:
        jobs.create_job("r_1")
    if calls >= 3:
        jobs.start(jobs.job_name("r_1"))


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
@pytest.mark.parametrize("whole_stack", [False, True], ids=["run", "stack"])
def test_teardown_leaves_nothing_wherever_the_start_broke(brew, jobs, calls, whole_stack):
    broken_after(jobs, calls)

    jobs.delete_all() if whole_stack else jobs.stop_and_delete(jobs.job_name("r_1"))

    assert brew.left() == []


def test_teardown_of_the_stack_deletes_jobs_before_versions_and_no_others(brew, jobs):
    for run_id in ("first", "second_run"):
        jobs.create_job(run_id)
    jobs.start(jobs.job_name("second_run"))
    brew.service.create_dataset(
        Name="singstat-observations-2.r", Format="JSON", Input={"S3InputDefinition": {"Bucket": "other", "Key": "x/"}}
    )
    jobs.publish_recipe()

    jobs.delete_all()

    assert brew.left() == ["dataset singstat-observations-2.r"]
    assert brew.service.list_recipe_versions(Name=RECIPE)["Recipes"] == []
    jobs.delete_all()


def test_teardown_of_a_job_that_does_not_stop_raises_and_finishes_when_called_again(brew, jobs):
    jobs.STOP_SECONDS = 0.2
    brew.stubborn.set()
    job = jobs.create_job("r")
    jobs.start(job)

    with pytest.raises(ClientError, match="ConflictException"):
        jobs.stop_and_delete(job)
    kept = brew.left()
    brew.stubborn.clear()
    jobs.stop_and_delete(job)

    assert kept == [f"dataset {job}", f"job {job}"]
    assert brew.left() == []


def test_teardown_after_a_repeated_start_finds_one_run(brew, jobs):
    job = jobs.create_job("r")

    assert jobs.start(jobs.create_job("r")) == jobs.start(job)
    brew.finish.set()
    waiting.wait_for(lambda: brew.states(job) == {"SUCCEEDED"})
    jobs.delete(job)
    jobs.delete(job)

    assert brew.left() == []


def test_teardown_makes_a_redriven_poll_fail_by_name(jobs):
    with pytest.raises(Exception, match="was deleted when the run failed") as raised:
        jobs.state(jobs.job_name("r"), "db_1")

    assert type(raised.value).__name__ == "TransformLost"


# ---------------------------------------------------------------- custom resource


class CloudFormation(ThreadingHTTPServer):
    """Takes a custom resource's response at a presigned URL, whose signature covers an empty Content-Type."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answered)
        self.responses: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/response"


class Answered(BaseHTTPRequestHandler):
    server: CloudFormation

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fits = self.headers.get("Content-Type", "") == "" and len(body) <= 4096
        self.send_response(200 if fits else 403)
        self.end_headers()
        if fits:
            self.server.responses.append(json.loads(body))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def ask(jobs):
    """Send the custom resource a request; CloudFormation's view of its response."""
    import publish_recipe  # noqa: PLC0415 - it makes its client when it is imported

    cloudformation = CloudFormation()
    threading.Thread(target=cloudformation.serve_forever, daemon=True).start()
    context = SimpleNamespace(
        function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="request"
    )

    def send(request: str) -> dict[str, Any]:
        event = {"RequestType": request, "ResponseURL": cloudformation.url}
        event |= {name: name for name in ("StackId", "RequestId", "LogicalResourceId")}
        publish_recipe.handler(event, context)
        return cloudformation.responses[-1]

    yield send
    cloudformation.shutdown()
    cloudformation.server_close()


def test_custom_resource_publishes_and_tears_down(brew, jobs, ask):
    created, updated = ask("Create"), ask("Update")
    jobs.start(jobs.create_job("left_behind"))
    deleted, again = ask("Delete"), ask("Delete")

    assert [each["Data"]["Version"] for each in (created, updated)] == ["2.0", "3.0"]
    assert {each["PhysicalResourceId"] for each in (created, updated, deleted)} == {RECIPE}
    assert (deleted["Status"], again["Status"], brew.left()) == ("SUCCESS", "SUCCESS", [])


def test_custom_resource_responds_to_a_failure(jobs, ask, monkeypatch):
    monkeypatch.setenv("RECIPE_NAME", "unknown")

    response = ask("Create")

    assert response["Status"] == "FAILED"
    assert "ResourceNotFound" in response["Reason"]
