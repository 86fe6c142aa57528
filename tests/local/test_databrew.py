"""DataBrew on real JSON Lines: the Parquet output is compared value by value, and conflicts are refused as on AWS."""

import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botocore.exceptions import ClientError

from local.cloud.services import databrew, job_runs, objects
from tests.support import lakes, waiting

Row = dict[str, str | None]
Brew = Callable[..., dict[str, Any]]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """A factory of clients for a lake with a bucket `data`."""

    def put(uri: str, body: bytes) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        made("s3").put_object(Bucket=bucket, Key=key, Body=body)

    objects.install(tmp_path)
    route = databrew.install(tmp_path, put, lakes.anybody)
    with lakes.aws(route) as made:
        made("s3").create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        yield made
        objects.uninstall()


@pytest.fixture
def brew(client: Any) -> Brew:
    """Run a recipe on rows to the end and return the response of DescribeJobRun."""
    service = client("databrew")

    def run(steps: list[dict[str, Any]], *files: list[Row], **output: Any) -> dict[str, Any]:
        for number, rows in enumerate(files):
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            key = f"flattened/r1/M{number}.jsonl.gz"
            client("s3").put_object(Bucket="data", Key=key, Body=gzip.compress(lines.encode()))
        service.create_recipe(Name="recipe", Steps=steps)
        service.publish_recipe(Name="recipe")
        place = {"Bucket": "data", "Key": "flattened/r1/"}
        service.create_dataset(Name="job", Format="JSON", Input={"S3InputDefinition": place})
        service.create_recipe_job(
            Name="job",
            DatasetName="job",
            RoleArn="arn:aws:iam::123456789012:role/transform",
            RecipeReference={"Name": "recipe", "RecipeVersion": "1.0"},
            Outputs=[
                {
                    "Location": {"Bucket": "data", "Key": "out/"},
                    "Format": "PARQUET",
                    "CompressionFormat": "SNAPPY",
                    "Overwrite": True,
                }
                | output
            ],
        )
        return finish(service)

    return run


def finish(service: Any) -> dict[str, Any]:
    """Run the job `job` to the end and return the response of DescribeJobRun."""
    run_id = service.start_job_run(Name="job")["RunId"]
    described: dict[str, Any] = {}

    def is_over() -> bool:
        described.update(service.describe_job_run(Name="job", RunId=run_id))
        return described["State"] not in ("STARTING", "RUNNING", "STOPPING")

    waiting.wait_for(is_over)
    return described


def step(operation: str, conditions: list[dict[str, str]] | None = None, **parameters: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Action": {"Operation": operation, "Parameters": parameters}}
    return made | ({"ConditionExpressions": conditions} if conditions else {})


def output(lake: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    source = f"read_parquet('{lake}/data/out/**/*.parquet', hive_partitioning=false)"
    rows = duckdb.connect().execute(f"SELECT {columns} FROM {source} ORDER BY ALL").fetchall()
    return [tuple(row) for row in rows]


def change(kind: str) -> dict[str, Any]:
    return step("CHANGE_DATA_TYPE", sourceColumn="a", columnDataType=kind)


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (
            "decimal",
            {
                "0.1": Decimal("0.1"),
                "-12.30": Decimal("-12.3"),
                " 7 ": Decimal(7),
                "1E-3": Decimal("0.001"),
                "99999999999999999999.999999999999999999": Decimal("99999999999999999999.999999999999999999"),
                "0.0000000000000000005": Decimal("1E-18"),
                "-0.0000000000000000005": Decimal("-1E-18"),
                "0.00000000000000000049": Decimal(0),
                "100000000000000000000": None,
                "1,234": None,
                "1_000": None,
                "na": None,
                "": None,
                "NaN": None,
            },
        ),
        ("int", {"12": 12, "-7.9": -7, "2147483648": None, "1_0": None, "x": None}),
        ("long", {"2147483648": 2147483648}),
        ("boolean", {"TRUE": True, "no": False, "2": None}),
        ("string", {"007": "007"}),
        ("double", {"0.5": 0.5, "x": None}),
    ],
)
def test_change_data_type(brew: Brew, tmp_path: Path, kind: str, texts: dict[str, Any]) -> None:
    rows: list[Row] = [{"text": text, "a": text} for text in texts]
    assert brew([change(kind)], rows)["State"] == "SUCCEEDED"
    assert dict(output(tmp_path)) == texts


