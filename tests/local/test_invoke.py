"""Every function with its sample event: on the laptop's AWS, and as built by `sam build` in Lambda's own runtime."""

import ast
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import msgspec
import pytest
from botocore.config import Config
from pipeline.contracts import api, records, states
from samtranslator.yaml_helper import yaml_parse

from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import ADMINISTRATOR, LocalAWS
from local.cloud.lambdas.functions import Function
from local.replay.server import Replay
from tests.support.once import once
from tests.support.relay import seen_from
from tests.support.sam_build import HOST, ROOT, build, free_port, needs_sam, sam
from tests.support.waiting import wait_for

RUN = "20261123T080000-0a1b"  # the run id in the sample events
# In the order of the state machine, then the API's; functions of one chain depend on the results of earlier ones.
CHAINS = [
    ("plan_run",),
    ("check_tables",),
    ("download_table",),
    ("tally_downloads",),
    ("clean_up",),
    ("download_large_table",),
    ("handle_failure",),
    ("publish_recipe",),
    ("start_transform", "check_transform"),
    ("stage_partitions",),
    ("start_crawl", "check_crawl"),
    ("start_verification", "check_verification", "publish_tables", "write_report", "restore_edition"),
    ("notify",),
    ("cost_report",),
    ("describe_run",),
    ("open_link",),
    ("refresh_catalogue",),
]
# Fields that a result must contain, besides being of its type.
FACTS: dict[str, dict[str, Any]] = {
    "plan_run": {"run_id": RUN, "batch_size": 1, "poll_seconds": 1},
    "check_tables": {"tables": ["M212161"], "unchanged": 0},
    "download_table": {"table_id": "M212161", "status": "stored", "frequency": "quarterly"},
    "tally_downloads": {"stored": 1, "unchanged": 0, "failed": 0},
    "clean_up": {"files": 0},
    "check_transform": {"status": "SUCCEEDED"},
    "stage_partitions": {"needs_crawl": False},
    "check_crawl": {"status": "SUCCEEDED"},
    "check_verification": {"status": "SUCCEEDED"},
    "publish_tables": {"published": 1, "failed": 0},
    "write_report": {"tables": 1},
    "refresh_catalogue": {"retired": 0},
    "restore_edition": {"table_id": "M212161", "edition": ""},
    "cost_report": {"key": "PowerBIChartCostExplorerReport/costs/2026-11-23/report.html", "notice": ""},
    "describe_run": {"statusCode": 200},
    "open_link": {"statusCode": 403},
}
Invoke = Callable[[str, Any], Any]
PAUSE = 0.2  # seconds between polls
IMAGE = f"public.ecr.aws/lambda/python:3.13-{HOST}"
INVOKE_PATH = "/2015-03-31/functions/function/invocations"
needs_runtime = pytest.mark.skipif(
    sys.version_info[:2] != (3, 13) or not (find_spec("awslambdaric") and find_spec("samcli")),
    reason="not checked: Lambda's runtime needs Linux, Python 3.13 and the packages awslambdaric and aws-sam-cli",
)


def logical_id(handler: str) -> str:
    return "".join(word.capitalize() for word in handler.split("_")) + "Function"


def deployed(aws: LocalAWS, handler: str) -> Function:
    return aws.functions.deployed[aws.resource(logical_id(handler))]


