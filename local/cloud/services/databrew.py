"""DataBrew on the laptop: job runs, which moto lacks, and the conflicts and quotas that AWS enforces.

moto keeps datasets, recipes and jobs. Source: the API reference of each action.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore import xform_name
from moto.databrew.exceptions import DataBrewClientError
from moto.databrew.models import DataBrewBackend, FakeRecipe, databrew_backends

from local.cloud.account import ACCOUNT, REGION
from local.cloud.documented_limits import DATABREW_BATCH, DATABREW_RESOURCES
from local.cloud.iam.calls import Call, Environ, UnknownCallError, read_call, signed
from local.cloud.iam.guard import Access
from local.cloud.services.job_runs import JobRun, Put
from local.cloud.wsgi import Response

ANSWERED = {"BatchDeleteRecipeVersion", "DescribeJobRun", "ListJobRuns", "StartJobRun", "StopJobRun"}
CHECKED = {"CreateDataset", "CreateRecipe", "CreateRecipeJob", "DeleteDataset", "DeleteJob", "DeleteRecipeVersion"}
STATUSES = {
    "ConflictException": "409 Conflict",
    "ResourceNotFoundException": "404 Not Found",
    "ServiceQuotaExceededException": "402 Payment Required",
    "ValidationException": "400 Bad Request",
}


class Refused(Exception):
    """An error that AWS returns: its code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def install(lake: Path, put: Put, access: Access) -> Callable[[Environ], Response | None]:
    """A route in front of moto's DataBrew. Jobs read `lake` and store their output with `put`.

    A job's role needs `access` to what the job reads and writes.
    """
    return DataBrew(lake, put, access).route