def test_dates_are_iso_dates(brew: Brew, tmp_path: Path) -> None:
    rows: list[Row] = [{"a": text} for text in ("2024-02-29", "2023-02-29", "2024-1-5", "20240105", "2024 Jan")]
    assert brew([change("date")], rows)["State"] == "SUCCEEDED"
    found = [None if day is None else day.isoformat() for (day,) in output(tmp_path)]
    assert found == ["2024-02-29", None, None, None, None]


ROWS: list[Row] = [
    {"a": "  Food  and\tdrink ", "b": "x"},
    {"a": "", "b": "y"},
    {"a": None, "b": "y"},
    {"a": "  Food  and\tdrink ", "b": "x"},
]


@pytest.mark.parametrize(
    ("steps", "names", "expected"),
    [
        ([step("RENAME", sourceColumn="b", targetColumn="c d")], ["a", "c d"], None),
        ([step("DELETE", sourceColumn="a")], ["b"], None),
        ([step("DUPLICATE", sourceColumn="b", targetColumn="c")], ["a", "b", "c"], None),
        (
            [
                step(
                    "REMOVE_COMBINED",
                    sourceColumn="a",
                    removeLeadingAndTrailingWhitespace="true",
                    collapseConsecutiveWhitespace="true",
                    removeLetters="false",
                )
            ],
            ["a", "b"],
            [("", "y"), ("Food and drink", "x"), ("Food and drink", "x"), (None, "y")],
        ),
        (
            [step("REPLACE_TEXT", sourceColumn="a", pattern=r"\s*(F)oo(d).*", value=r"$2\$1")],
            ["a", "b"],
            [("", "y"), (r"d\F", "x"), (r"d\F", "x"), (None, "y")],
        ),
        ([step("UPPER_CASE", sourceColumn="b")], ["a", "b"], None),
        ([step("REMOVE_MISSING", sourceColumn="a")], ["a", "b"], [("  Food  and\tdrink ", "x")] * 2),
        (
            [
                step(
                    "REMOVE_VALUES",
                    [{"Condition": "IS", "Value": '["x", "z"]', "TargetColumn": "b"}],
                    sourceColumn="b",
                )
            ],
            ["a", "b"],
            [("", "y"), (None, "y")],
        ),
        (
            [
                step(
                    "REMOVE_VALUES",
                    [
                        {"Condition": "IS_MISSING", "TargetColumn": "a"},
                        {"Condition": "IS_NOT", "Value": '["x"]', "TargetColumn": "b"},
                    ],
                    sourceColumn="a",
                )
            ],
            ["a", "b"],
            [("  Food  and\tdrink ", "x")] * 2,
        ),
        (
            [step("DELETE_DUPLICATE_ROWS")],
            ["a", "b"],
            [("", "y"), ("  Food  and\tdrink ", "x"), (None, "y")],
        ),
    ],
)
def test_each_operation(
    brew: Brew, tmp_path: Path, steps: list[dict[str, Any]], names: list[str], expected: list[Any] | None
) -> None:
    assert brew(steps, ROWS)["State"] == "SUCCEEDED"
    file = next(tmp_path.glob("data/out/*.parquet"))
    described = duckdb.connect().execute("SELECT name FROM parquet_schema(?) WHERE column_id > 0", [str(file)])
    assert [name for (name,) in described.fetchall()] == names
    if expected is not None:
        assert sorted(output(tmp_path), key=repr) == sorted(expected, key=repr)