def promised(handler: str) -> type | None:
    """The declared return type of a handler, read from its source because importing it requires AWS."""
    tree = ast.parse((ROOT / "functions" / f"{handler}.py").read_text("utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler")
    name = function.returns.id if isinstance(function.returns, ast.Name) else ""
    return next((getattr(each, name) for each in (states, records, api) if hasattr(each, name)), None)


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    """A laptop's AWS after the run of the sample events."""
    with Replay() as replay:
        parameters = {"SourceUrl": replay.url, "PollSeconds": "1", "BackoffSeconds": "0"}
        with LocalAWS(tmp_path_factory.mktemp("laptop") / "lake", parameters=parameters) as aws:
            execution = aws.start({"tables": ["M212161"]}, RUN)
            while aws.describe(execution)["status"] == "RUNNING":
                time.sleep(PAUSE)
            assert aws.describe(execution)["status"] == "SUCCEEDED"
            yield aws


@pytest.fixture
def aws(switched_on: LocalAWS) -> LocalAWS:
    """The same with nothing published, so each chain has work to do."""
    bucket = switched_on.resource("DataBucket")
    for key in ("publications/M212161.json", f"audit/M212161/{RUN}.json", f"runs/{RUN}/published.json"):
        switched_on.client("s3").delete_object(Bucket=bucket, Key=key)
    return switched_on


def on_laptop(aws: LocalAWS, handler: str, event: Any) -> Any:
    return json.loads(aws.functions.invoke(deployed(aws, handler).name, event).payload)


def in_runtime(aws: LocalAWS, built: Path, client: Path, handler: str, event: Any) -> Any:
    """The built function's result in Lambda's runtime interface client, with only its own packages."""
    function, code, samcli = deployed(aws, handler), built / logical_id(handler), find_spec("samcli")
    invoke_at, runtime_at = (f"127.0.0.1:{free_port()}" for _ in range(2))
    emulator = Path(str(samcli and samcli.origin)).parent / f"local/rapid/aws-lambda-rie-{HOST}"
    addresses = ["--runtime-interface-emulator-address", invoke_at, "--runtime-api-address", runtime_at]
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": ":".join(map(str, [code, *layers(built, handler), client])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.url,
        **{name.upper(): value for name, value in aws.credentials(function.role).items()},
        **function.variables,
    }
    process = subprocess.Popen(
        [emulator, "--log-level", "error", *addresses, sys.executable, "-S", "-m", "awslambdaric", function.handler],
        cwd=code,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: listens(invoke_at))
        connection = http.client.HTTPConnection(invoke_at, timeout=function.timeout)
        connection.request("POST", INVOKE_PATH, json.dumps(event))
        return json.loads(connection.getresponse().read())
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def layers(built: Path, handler: str) -> list[Path]:
    """The package folders of a function's built layers."""
    resources = yaml_parse((built / "template.yaml").read_text("utf-8"))["Resources"]
    named = resources[logical_id(handler)]["Properties"].get("Layers", [])
    return [built / resources[layer["Ref"]]["Properties"]["ContentUri"] / "python" for layer in named]


class Engine(NamedTuple):
    """The built application for `sam local`, a working folder, and this machine's address as seen from a container."""

    built: Path
    folder: Path
    bridge: str