class DataBrew:
    """Runs jobs and refuses what AWS refuses; moto does the rest."""

    def __init__(self, lake: Path, put: Put, access: Access) -> None:
        self._lake, self._put, self._access = lake, put, access
        self._runs: list[JobRun] = []

    def route(self, environ: Environ) -> Response | None:
        """The response to a request that moto cannot serve or would wrongly accept; None for any other request."""
        found = signed(environ)
        if not found or found[1] != "databrew":
            return None
        try:
            call = read_call(environ, "databrew")
            if call.operation in ANSWERED:
                return _answer(getattr(self, xform_name(call.operation))(**_names(call)))
            if call.operation in CHECKED:
                getattr(self, f"check_{xform_name(call.operation)}")(**_names(call))
        except UnknownCallError:
            return None
        except Refused as error:
            return _answer({"Message": str(error)}, STATUSES[error.code], error.code)
        return None

    def start_job_run(self, name: str, **_: Any) -> dict[str, Any]:
        run = JobRun(self._job(name), self._access)
        self._runs.append(run)
        threading.Thread(target=run.work, args=(self._lake, self._put), daemon=True).start()
        return {"RunId": run.run_id}

    def list_job_runs(self, name: str, **_: Any) -> dict[str, Any]:
        return {"JobRuns": [run.describe() for run in self._runs_of(name)]}

    def describe_job_run(self, name: str, run_id: str, **_: Any) -> dict[str, Any]:
        return self._run(name, run_id).describe()

    def stop_job_run(self, name: str, run_id: str, **_: Any) -> dict[str, Any]:
        """Stopping is asynchronous: the run is STOPPING first."""
        self._run(name, run_id).stopping = True
        return {"RunId": run_id}

    def batch_delete_recipe_version(self, name: str, recipe_versions: list[str], **_: Any) -> dict[str, Any]:
        """Delete what can be deleted, LATEST_WORKING last; the rest is listed in `Errors`."""
        if not 0 < len(set(recipe_versions)) == len(recipe_versions) <= DATABREW_BATCH.limit:
            raise Refused(
                "ValidationException", f"Between 1 and {DATABREW_BATCH.limit} different recipe versions are required."
            )
        if name not in _moto().recipes:
            raise Refused("ResourceNotFoundException", f"The recipe {name} wasn't found.")
        errors = []
        for version in sorted(recipe_versions, key=FakeRecipe.LATEST_WORKING.__eq__):
            try:
                self.check_delete_recipe_version(name, version)
                with _moto_errors():
                    _moto().delete_recipe_version(name, version)
            except Refused as error:
                errors.append({"ErrorCode": error.code, "ErrorMessage": str(error), "RecipeVersion": version})
        return {"Name": name, "Errors": errors}

    def check_create_dataset(self, name: str, **_: Any) -> None:
        if name in _moto().datasets:  # moto raises AlreadyExistsException, which AWS does not document
            raise Refused("ConflictException", f"The dataset {name} already exists")
        _within_quota(_moto().datasets, "datasets")

    def check_create_recipe(self, **_: Any) -> None:
        _within_quota(_moto().recipes, "recipes")

    def check_create_recipe_job(
        self, name: str, dataset_name: str = "", recipe_reference: dict[str, str] | None = None, **_: Any
    ) -> None:
        if name in _moto().jobs:
            return  # moto reports the conflict
        _within_quota(_moto().jobs, "jobs")
        with _moto_errors():
            _moto().describe_dataset(dataset_name)
            _version(recipe_reference or {"Name": ""})

    def check_delete_job(self, name: str, **_: Any) -> None:
        if name in _moto().jobs and not all(run.completed for run in self._runs_of(name)):
            raise Refused("ConflictException", f"The job {name} has a run that has not ended.")

    def check_delete_dataset(self, name: str, **_: Any) -> None:
        if users := [job.name for job in _moto().jobs.values() if job.dataset_name == name]:
            raise Refused("ConflictException", f"The dataset {name} is used by {', '.join(users)}.")

    def check_delete_recipe_version(self, name: str, recipe_version: str, **_: Any) -> None:
        references = {job.name: job.recipe_reference for job in _moto().jobs.values() if job.job_type == "RECIPE"}
        of_recipe = {job: one for job, one in references.items() if one["Name"] == name}
        if users := [job for job, one in of_recipe.items() if _version(one) == recipe_version]:
            raise Refused("ConflictException", f"{name} version {recipe_version} is used by {', '.join(users)}.")

    def _job(self, name: str) -> Any:
        if name not in _moto().jobs:
            raise Refused("ResourceNotFoundException", f"Job {name} wasn't found.")
        return _moto().jobs[name]

    def _runs_of(self, name: str) -> list[JobRun]:
        """The runs of a job, newest first."""
        job = self._job(name)
        return [run for run in reversed(self._runs) if run.job is job]

    def _run(self, name: str, run_id: str) -> JobRun:
        for run in self._runs_of(name):
            if run.run_id == run_id:
                return run
        raise Refused("ResourceNotFoundException", "The job run wasn't found.")


def _moto() -> DataBrewBackend:
    return databrew_backends[ACCOUNT][REGION]


def _version(reference: dict[str, str]) -> str:
    """The version that a recipe reference names, as a number. Raises moto's error if it does not exist."""
    return str(_moto().describe_recipe(reference["Name"], reference.get("RecipeVersion")).version)


def _within_quota(resources: Mapping[str, Any], kind: str) -> None:
    if len(resources) >= DATABREW_RESOURCES.limit:
        raise Refused("ServiceQuotaExceededException", f"There are already {DATABREW_RESOURCES.limit} {kind}.")


@contextmanager
def _moto_errors() -> Iterator[None]:
    """Raises `Refused` for moto's own errors."""
    try:
        yield
    except DataBrewClientError as error:
        raise Refused(error.error_type, error.message) from error


def _names(call: Call) -> dict[str, Any]:
    """The parameters under Python's names: those of a path and those of a body differ in case."""
    return {xform_name(name): value for name, value in call.parameters.items()}


def _answer(content: dict[str, Any], status: str = "200 OK", error: str = "") -> Response:
    headers = [("Content-Type", "application/json"), *([("x-amzn-ErrorType", error)] if error else [])]
    return Response(status, headers, json.dumps(content).encode())