def test_steps_apply_in_order(brew: Brew, tmp_path: Path) -> None:
    steps = [
        step("DUPLICATE", sourceColumn="b", targetColumn="c"),
        step("UPPER_CASE", sourceColumn="c"),
        step("DUPLICATE", sourceColumn="c", targetColumn="d"),
        step("LOWER_CASE", sourceColumn="d"),
        step("DELETE", sourceColumn="a"),
        step("DELETE_DUPLICATE_ROWS"),
    ]
    assert brew(steps, ROWS)["State"] == "SUCCEEDED"
    assert output(tmp_path) == [("x", "X", "x"), ("y", "Y", "y")]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [step("DELETE", sourceColumn="a"), step("FLAG_COLUMN")],
            "step 2 FLAG_COLUMN: not on the laptop: this operation",
        ),
        ([step("RENAME", sourceColumn="z", targetColumn="c")], "step 1 RENAME: column z does not exist"),
        ([step("RENAME", sourceColumn="a", targetColumn="b")], "step 1 RENAME: column b already exists"),
        ([step("RENAME", sourceColumn="a")], "step 1 RENAME: parameter targetColumn is missing"),
        ([change("decimal(10,2)")], r"step 1 CHANGE_DATA_TYPE: .*type decimal\(10,2\)"),
        ([step("REMOVE_COMBINED", sourceColumn="a", removeLetters="true")], "step 1 REMOVE_COMBINED: .*removeLetters"),
        ([step("REMOVE_VALUES", sourceColumn="a")], "step 1 REMOVE_VALUES: ConditionExpressions are missing"),
        (
            [step("DELETE", [{"Condition": "IS_MISSING", "TargetColumn": "a"}], sourceColumn="a")],
            "step 1 DELETE: .*conditions, but for REMOVE_VALUES",
        ),
    ],
)
def test_an_invalid_step_fails_the_run_and_is_named(
    brew: Brew, tmp_path: Path, steps: list[dict[str, Any]], message: str
) -> None:
    run = brew(steps, ROWS)
    assert run["State"] == "FAILED"
    assert re.match(message, run["ErrorMessage"])
    assert "\n" not in run["ErrorMessage"]
    assert not (tmp_path / "data/out").exists()


def test_every_value_is_text_and_columns_are_matched_by_name(brew: Brew, tmp_path: Path) -> None:
    first: list[Row] = [{"series_no": "1.10", "value_text": "0012"}, {"series_no": "1.1", "value_text": "2024-01-01"}]
    second: list[Row] = [{"value_text": "true", "series_no": None, "unit": "kg"}]
    assert brew([step("DUPLICATE", sourceColumn="unit", targetColumn="copy")], first, second)["State"] == "SUCCEEDED"
    assert sorted(output(tmp_path, "series_no, value_text, unit, copy"), key=repr) == [
        ("1.1", "2024-01-01", None, None),
        ("1.10", "0012", None, None),
        (None, "true", "kg", "kg"),
    ]


def test_output_is_partitioned_and_overwritten(brew: Brew, client: Any, tmp_path: Path) -> None:
    client("s3").put_object(Bucket="data", Key="out/frequency=monthly/old.parquet", Body=b"old")
    client("s3").put_object(Bucket="data", Key="outside/kept", Body=b"kept")
    rows: list[Row] = [
        {"table_id": "M1", "frequency": "monthly", "a": "1"},
        {"table_id": "M1", "frequency": "monthly", "a": "2"},
        {"table_id": "Y1", "frequency": "yearly", "a": "3"},
    ]
    run = brew([change("decimal")], rows, PartitionColumns=["frequency", "table_id"])
    assert run["State"] == "SUCCEEDED"
    keys = sorted(item["Key"] for item in client("s3").list_objects_v2(Bucket="data", Prefix="out/")["Contents"])
    assert [key.rpartition("/")[0] for key in keys] == [
        "out/frequency=monthly/table_id=M1",
        "out/frequency=yearly/table_id=Y1",
    ]
    assert all(key.rpartition("/")[2].startswith("job_") and key.endswith("_part00000.parquet") for key in keys)
    assert output(tmp_path) == [(Decimal(1),), (Decimal(2),), (Decimal(3),)]
    assert client("s3").get_object(Bucket="data", Key="outside/kept")["Body"].read() == b"kept"
    assert finish(client("databrew"))["State"] == "SUCCEEDED"
    assert len(output(tmp_path)) == 3


