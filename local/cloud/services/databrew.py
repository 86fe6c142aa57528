"""DataBrew job runs on DuckDB: moto keeps datasets, recipes and jobs, this is what it lacks."""

import gzip
import json
import re
import tempfile
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from moto.databrew.exceptions import ConflictException
from moto.databrew.models import DataBrewBackend, FakeRecipeJob, databrew_backends
from moto.s3.models import s3_backends

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.calls import Call
from local.cloud.iam.guard import Access
from local.cloud.services.recipe import StepError, apply
from local.cloud.sql.catalogue import data_files
from local.cloud.sql.scan import files_sql, name_sql, text_sql
from local.cloud.wsgi import Response

JOB_SECONDS = 240  # of a small job on AWS: the laptop's own second would make its price too small
RUNS = re.compile(r"/jobs/(?P<job>[^/]+)/(?:startJobRun|jobRuns|jobRun/(?P<run>[^/]+?)(?:/stopJobRun)?)")


class JobFailed(Exception):
    """The job cannot do its work: one line that says why."""


class JobStopped(Exception):
    """StopJobRun was called."""


@dataclass
class JobRun:
    """One run of a job; `state` is one of DataBrew's. `stopping` is set by StopJobRun."""

    job: FakeRecipeJob
    access: Access
    run_id: str = field(default_factory=lambda: f"db_{uuid.uuid4().hex}")
    state: str = "STARTING"
    stopping: bool = False
    error: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed: datetime | None = None

    def described(self) -> dict[str, Any]:
        """As DescribeJobRun answers; times are seconds since 1970."""
        answer = {
            "JobName": self.job.name,
            "DatasetName": self.job.dataset_name,
            "RecipeReference": self.job.recipe_reference,
            "Outputs": self.job.outputs,
            "RunId": self.run_id,
            "State": "STOPPING" if self.stopping and not self.completed else self.state,
            "Attempt": 0,
            "StartedOn": self.started.timestamp(),
            "ExecutionTime": JOB_SECONDS if self.completed else 0,
            "LogSubscription": self.job.log_subscription,
            "LogGroupName": f"/aws-glue-databrew/{self.job.name}",
            "ErrorMessage": self.error,
            "CompletedOn": self.completed.timestamp() if self.completed else None,
        }
        return {name: value for name, value in answer.items() if value is not None}

    def need(self, operation: str, bucket: str, **asked: str) -> None:
        """Raises AccessDenied if the job's role may not call S3 so."""
        self.access(self.job.role_arn, Call("s3", operation, {"Bucket": bucket, **asked}))

    def go_on(self) -> None:
        """Raises JobStopped after StopJobRun."""
        if self.stopping:
            raise JobStopped


def install(
    lake: Path, put: Callable[[str, bytes], None], access: Access
) -> Callable[[dict[str, Any]], Response | None]:
    """A route that answers for job runs, which read `lake` and store their output with `put(s3 address, bytes)`.

    A job's role needs `access` to what it reads and writes.
    """
    runs: dict[str, JobRun] = {}
    create_dataset = DataBrewBackend.create_dataset

    def create_new_dataset(self: DataBrewBackend, dataset_name: str, *others: Any, **settings: Any) -> Any:
        if dataset_name in self.datasets:  # AWS documents this error, moto raises another
            raise ConflictException(f"The dataset {dataset_name} already exists")
        return create_dataset(self, dataset_name, *others, **settings)

    DataBrewBackend.create_dataset = create_new_dataset

    def route(environ: dict[str, Any]) -> Response | None:
        path: str = environ["PATH_INFO"]
        asked = RUNS.fullmatch(path)
        if not asked or "/databrew/" not in environ.get("HTTP_AUTHORIZATION", ""):
            return None
        job = databrew_backends[ACCOUNT][REGION].jobs.get(asked["job"])
        if job is None:
            return _missing(f"Job {asked['job']} wasn't found.")
        if path.endswith("/startJobRun"):
            run = JobRun(job, access)
            runs[run.run_id] = run
            threading.Thread(target=_work, args=(run, lake, put), daemon=True).start()
            return _answer({"RunId": run.run_id})
        of_job = {run.run_id: run for run in reversed(list(runs.values())) if run.job is job}
        if path.endswith("/jobRuns"):
            return _answer({"JobRuns": [run.described() for run in of_job.values()]})
        return _about(of_job.get(asked["run"]), path)

    return route


def _about(run: JobRun | None, path: str) -> Response:
    if run is None:
        return _missing("The job run wasn't found.")
    if path.endswith("/stopJobRun"):
        run.stopping = True
        return _answer({"RunId": run.run_id})
    return _answer(run.described())


def _answer(content: dict[str, Any], status: str = "200 OK", error: str = "") -> Response:
    headers = [("Content-Type", "application/json"), *([("x-amzn-ErrorType", error)] if error else [])]
    return Response(status, headers, json.dumps(content).encode())


