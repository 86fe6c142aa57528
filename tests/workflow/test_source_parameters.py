"""Parameters about SingStat reach it from the function and, through the user data, from the worker."""

import time

from local.cloud.aws import LocalAWS
from local.replay.server import Replay
from tests.support.laptop import Laptop

AGENT = "statistics-desk/2.0 (+https://example.org/?a=1&b=2; #3) %HOME!"
SMALL, LARGE = "M212161", "M213751"
PARAMETERS = {"PollSeconds": "1", "BackoffSeconds": "0", "LargeTableCells": "1000"}


def test_user_agent_and_deadline_of_the_stack_are_those_of_the_function_and_the_worker(lake):
    agents, asked = {SMALL: set(), LARGE: set()}, []
    with Replay() as replay:
        usual = replay.answer

        def listen(request):
            kind, table = request.path.split("/")[-2:]
            agents[table].add((request.headers["User-Agent"], kind))
            asked.append((kind, table))
            if (kind, table) in {("metadata", SMALL), ("tabledata", LARGE)} and asked.count((kind, table)) == 1:
                time.sleep(3.5)
            return usual(request)

        replay.answer = listen
        parameters = PARAMETERS | {"SourceUrl": replay.url, "UserAgent": AGENT, "AnswerSeconds": "3"}
        with LocalAWS(lake, parameters=parameters) as aws:
            result = Laptop(aws, replay).run(SMALL, LARGE)
            started = aws.client("ec2").describe_instances()["Reservations"]

    assert result.status == "SUCCEEDED", result
    assert len(started) == 1
    assert agents == {table: {(AGENT, "metadata"), (AGENT, "tabledata")} for table in (SMALL, LARGE)}
    assert min(asked.count(("metadata", SMALL)), asked.count(("tabledata", LARGE))) > 1  # too late once