@pytest.mark.parametrize("place", [{}, {"PartitionColumns": ["table_id"]}])
@pytest.mark.parametrize("steps", [[], [step("DELETE_DUPLICATE_ROWS")]])
def test_files_that_are_read_in_turns_give_all_their_rows(
    brew: Brew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: dict[str, Any], steps: list[Any]
) -> None:
    monkeypatch.setattr(job_runs, "FILES", 2)
    files = [[{"table_id": "M1", "a": "same"}, {"table_id": "M1", "a": f"of {number}"}] for number in range(5)]
    assert brew(steps, *files, **place)["State"] == "SUCCEEDED"
    assert output(tmp_path, "a") == sorted(
        [("same",)] * (1 if steps else 5) + [(f"of {number}",) for number in range(5)]
    )


def test_without_overwrite_each_run_has_a_folder(brew: Brew, client: Any, tmp_path: Path) -> None:
    assert brew([], [{"a": "1"}], Overwrite=False)["State"] == "SUCCEEDED"
    assert len(list(tmp_path.glob("data/out/job_*/*_part00000.parquet"))) == 1
    assert output(tmp_path) == [("1",)]


def test_runs_are_listed_described_and_deleted_with_their_job(brew: Brew, client: Any) -> None:
    service = client("databrew")
    run = brew([], [{"a": "1"}])
    assert run["ExecutionTime"] >= 0
    assert run["CompletedOn"] >= run["StartedOn"]
    assert run["LogGroupName"] == "/aws-glue-databrew/job"
    assert [item["RunId"] for item in service.list_job_runs(Name="job")["JobRuns"]] == [run["RunId"]]
    assert service.stop_job_run(Name="job", RunId=run["RunId"])["RunId"] == run["RunId"]
    assert service.describe_job_run(Name="job", RunId=run["RunId"])["State"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        service.describe_job_run(Name="job", RunId="db_unknown")
    with pytest.raises(ClientError, match="ConflictException"):
        service.create_dataset(Name="job", Format="JSON", Input={"S3InputDefinition": {"Bucket": "data", "Key": "x/"}})
    service.delete_job(Name="job")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        service.list_job_runs(Name="job")
    service.delete_dataset(Name="job")
    service.delete_recipe_version(Name="recipe", RecipeVersion="1.0")


def make_job(service: Any, name: str = "job", version: str = "1.0") -> None:
    """Create a dataset and a job on `recipe`, which is created and published unless it exists."""
    place = {"Bucket": "data", "Key": "in/"}
    with suppress(ClientError):
        service.create_recipe(Name="recipe", Steps=[])
        service.publish_recipe(Name="recipe")
    service.create_dataset(Name=name, Format="JSON", Input={"S3InputDefinition": place})
    service.create_recipe_job(
        Name=name,
        DatasetName=name,
        RoleArn="arn:aws:iam::123456789012:role/transform",
        RecipeReference={"Name": "recipe", "RecipeVersion": version},
        Outputs=[{"Location": {"Bucket": "data", "Key": key}, "Format": "PARQUET"} for key in ("first/", "second/")],
    )


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """The error code of a refused call."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_a_dataset_and_a_recipe_version_in_use_by_a_job_cannot_be_deleted(client: Any) -> None:
    service = client("databrew")
    make_job(service)
    service.publish_recipe(Name="recipe")

    assert refused(service.delete_dataset, Name="job") == "ConflictException"
    assert refused(service.delete_recipe_version, Name="recipe", RecipeVersion="1.0") == "ConflictException"
    service.delete_recipe_version(Name="recipe", RecipeVersion="2.0")
    service.delete_job(Name="job")
    service.delete_dataset(Name="job")
    service.delete_recipe_version(Name="recipe", RecipeVersion="1.0")


def test_teardown_deletes_only_recipe_versions_that_no_job_uses(client: Any) -> None:
    service = client("databrew")
    make_job(service, version="LATEST_PUBLISHED")
    versions = ["LATEST_WORKING", "1.0", "7.0"]

    errors = service.batch_delete_recipe_version(Name="recipe", RecipeVersions=versions)["Errors"]
    assert {error["RecipeVersion"]: error["ErrorCode"] for error in errors} == {
        "1.0": "ConflictException",
        "7.0": "ResourceNotFoundException",
        "LATEST_WORKING": "ValidationException",
    }
    service.delete_job(Name="job")
    answer = service.batch_delete_recipe_version(Name="recipe", RecipeVersions=["LATEST_WORKING", "1.0"])
    assert answer["Errors"] == []
    assert service.list_recipes(RecipeVersion="LATEST_WORKING")["Recipes"] == []


@pytest.mark.parametrize("versions", [["1.0", "1.0"], [f"{number}.0" for number in range(51)]])
def test_an_invalid_batch_of_versions_is_rejected_entirely(client: Any, versions: list[str]) -> None:
    service = client("databrew")
    make_job(service)

    assert refused(service.batch_delete_recipe_version, Name="recipe", RecipeVersions=versions) == "ValidationException"
    assert refused(service.batch_delete_recipe_version, Name="other", RecipeVersions=["1.0"]) == (
        "ResourceNotFoundException"
    )


def test_teardown_of_the_working_version_needs_that_of_published_ones(client: Any) -> None:
    service = client("databrew")
    make_job(service)
    service.delete_job(Name="job")

    working = {"Name": "recipe", "RecipeVersion": "LATEST_WORKING"}
    assert refused(service.delete_recipe_version, **working) == "ValidationException"
    service.delete_recipe_version(Name="recipe", RecipeVersion="1.0")
    service.delete_recipe_version(**working)


def test_a_job_needs_a_dataset_and_a_published_version(client: Any) -> None:
    service = client("databrew")
    make_job(service)
    role, names = "arn:aws:iam::123456789012:role/transform", {"Name": "recipe", "RecipeVersion": "3.0"}

    missing = [("job", names), ("absent", names | {"RecipeVersion": "1.0"})]
    for dataset, reference in missing:
        arguments = {"Name": "other", "DatasetName": dataset, "RoleArn": role, "RecipeReference": reference}
        assert refused(service.create_recipe_job, **arguments) == "ResourceNotFoundException"


def test_the_quota_is_a_hundred_datasets_and_jobs(client: Any) -> None:
    service = client("databrew")
    for number in range(100):
        make_job(service, f"job {number}")

    assert refused(make_job, service=service, name="one more") == "ServiceQuotaExceededException"
    service.delete_job(Name="job 0")
    service.delete_dataset(Name="job 0")
    make_job(service, "one more")
    place = {"S3InputDefinition": {"Bucket": "data", "Key": "in/"}}
    assert refused(service.create_dataset, Name="another", Input=place) == "ServiceQuotaExceededException"


def test_an_empty_dataset_fails_the_run(brew: Brew) -> None:
    run = brew([])
    assert run["State"] == "FAILED"
    assert run["ErrorMessage"] == "dataset job: there are no files under s3://data/flattened/r1/"


def test_a_stopped_run_is_stopping_first_and_writes_no_further_output(tmp_path: Path) -> None:
    stopped = threading.Event()

    def put(uri: str, body: bytes) -> None:
        assert stopped.wait(waiting.PATIENCE)
        lakes.put_into(tmp_path)(uri, body)

    lakes.text(tmp_path, "data/in/a.jsonl", '{"a": "1"}')
    with lakes.aws(databrew.install(tmp_path, put, lakes.anybody)) as made:
        service = made("databrew")
        make_job(service)
        run = {"Name": "job", "RunId": service.start_job_run(Name="job")["RunId"]}
        assert refused(service.delete_job, Name="job") == "ConflictException"
        service.stop_job_run(**run)
        assert service.describe_job_run(**run)["State"] == "STOPPING"
        assert refused(service.delete_job, Name="job") == "ConflictException"
        stopped.set()
        waiting.wait_for(lambda: service.describe_job_run(**run)["State"] == "STOPPED")
        service.delete_job(Name="job")
    assert not (tmp_path / "data/second").exists()