def in_container(aws: LocalAWS, engine: Engine, handler: str, event: Any) -> Any:
    """The result of `sam local invoke` in a container that can reach the laptop's AWS."""
    if handler == "download_large_table":
        pytest.skip("not checked: it calls GetFunction with its own name, which `sam local` replaces")
    built, folder, bridge = engine
    function, name = deployed(aws, handler), logical_id(handler)
    template = yaml_parse((built / "template.yaml").read_text("utf-8"))
    template["Globals"]["Function"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"] = ""  # must exist to be overridden
    for_containers, given, variables = built / f"{folder.name}.json", folder / "event.json", folder / "variables.json"
    for_containers.write_text(json.dumps(template))
    passed = json.dumps([event, {name: {**function.variables, "AWS_ENDPOINT_URL": aws.url}}])
    with seen_from(bridge, passed) as text:
        for file, content in zip((given, variables), json.loads(text), strict=True):
            file.write_text(json.dumps(content))
        printed = sam(
            *("local", "invoke", name, "--event", given, "--env-vars", variables, "--template", for_containers),
            *("--skip-pull-image", "--config-file", ROOT / "samconfig.toml"),
            *("--parameter-overrides", f"Architecture={HOST}"),
            home=folder / "sam-home",
            AWS_ENDPOINT_URL=aws.url,
            **{name.upper(): value for name, value in aws.credentials(function.role).items()},
        )
    return json.loads(printed)


def listens(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def runtime_client(folder: Path) -> None:
    """Link only Lambda's runtime client and its dependencies into a folder."""
    for package in ("awslambdaric", "simplejson", "snapshot-restore-py"):
        installed = distribution(package)
        for name in {file.parts[0] for file in installed.files or []} - {".."}:
            (folder / name).symlink_to(str(installed.locate_file(name)))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application built by `sam build` for this machine's architecture."""
    overrides = ("--parameter-overrides", f"Architecture={HOST}")
    return once(tmp_path_factory, f"built-for-{HOST}", lambda folder: build(folder / "build", *overrides)) / "build"


RUNTIME = pytest.param("runtime", marks=[needs_sam, needs_runtime])
CONTAINER = pytest.param("container", marks=needs_sam)


@pytest.fixture(params=["laptop", RUNTIME, CONTAINER])
def invoke(request: pytest.FixtureRequest, aws: LocalAWS, tmp_path: Path) -> Invoke:
    if request.param == "laptop":
        return partial(on_laptop, aws)
    if request.param == "container":
        engine = Engine(request.getfixturevalue("built"), tmp_path, request.getfixturevalue("bridge"))
        return partial(in_container, aws, engine)
    return partial(in_runtime, aws, request.getfixturevalue("built"), request.getfixturevalue("runtime_packages"))


@pytest.fixture(scope="session")
def runtime_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "runtime-client", runtime_client)


@pytest.fixture(scope="session")
def bridge() -> str:
    """The address of this machine as seen from containers."""
    docker = pytest.importorskip("docker", reason="not checked: the package docker, which comes with aws-sam-cli")
    try:
        engine = docker.from_env(timeout=5)
        engine.images.get(IMAGE)
        address = str(engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"])
        with socket.create_server((address, 0)):
            return address
    except docker.errors.DockerException:
        pytest.skip(f"not checked: there is no container engine that has {IMAGE}")
    except OSError:
        pytest.skip("not checked: the container engine's bridge is not an interface of this machine")


def replay(aws: LocalAWS, invoke: Invoke, handlers: tuple[str, ...]) -> dict[str, Any]:
    """Each function's result for its sample event, with ids from AWS replaced by real ones."""
    answer = {"Bucket": aws.resource("ResultsBucket"), "Key": "answer.json"}
    s3 = boto3.client(
        "s3", endpoint_url=aws.url, config=Config(signature_version="s3v4"), region_name=REGION, **ADMINISTRATOR
    )
    known: dict[str, Any] = {"ResponseURL": s3.generate_presigned_url("put_object", answer)}
    results: dict[str, Any] = {}
    for handler in handlers:
        text = (ROOT / "events" / f"{handler}.json").read_text("utf-8")
        sample = json.loads(text.replace(":region:account:", f":{REGION}:{ACCOUNT}:"))
        result = invoke(handler, {name: known.get(name, value) for name, value in sample.items()})
        while handler.startswith("check_") and result.get("status") == "RUNNING":
            time.sleep(PAUSE)
            result = invoke(handler, result)
        results[handler] = result
        known |= result or {}
    return results


def test_every_function_is_replayed() -> None:
    replayed = [handler for chain in CHAINS for handler in chain]
    assert sorted(replayed) == sorted(path.stem for path in (ROOT / "functions").glob("*.py"))


@pytest.mark.parametrize("handlers", CHAINS, ids="-".join)
def test_a_sample_event_returns_the_declared_type(aws: LocalAWS, invoke: Invoke, handlers: tuple[str, ...]) -> None:
    for handler, result in replay(aws, invoke, handlers).items():
        assert msgspec.to_builtins(msgspec.convert(result, promised(handler))) == result
        assert FACTS.get(handler, {}).items() <= (result or {}).items()


def test_the_recipe_function_answers_cloudformation(aws: LocalAWS, invoke: Invoke) -> None:
    replay(aws, invoke, ("publish_recipe",))
    kept = aws.client("s3").get_object(Bucket=aws.resource("ResultsBucket"), Key="answer.json")["Body"]
    answer = json.load(kept)
    assert (answer["Status"], answer["LogicalResourceId"]) == ("SUCCESS", "PublishedRecipe")


def test_a_failed_run_leaves_no_instance(aws: LocalAWS, invoke: Invoke) -> None:
    launched = replay(aws, invoke, ("download_large_table", "handle_failure"))["download_large_table"]["instance_id"]
    found = aws.client("ec2").describe_instances(InstanceIds=[launched])["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] in {"shutting-down", "terminated"}
