"""`GET /runs/{runId}` over real runs on the laptop's AWS, as API Gateway hands it to the function."""

import msgspec
import pytest


@pytest.fixture
def describe(laptop):
    def ask(run_id: str) -> tuple[int, dict]:
        payload = msgspec.json.encode({"httpMethod": "GET", "pathParameters": {"runId": run_id}})
        name = laptop.aws.resource("DescribeRunFunction")
        answer = laptop.aws.client("lambda").invoke(FunctionName=name, Payload=payload)
        assert "FunctionError" not in answer
        answer = msgspec.json.decode(answer["Payload"].read())
        assert answer["headers"] == {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return answer["statusCode"], msgspec.json.decode(answer["body"])

    return ask


def test_a_run_that_went_well(laptop, describe):
    result = laptop.run("M550002", frequency="monthly")

    status, run = describe(result.run_id)

    assert status == 200
    assert (run["runId"], run["status"], run["state"]) == (result.run_id, "SUCCEEDED", "Complete")
    assert run["tables"] == {"planned": 1, "done": 1, "failed": 0, "left": 0}
    assert run["startedAt"] <= run["endedAt"]
    assert (run["failures"], run["error"], run["cause"], run["nextStep"]) == ([], None, None, None)


def test_a_table_of_another_frequency_fails_by_name_and_nothing_of_it_is_stored(laptop, describe):
    result = laptop.run("M213751", "M212161", frequency="monthly")

    _, run = describe(result.run_id)

    assert (run["status"], run["error"]) == ("FAILED", "SomeTablesFailed")
    assert run["tables"] == {"planned": 2, "done": 1, "failed": 1, "left": 0}
    (failure,) = run["failures"]
    assert (failure["tableId"], failure["error"]) == ("M212161", "WrongFrequency")
    assert failure["message"].startswith("M212161 DownloadTable: the table is quarterly, not monthly. Next: ")
    assert run["nextStep"]
    kept = [path for path in (laptop.lake / laptop.aws.resource("DataBucket")).rglob("*") if path.is_file()]
    assert {path.name for path in kept if "M212161" in str(path) and result.run_id in str(path)} == {"M212161.json"}


def test_a_run_that_stopped_half_way(laptop, describe):
    bucket = laptop.aws.resource("DataBucket")
    result = laptop.run("M700051")
    tables = [("M400751", "unchanged"), ("M601471", "stored"), ("M810001", "failed")]
    s3 = laptop.aws.client("s3")
    plan = msgspec.json.decode(s3.get_object(Bucket=bucket, Key=f"runs/{result.run_id}/plan.json")["Body"].read())
    plan["tables"] = [*plan["tables"], *(name for name, _ in tables), "M810371"]
    s3.put_object(Bucket=bucket, Key=f"runs/{result.run_id}/plan.json", Body=msgspec.json.encode(plan))
    for name, status in tables:
        outcome = msgspec.json.encode({"table_id": name, "status": status})
        s3.put_object(Bucket=bucket, Key=f"runs/{result.run_id}/tables/{name}.json", Body=outcome)
    for name in ("tally", "published"):
        s3.delete_object(Bucket=bucket, Key=f"runs/{result.run_id}/{name}.json")

    _, run = describe(result.run_id)

    assert run["tables"] == {"planned": 5, "done": 1, "failed": 1, "left": 3}


@pytest.mark.parametrize("run_id", ["no-such-run", "a" * 80])
def test_an_unknown_run(describe, run_id):
    status, answer = describe(run_id)

    assert (status, answer["error"]) == (404, "RunNotFound")
    assert answer.keys() == {"error", "message"}


@pytest.mark.parametrize("run_id", ["..", "a:b", "a" * 81, "a b", "*", "a\n"])
def test_a_bad_id(describe, run_id):
    status, answer = describe(run_id)

    assert (status, answer["error"]) == (400, "InvalidRunId")
    assert answer.keys() == {"error", "message"}
