"""The laptop's AWS: its functions, their processes, its lock."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.cloud.account import REGION
from local.cloud.aws import LocalAWS
from local.cloud.lock import LakeInUseError, Lock

PLATFORM = Path(__file__).parent / "platform"
TEMPLATE = PLATFORM / "template.yaml"
WORK = "singstat-WorkFunction-laptop"
IMPATIENT = "singstat-ImpatientFunction-laptop"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture(scope="class")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("lake"), TEMPLATE) as running:
        yield running


def invoke(aws: LocalAWS, event: dict[str, Any], function: str = WORK) -> tuple[str | None, Any]:
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return answer.get("FunctionError"), json.load(answer["Payload"])


class TestFunctions:
    def test_event_context_and_folder(self, aws: LocalAWS) -> None:
        failed, answer = invoke(aws, {"do": "echo", "text": "é\n"})
        assert failed is None
        assert answer["event"] == {"do": "echo", "text": "é\n"}
        assert (answer["function"], answer["memory"]) == (WORK, "256")
        assert answer["arn"] == aws.attribute("WorkFunction", "Arn")
        assert answer["folder"] == str(PLATFORM / "functions")
        assert 0 < answer["left"] <= 60_000
        assert "echoing\n" in (aws.lake / ".logs" / f"{WORK}.log").read_text()

    def test_a_process_stays_warm(self, aws: LocalAWS) -> None:
        processes = {invoke(aws, {"do": "echo"})[1]["process"] for _ in range(3)}
        assert len(processes) == 1

    def test_the_environment_is_the_functions_own(self, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")
        invoke(aws, {"do": "leave", "code": 0})
        _, variables = invoke(aws, {"do": "environment"})
        variables.pop("LC_CTYPE", None)  # set by Python itself
        assert set(variables) == {
            *("PATH", "HOME", "TMPDIR", "LANG", "TZ", "GREETING", "REGISTERED", "PAUSES", "BUCKET"),
            *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_REGION", "AWS_DEFAULT_REGION"),
            *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        }
        assert variables["AWS_ENDPOINT_URL"] == aws.url

    def test_no_function_begins_with_modules_of_another_or_of_the_laptop(self, aws: LocalAWS) -> None:
        modules = invoke(aws, {"do": "modules"})[1]
        assert {name for name in modules if name.partition(".")[0] in {"work", "register", "pipeline", "local"}} == {
            "work"
        }

    def test_a_process_that_is_killed_from_outside_is_replaced(self, aws: LocalAWS) -> None:
        _, before = invoke(aws, {"do": "echo"})
        os.kill(before["process"], signal.SIGKILL)
        while invoke(aws, {"do": "echo"})[1].get("process", before["process"]) == before["process"]:
            time.sleep(0.01)
        assert not exists(before["process"])

    def test_each_function_has_its_role_and_its_key(self, aws: LocalAWS) -> None:
        assert "/singstat-workfunctionrole/" in invoke(aws, {"do": "identity"})[1]
        _, one = invoke(aws, {"do": "environment"})
        _, other = invoke(aws, {"do": "environment"}, IMPATIENT)
        assert one["AWS_ACCESS_KEY_ID"] != other["AWS_ACCESS_KEY_ID"]

    def test_errors_of_the_handler(self, aws: LocalAWS) -> None:
        failed, error = invoke(aws, {"do": "wrong", "id": 7})
        assert failed == "Unhandled"
        assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no 7")
        assert [line for line in error["stackTrace"] if "in wrong" in line]
        assert set(error) == {"errorType", "errorMessage", "requestId", "stackTrace"}
        assert invoke(aws, {"do": "unmarshalled"})[1]["errorType"] == "Runtime.MarshalError"

    @pytest.mark.parametrize(
        ("handler", "kind"),
        [("absent.handler", "Runtime.ImportModuleError"), ("work.absent", "Runtime.HandlerNotFound")],
    )
    def test_handlers_that_do_not_exist(self, aws: LocalAWS, handler: str, kind: str) -> None:
        deployed = aws.functions.deployed[WORK]
        aws.functions.add(replace(deployed, name="lost", handler=handler))
        failed, error = invoke(aws, {}, "lost")
        assert (failed, error["errorType"]) == ("Unhandled", kind)

    def test_a_function_is_killed_after_its_timeout(self, aws: LocalAWS) -> None:
        _, before = invoke(aws, {"do": "echo"}, IMPATIENT)
        failed, error = invoke(aws, {"do": "hang"}, IMPATIENT)
        assert (failed, error["errorType"]) == ("Unhandled", "Sandbox.Timedout")
        assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
        assert invoke(aws, {"do": "echo"}, IMPATIENT)[1]["process"] != before["process"]
        assert not exists(before["process"])

    def test_a_process_that_exits(self, aws: LocalAWS) -> None:
        failed, error = invoke(aws, {"do": "leave", "code": 3})
        assert (failed, error["errorType"]) == ("Unhandled", "Runtime.ExitError")
        assert error["errorMessage"].endswith("exit status 3")
        assert invoke(aws, {"do": "echo"})[0] is None

    def test_eight_concurrent_invocations(self, aws: LocalAWS, tmp_path: Path) -> None:
        event = {"do": "meet", "folder": str(tmp_path), "parties": 8}
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: invoke(aws, event, aws.attribute("WorkFunction", "Arn")), range(8)))
        assert len({process for _, process in answers}) == 8

    def test_asynchronous_invocation(self, aws: LocalAWS, tmp_path: Path) -> None:
        event = json.dumps({"do": "meet", "folder": str(tmp_path), "parties": 1})
        answer = aws.client("lambda").invoke(FunctionName=WORK, InvocationType="Event", Payload=event)
        assert answer["StatusCode"] == 202
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)


SOURCE = """
import sys, time
from pathlib import Path
from local.cloud.aws import LocalAWS
with LocalAWS(Path(sys.argv[1]), Path(sys.argv[2])) as aws:
    print(aws.functions.invoke("singstat-WorkFunction-laptop", {"do": "echo"}).payload.decode(), flush=True)
    aws.functions.invoke("singstat-WorkFunction-laptop", {"do": "hang"})
