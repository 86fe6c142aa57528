"""The parameter UserAgent reaches SingStat from the function and, through the user data, from the worker."""

from local.cloud.aws import LocalAWS
from local.replay.server import Replay
from tests.support.laptop import Laptop

AGENT = "statistics-desk/2.0 (+https://example.org/?a=1&b=2; #3) %HOME!"
SMALL, LARGE = "M212161", "M213751"


def test_the_user_agent_of_the_stack_is_sent_by_the_function_and_the_worker(lake):
    agents = {SMALL: set(), LARGE: set()}
    with Replay() as replay:
        usual = replay.answer

        def listen(request):
            agents[request.path.split("/")[-1]].add((request.headers["User-Agent"], request.path.split("/")[-2]))
            return usual(request)

        replay.answer = listen
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(lake, parameters=parameters | {"LargeTableCells": "1000", "UserAgent": AGENT}) as aws:
            result = Laptop(aws, replay).run(SMALL, LARGE)
            started = aws.client("ec2").describe_instances()["Reservations"]

    assert result.status == "SUCCEEDED", result
    assert len(started) == 1
    assert agents == {table: {(AGENT, "metadata"), (AGENT, "tabledata")} for table in (SMALL, LARGE)}