def _missing(message: str) -> Response:
    return _answer({"Message": message}, "404 Not Found", "ResourceNotFoundException")


def _work(run: JobRun, lake: Path, put: Callable[[str, bytes], None]) -> None:
    ending = "SUCCEEDED"
    try:
        run.state = "RUNNING"
        with duckdb.connect() as con, tempfile.TemporaryDirectory() as folder:
            relation = apply(con, _steps(run.job), _read(con, run, lake))
            run.go_on()
            for number, output in enumerate(run.job.outputs or []):
                written = Path(folder, str(number))
                _write(con, relation, output, written)
                run.go_on()
                _store(run, output, written, put)
    except JobStopped:
        ending = "STOPPED"
    except (JobFailed, StepError) as error:
        ending, run.error = "FAILED", str(error)
    except Exception as error:  # noqa: BLE001 - whatever the cause, the run must not stay RUNNING for ever
        ending, run.error = "FAILED", f"{type(error).__name__}: {error}".splitlines()[0]
    run.completed = datetime.now(UTC)
    run.state = ending


def _steps(job: FakeRecipeJob) -> list[dict[str, Any]]:
    reference = job.recipe_reference
    version = reference.get("RecipeVersion", "LATEST_PUBLISHED")
    steps: list[dict[str, Any]] = databrew_backends[ACCOUNT][REGION].describe_recipe(reference["Name"], version).steps
    return steps


def _read(con: duckdb.DuckDBPyConnection, run: JobRun, lake: Path) -> str:
    """A view of the dataset's JSON Lines with every column as text: nothing is guessed from the values."""
    dataset = databrew_backends[ACCOUNT][REGION].describe_dataset(run.job.dataset_name)
    if "S3InputDefinition" not in dataset.input or dataset.format != "JSON":
        raise JobFailed(f"dataset {dataset.name}: the laptop reads only JSON Lines in S3")
    place = dataset.input["S3InputDefinition"]
    uri = f"s3://{place['Bucket']}/{place['Key']}"
    run.need("ListObjectsV2", place["Bucket"], prefix=place["Key"])
    files = list(data_files(lake, uri))
    if not files:
        raise JobFailed(f"dataset {dataset.name}: there are no files under {uri}")
    for file in files:
        run.need("GetObject", place["Bucket"], Key=file.relative_to(lake / place["Bucket"]).as_posix())
    names = dict.fromkeys(name for file in files for name in _fields(file))
    columns = ", ".join(f"{text_sql(name)}: 'VARCHAR'" for name in names)
    lines = f"{files_sql(files)}, format='newline_delimited', columns={{{columns}}}"
    con.execute(f"CREATE TEMP VIEW dataset AS FROM read_json({lines})")
    return "dataset"


def _fields(file: Path) -> list[str]:
    """The fields of a file's first line: DataBrew wants the same in all of them."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
        return list(json.loads(next(iter(lines), b"{}")))


def _write(con: duckdb.DuckDBPyConnection, relation: str, output: dict[str, Any], folder: Path) -> None:
    kind = (output.get("Format"), output.get("CompressionFormat", "SNAPPY"))
    if kind != ("PARQUET", "SNAPPY"):
        raise JobFailed(f"the laptop writes Parquet with Snappy, not {' with '.join(map(str, kind))}")
    options = "FORMAT parquet, COMPRESSION snappy"
    if partitions := output.get("PartitionColumns"):
        options += f", PARTITION_BY ({', '.join(name_sql(name) for name in partitions)})"
    else:
        options += ", PER_THREAD_OUTPUT"
    con.execute(f"COPY {name_sql(relation)} TO {text_sql(folder.as_posix())} ({options})")


def _store(run: JobRun, output: dict[str, Any], folder: Path, put: Callable[[str, bytes], None]) -> None:
    """Put the files where the output says; `Overwrite` first takes away what is there, else each run has a folder."""
    bucket, prefix = output["Location"]["Bucket"], output["Location"].get("Key", "")
    stamp = f"{run.job.name}_{run.started:%d%b%Y}_{run.started.timestamp() * 1000:.0f}"
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    if output.get("Overwrite"):
        backend = s3_backends[ACCOUNT]["aws"]
        run.need("ListObjectsV2", bucket, prefix=prefix)
        for key in [key for key in list(backend.get_bucket(bucket).keys) if key.startswith(prefix)]:
            run.need("DeleteObject", bucket, Key=key)
            backend.delete_object(bucket, key)
    else:
        prefix += f"{stamp}/"
    for parent in sorted({file.parent for file in folder.rglob("*.parquet")}):
        place = parent.relative_to(folder).as_posix()
        for number, file in enumerate(sorted(parent.glob("*.parquet"))):
            key = f"{prefix}{'' if place == '.' else f'{place}/'}{stamp}_part{number:05}.parquet"
            run.need("PutObject", bucket, Key=key)
            put(f"s3://{bucket}/{key}", file.read_bytes())