"""


CONTENDER = """
import os, signal, sys
from pathlib import Path
from local.cloud.lock import LakeInUseError, Lock

lake, held = Path(sys.argv[1]), 0
for _ in range(250):
    if process := os.fork():
        status = os.waitpid(process, 0)[1]
        held += os.WIFSIGNALED(status)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 3:
            sys.exit("two holders")
        continue
    try:
        Lock(lake).take()
    except LakeInUseError:
        os._exit(3)
    try:
        os.close(os.open(lake / "inside", os.O_CREAT | os.O_EXCL))
        os.unlink(lake / "inside")
    except OSError:
        os._exit(4)
    os.kill(os.getpid(), signal.SIGKILL)
print(held)
"""


def exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_body_is_not_kept_once_it_is_answered(aws: LocalAWS) -> None:
    """The garbage collector rarely looks at the oldest objects: nothing may wait for it."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bodies", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="bodies", Key="first", Body=b"")
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for number in range(8):
            s3.put_object(Bucket="bodies", Key=str(number), Body=bytes(1 << 20))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()

    assert kept < 1 << 20


class TestProcesses:
    def test_a_lake_is_used_by_one_process_at_a_time(self, lake: Path) -> None:
        lake.mkdir()
        (lake / ".lock").write_text("999999999")  # of a process that has ended
        holder = "import sys, local.cloud.lock as l; l.Lock(l.Path(sys.argv[1])).take(); print(flush=True); input()"
        command = [sys.executable, "-c", holder, lake]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PLATFORM.parents[2]) as other:
            assert other.stdout
            other.stdout.readline()
            with (
                pytest.raises(LakeInUseError, match=f"Process {other.pid} is using the lake"),
                LocalAWS(lake, TEMPLATE),
            ):
                pass
            other.kill()
        lock = Lock(lake)
        lock.take()
        assert (lake / ".lock").read_text() == str(os.getpid())
        lock.release()
        Lock(lake).take()

    def test_a_lake_has_one_holder_even_if_holders_are_killed(self, lake: Path) -> None:
        lake.mkdir()
        command = [sys.executable, "-c", CONTENDER, lake]
        contenders = [subprocess.Popen(command, cwd=PLATFORM.parents[2], stdout=subprocess.PIPE) for _ in range(4)]
        held = [int(contender.communicate()[0]) for contender in contenders]
        assert [contender.returncode for contender in contenders] == [0] * 4
        assert sum(held) > 100

    def test_workers_exit_if_their_parent_is_killed(self, lake: Path) -> None:
        command = [sys.executable, "-c", SOURCE, str(lake), str(TEMPLATE)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PLATFORM.parents[2]) as parent:
            assert parent.stdout
            worker = json.loads(parent.stdout.readline())["process"]
            parent.kill()
        while exists(worker):
            time.sleep(0.01)

    def test_workers_exit_with_the_laptops_aws(self, lake: Path) -> None:
        with LocalAWS(lake, TEMPLATE) as aws:
            worker = invoke(aws, {"do": "echo"})[1]["process"]
        assert not exists(worker)
        Lock(lake).take()  # nobody holds it
