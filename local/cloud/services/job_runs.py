"""The work of a DataBrew job run on DuckDB: read the dataset, apply the recipe, write the outputs."""

import gzip
import json
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.databrew.models import FakeRecipeJob, databrew_backends
from moto.s3.models import s3_backends

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.calls import Call
from local.cloud.iam.guard import Access
from local.cloud.services.recipe import StepError, apply
from local.cloud.sql.catalogue import data_files
from local.cloud.sql.scan import files_sql, name_sql, text_sql

if TYPE_CHECKING:
    import duckdb

JOB_SECONDS = 240  # reported for every run, as a small job takes on AWS: the cost estimate depends on it
# A job's memory, beyond which it writes to the disk, and the rows that it keeps before it writes them to Parquet. A
# second thread would need as much again, and costs more processor.
LIMITS = "SET memory_limit='128MB'; SET threads=1; SET partitioned_write_flush_threshold=50000"
FILES = 250  # that a job reads at once: what it needs for each file adds up
STOP_SECONDS = 0.5  # in STOPPING before STOPPED; AWS takes longer

Put = Callable[[str, bytes], None]
"""Store an object at `s3://bucket/key`."""


class JobFailed(Exception):
    """The run fails; the message is its ErrorMessage, one line."""


class JobStopped(Exception):
    """StopJobRun was called."""


@dataclass
class JobRun:
    """One run of a job; `state` is DataBrew's JobRunState. `stopping` is set by StopJobRun."""

    job: FakeRecipeJob
    access: Access
    run_id: str = field(default_factory=lambda: f"db_{uuid.uuid4().hex}")
    state: str = "STARTING"
    stopping: bool = False
    error: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed: datetime | None = None

    def describe(self) -> dict[str, Any]:
        """The response of DescribeJobRun; times are in seconds since the epoch."""
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

    def work(self, lake: Path, put: Put) -> None:
        """Run to the end: SUCCEEDED, STOPPED, or FAILED with an error."""
        from local.cloud.sql.library import connect  # noqa: PLC0415 - imports DuckDB

        ending = "SUCCEEDED"
        try:
            self.state = "RUNNING"
            steps, lines = _steps(self.job), _lines(self, lake)
            at_once = _at_once(steps, lines.files)
            with tempfile.TemporaryDirectory() as folder:
                for first in range(0, len(lines.files), at_once):
                    with connect() as con:
                        con.execute(f"{LIMITS}; SET temp_directory={text_sql(f'{folder}/spilled')}")
                        relation = apply(con, steps, _view(con, lines.files[first : first + at_once], lines.fields))
                        for output, written in self._outputs(folder):
                            self.continue_unless_stopped()
                            _write(con, relation, output, written, first)
                for output, written in self._outputs(folder):
                    self.continue_unless_stopped()
                    _store(self, output, written, put)
        except JobStopped:
            time.sleep(STOP_SECONDS)
            ending = "STOPPED"
        except (JobFailed, StepError) as error:
            ending, self.error = "FAILED", str(error)
        except Exception as error:  # noqa: BLE001 - any error ends the run
            ending, self.error = "FAILED", f"{type(error).__name__}: {error}".splitlines()[0]
        self.completed = datetime.now(UTC)
        self.state = ending

    def _outputs(self, folder: str) -> list[tuple[dict[str, Any], Path]]:
        """Each output of the job, and a folder for its files."""
        return [(output, Path(folder, str(number))) for number, output in enumerate(self.job.outputs or [])]

    def need(self, operation: str, bucket: str, **parameters: str) -> None:
        """Raises `AccessDenied` if the job's role is not allowed this S3 call."""
        self.access(self.job.role_arn, Call("s3", operation, {"Bucket": bucket, **parameters}))

    def continue_unless_stopped(self) -> None:
        """Raises `JobStopped` after StopJobRun."""
        if self.stopping:
            raise JobStopped


def _steps(job: FakeRecipeJob) -> list[dict[str, Any]]:
    reference = job.recipe_reference
    version = reference.get("RecipeVersion", "LATEST_PUBLISHED")
    steps: list[dict[str, Any]] = databrew_backends[ACCOUNT][REGION].describe_recipe(reference["Name"], version).steps
    return steps


class _Lines(NamedTuple):
    """The files of a dataset, and the fields of their lines."""

    files: list[Path]
    fields: list[str]


def _lines(run: JobRun, lake: Path) -> _Lines:
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
    return _Lines(files, list(dict.fromkeys(name for file in files for name in _fields(file))))


def _at_once(steps: list[dict[str, Any]], files: list[Path]) -> int:
    """How many files are read together: all, if a step compares the rows of one with those of another."""
    compared = any(step["Action"]["Operation"] == "DELETE_DUPLICATE_ROWS" for step in steps)
    return len(files) if compared else FILES


def _view(con: "duckdb.DuckDBPyConnection", files: Iterable[Path], fields: Iterable[str]) -> str:
    """A view of JSON Lines with every column as text: types are never inferred from the values."""
    columns = ", ".join(f"{text_sql(name)}: 'VARCHAR'" for name in fields)
    lines = f"{files_sql(files)}, format='newline_delimited', columns={{{columns}}}"
    con.execute(f"CREATE TEMP VIEW dataset AS FROM read_json({lines})")
    return "dataset"


def _fields(file: Path) -> list[str]:
    """The fields of a file's first line: DataBrew requires one schema for all lines."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
        return list(json.loads(next(iter(lines), b"{}")))


def _write(con: "duckdb.DuckDBPyConnection", relation: str, output: dict[str, Any], folder: Path, first: int) -> None:
    kind = (output.get("Format"), output.get("CompressionFormat", "SNAPPY"))
    if kind != ("PARQUET", "SNAPPY"):
        raise JobFailed(f"the laptop writes Parquet with Snappy, not {' with '.join(map(str, kind))}")
    names = text_sql(f"{first:05}-{{i}}")  # beside the files of what was read before
    options = f"FORMAT parquet, COMPRESSION snappy, OVERWRITE_OR_IGNORE, FILENAME_PATTERN {names}"
    if partitions := output.get("PartitionColumns"):
        options += f", PARTITION_BY ({', '.join(name_sql(name) for name in partitions)})"
    else:
        options += ", PER_THREAD_OUTPUT"
    con.execute(f"COPY {name_sql(relation)} TO {text_sql(folder.as_posix())} ({options})")


def _store(run: JobRun, output: dict[str, Any], folder: Path, put: Put) -> None:
    """Store the files at the output's location: `Overwrite` empties it first, otherwise each run has a folder."""
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
