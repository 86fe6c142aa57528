"""Whatever name an execution has, its run completes or is refused before any download; no other run is disturbed."""

import pytest
from moto.sns.models import sns_backends

from local.cloud.account import ACCOUNT, REGION
from tests.support.branches import busy_databrew
from tests.support.waiting import wait_for


def ended(laptop, name, table_id):
    """The execution of this name, ended and cleaned up after."""
    execution = laptop.aws.start({"tables": [table_id], "force": True}, name)
    wait_for(lambda: laptop.aws.describe(execution)["status"] != "RUNNING")
    laptop.aws.rules.finish()
    return laptop.aws.describe(execution)


@pytest.mark.parametrize("name", ["a_b", "5f0c8e6e-93a1-4c55-9a4b-3f1c2d4e5f60_7d9b1f1a-2c3d-4e5f-8a9b-0c1d2e3f4a5b"])
def test_names_of_the_api_and_the_schedule_work_to_the_end(laptop, name):
    execution = ended(laptop, name, "M810361")

    brew = laptop.aws.client("databrew")
    assert execution["status"] == "SUCCEEDED", execution
    assert (brew.list_jobs()["Jobs"], brew.list_datasets()["Datasets"]) == ([], [])
    assert list(laptop.lake.glob(f"*/transformedsingstatdata/run={name}/frequency=yearly/table_id=M810361/*"))


def test_names_that_cannot_work_are_refused_and_mailed(laptop):
    mails = sns_backends[ACCOUNT][REGION].topics[laptop.aws.resource("Topic")].sent_notifications
    execution = ended(laptop, "it's.over", "M810361")

    assert (execution["status"], execution["error"]) == ("FAILED", "InputInvalid")
    assert not list(laptop.lake.glob("*/untransformedsingstatdata/*/M810361/it's.over"))
    assert [subject for _, _, subject, *_ in mails if "it's.over" in subject]


def test_teardown_spares_a_run_that_was_redriven(laptop):
    (handler,) = (name for name in laptop.aws.functions.deployed if "HandleFailure" in name)
    brew = laptop.aws.client("databrew")
    with busy_databrew():
        execution = laptop.aws.start({"tables": ["M810371"], "force": True}, "redriven_run")
        wait_for(lambda: "'name': 'CheckTransform'" in str(laptop.aws.history(execution)))
        event = {"detail": {"executionArn": execution, "name": "redriven_run", "status": "FAILED"}}
        assert not laptop.aws.functions.invoke(handler, event).failed
        kept = [job["Name"] for job in brew.list_jobs()["Jobs"]]
    wait_for(lambda: laptop.aws.describe(execution)["status"] != "RUNNING")

    assert kept == ["singstat-observations.redriven.run"]
    assert laptop.aws.describe(execution)["status"] == "SUCCEEDED"
