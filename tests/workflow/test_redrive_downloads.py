"""A run that was aborted while it downloaded is redriven: what is stored is not downloaded again."""

import json
import threading

from pipeline.contracts import keys

from local.cloud.aws import LocalAWS
from local.replay.rules import Answer
from local.replay.server import Replay
from tests.support.executions import all_events
from tests.support.laptop import Laptop
from tests.support.waiting import PATIENCE, wait_for


def ended(aws, execution):
    wait_for(lambda: aws.describe(execution)["status"] != "RUNNING")
    aws.rules.finish()
    return aws.describe(execution)


def test_an_aborted_map_repeats_only_what_had_not_succeeded(lake):
    """A table is done, the failure of another cannot be recorded, a worker has half of the third."""
    done, unknown, large, half = "M810361", "M999999", "M550002", 6000
    stopped, redriven, asked = threading.Event(), threading.Event(), []
    with Replay(cells_per_page=600) as replay:
        usual = replay.answer

        def stop_halfway(request):
            table, offset = request.path.rpartition("/")[2], int(request.query.get("offset", 0))
            if "/tabledata/" in request.path:
                asked.append((table, offset))
            if table == large and offset >= half and not redriven.is_set():
                stopped.wait(PATIENCE)
                return Answer(503, b"")
            return usual(request)

        replay.answer = stop_halfway
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0", "LargeTableCells": "5000"}
        with LocalAWS(lake, parameters=parameters) as aws:
            laptop, obstacle = Laptop(aws, replay), f"{keys.outcome('aborted', unknown)}/obstacle"
            aws.put(f"s3://{aws.resource('DataBucket')}/{obstacle}", b"")
            execution = aws.start({"tables": [done, unknown, large]}, "aborted")
            wait_for(lambda: len(list(lake.glob(f"*/{keys.RAW}/*/{large}/aborted/page-*"))) == half // 600)
            wait_for(lambda: "'TaskFailed'" in str(all_events(aws, execution)))
            wait_for(lambda: "MapIterationSucceeded'" in str(all_events(aws, execution)))
            aws.client("stepfunctions").stop_execution(executionArn=execution)
            stopped.set()
            assert ended(aws, execution)["status"] == "ABORTED"
            before = len(asked)
            redriven.set()
            aws.client("s3").delete_object(Bucket=aws.resource("DataBucket"), Key=obstacle)
            (lake / aws.resource("DataBucket") / obstacle).parent.rmdir()
            aws.redrive("aborted")
            error = ended(aws, execution)["error"]
            (tally,) = lake.glob(f"*/{keys.run('aborted', 'tally')}")
            shown = laptop.query("SELECT table_id, count(*) AS cells FROM monthly GROUP BY 1")

    counts = {name: [each["table_id"] for each in found] for name, found in json.loads(tally.read_bytes()).items()}
    assert (error, counts) == (
        "SomeTablesFailed",
        {"stored": [done, large], "unchanged": [], "failed": [unknown]},
    )
    assert asked.count((done, 0)) == 1
    assert {offset for table, offset in asked[before:] if table == large} == set(range(half, 12122, 600))
    assert [row["table_id"] for row in shown] == [large]
