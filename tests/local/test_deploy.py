"""The result of `sam build` and `sam package` as a stack in moto's CloudFormation: created, updated, deleted."""

import base64
import hashlib
import re
import struct
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from local.cloud.account import REGION, STACK_NAME
from local.cloud.stack.template import Template, load_template
from tests.support.moto_services import Client, read
from tests.support.moto_stack import Deployed, deploy, differences, not_made
from tests.support.once import once
from tests.support.sam_build import ARTEFACTS, PATH, ROOT, build, client, moto_server, needs_sam, package

pytestmark = pytest.mark.timeout(900)  # `sam package` zips the bundle once per function

HEADING = "Not checked without an account"
MIB = 1024 * 1024
MACHINES = {"arm64": 183, "x86_64": 62}  # e_machine of ELF headers
UNCHECKED_HASH = 1  # flags of byte code that is never compared with its source
BLOCK = 4096
# Properties that moto's CloudFormation ignores or does not return.
UNREAD = {
    "AWS::EC2::SecurityGroup": {"SecurityGroupEgress"},
    "AWS::EC2::Subnet": {"AvailabilityZone"},
    "AWS::EC2::SubnetRouteTableAssociation": {"RouteTableId", "SubnetId"},
    "AWS::EC2::VPC": {"EnableDnsHostnames"},
    "AWS::IAM::Role": {"ManagedPolicyArns"},
    "AWS::KMS::Key": {"KeySpec", "KeyUsage"},
    "AWS::Lambda::Function": {"Architectures", "Layers", "LoggingConfig", "Tags", "TracingConfig"},
    "AWS::Lambda::LayerVersion": {
        "CompatibleArchitectures",
        "CompatibleRuntimes",
        "Content",
        "Description",
        "LayerName",
    },
    "AWS::Lambda::Permission": {"Action", "FunctionName", "Principal", "SourceArn"},
    "AWS::Logs::LogGroup": {"KmsKeyId", "Tags"},
    "AWS::S3::Bucket": {
        "LifecycleConfiguration",
        "LoggingConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
        "VersioningConfiguration",
    },
    "AWS::SNS::Topic": {"Tags"},
    "AWS::SQS::Queue": {"Tags"},
    "AWS::StepFunctions::StateMachine": {"LoggingConfiguration", "Tags", "TracingConfiguration"},
}
# Types that moto does not delete with the stack: managed policies, and networks, whose route tables it cannot delete.
UNDELETED = {
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::IAM::ManagedPolicy",
}

KEPT = {"AuditBucket", "DataBucket", "EncryptionKey", "ResultsBucket"}


def not_checked(template: Template) -> list[str]:
    """What these tests cannot check about a deployment: types, some with their properties."""
    properties = [f"{kind}: {', '.join(sorted(names))}" for kind, names in UNREAD.items()]
    deletions = [f"{kind}: deletion" for kind in UNDELETED]
    return sorted({*not_made(template), *properties, *deletions})


class Packaged(NamedTuple):
    """The artefacts' folder, the translated template, and its default parameters."""

    folder: Path
    template: Template
    parameters: dict[str, str]


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    built = once(tmp_path_factory, "built", build)

    def make(folder: Path) -> None:
        package(built, folder)
        local = (folder / "template.yaml").read_text().replace(f"s3://{ARTEFACTS}/", "")
        (folder / "local.yaml").write_text(local)

    folder = once(tmp_path_factory, "packaged", make)
    template = load_template(folder / "local.yaml", tmp_path_factory.mktemp("cache"))
    defaults = {name: str(body["Default"]) for name, body in template["Parameters"].items()}
    return Packaged(folder, template, defaults)


@contextmanager
def account(packaged: Packaged) -> Iterator[tuple[Client, str]]:
    """An account with only the artefacts uploaded: its clients and its URL."""
    with moto_server() as url:

        @cache
        def aws(service: str) -> Any:
            return client(service, url)

        s3 = aws("s3")
        s3.create_bucket(Bucket=ARTEFACTS, CreateBucketConfiguration={"LocationConstraint": REGION})
        layers = _of_kind(packaged.template, "AWS::Lambda::LayerVersion").values()
        code = {_code(body) for body in _functions(packaged.template).values()}
        for key in code | {str(layer["Content"]["S3Key"]) for layer in layers}:
            s3.upload_file(str(packaged.folder / key), ARTEFACTS, key)
        yield aws, url


@pytest.fixture(scope="module")
def stack(packaged: Packaged) -> Iterator[tuple[Client, Deployed]]:
    with account(packaged) as (aws, url):
        yield aws, deploy(aws, url, packaged.template, packaged.parameters, "create_stack")


def _functions(template: Template) -> dict[str, dict[str, Any]]:
    """The functions' properties by logical id."""
    return _of_kind(template, "AWS::Lambda::Function")


def _of_kind(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Properties of the resources of one type by logical id."""
    bodies = template["Resources"].items()
    return {name: body["Properties"] for name, body in bodies if body["Type"] == kind}


def _code(function: dict[str, Any]) -> str:
    return str(function["Code"]["S3Key"])


def _unzipped(archive: zipfile.ZipFile) -> int:
    """The size on a disk, in whole blocks."""
    return sum(-(-part.file_size // BLOCK) * BLOCK for part in archive.infolist())


@pytest.fixture
def bundle(packaged: Packaged) -> Iterator[zipfile.ZipFile]:
    (key,) = {_code(function) for function in _functions(packaged.template).values()}  # shared by all functions
    with zipfile.ZipFile(packaged.folder / key) as archive:
        yield archive


@needs_sam
class TestBundle:
    def test_all_code_and_the_worker_are_in_it(self, packaged: Packaged, bundle: zipfile.ZipFile) -> None:
        names = set(bundle.namelist())
        handlers = {function["Handler"] for function in _functions(packaged.template).values()}
        assert {f"{handler.split('.')[0]}.py" for handler in handlers} <= names
        for path in ("ec2/user_data.sh", "ec2/worker.py", "pipeline/sql/verify.sql"):
            assert bundle.read(path) == (ROOT / "functions" / path).read_bytes()

    def test_it_and_the_layer_are_small(self, packaged: Packaged, bundle: zipfile.ZipFile) -> None:
        (layer,) = _of_kind(packaged.template, "AWS::Lambda::LayerVersion").values()
        assert _unzipped(bundle) < 20 * MIB
        with zipfile.ZipFile(packaged.folder / str(layer["Content"]["S3Key"])) as archive:
            assert _unzipped(archive) < 110 * MIB

    def test_its_byte_code_is_used_as_it_is(self, bundle: zipfile.ZipFile) -> None:
        for name in ("__pycache__/plan_run", "pipeline/__pycache__/handler", "botocore/__pycache__/session"):
            flags = struct.unpack("<I", bundle.read(f"{name}.cpython-313.pyc")[4:8])[0]
            assert flags == UNCHECKED_HASH

    def test_it_has_the_model_of_every_client(self, bundle: zipfile.ZipFile, tmp_path: Path) -> None:
        bundle.extractall(tmp_path)
        code = "".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
        services = sorted(set(re.findall(r'client\(\s*"(\w+)"', code)))
        assert len(services) > 9
        make = "".join(f"boto3.client({service!r})\n" for service in services)
        environment = {"PYTHONPATH": str(tmp_path), "PATH": PATH, "AWS_DEFAULT_REGION": REGION}
        subprocess.run(["python3.13", "-S", "-c", f"import boto3\n{make}"], env=environment, check=True, timeout=60)

    def test_its_libraries_are_built_for_the_functions_architecture(
        self, packaged: Packaged, bundle: zipfile.ZipFile
    ) -> None:
        compiled = [name for name in bundle.namelist() if name.endswith(".so")]
        assert {name.split("/")[0] for name in compiled} >= {"isal", "msgspec"}
        machines = {name: struct.unpack("<H", bundle.read(name)[18:20])[0] for name in compiled}
        assert set(machines.values()) == {MACHINES[packaged.parameters["Architecture"]]}, machines


@needs_sam
class TestStack:
    def test_every_resource_is_created_as_declared(self, stack: tuple[Client, Deployed]) -> None:
        aws, deployed = stack
        assert set(deployed.physical) == set(deployed.template["Resources"])
        different = differences(aws, deployed)
        assert different["AWS::Lambda::Function"].pop("Code")  # returned as a digest: see the next test
        assert {kind: set(names) for kind, names in different.items()} == UNREAD, different

    def test_functions_have_the_bundle(self, stack: tuple[Client, Deployed], packaged: Packaged) -> None:
        aws, deployed = stack
        for name, function in _functions(packaged.template).items():
            digest = hashlib.sha256((packaged.folder / _code(function)).read_bytes()).digest()
            described = read(aws, "AWS::Lambda::Function", deployed.physical[name])
            assert described["CodeSha256"] == base64.b64encode(digest).decode()

    def test_the_state_machine_refers_to_the_created_resources(self, stack: tuple[Client, Deployed]) -> None:
        aws, deployed = stack
        arn = deployed.outputs["PipelineArn"]
        definition = aws("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
        assert "${" not in definition
        assert deployed.outputs["DownloadTableFunctionArn"] in definition
        assert deployed.outputs["DataBucketName"] in definition


@needs_sam
class TestLife:
    def test_an_update_changes_only_its_parameter_and_a_deletion_retains_the_data(self, packaged: Packaged) -> None:
        with account(packaged) as (aws, url):
            before = deploy(aws, url, packaged.template, packaged.parameters, "create_stack")
            asked = packaged.parameters | {"LargeTableCells": "7"}
            after = deploy(aws, url, packaged.template, asked, "update_stack")
            assert after.physical == before.physical
            different = differences(aws, before)
            logical_id, now, then = different["AWS::Lambda::Function"]["Environment"]
            assert logical_id == "DownloadTableFunction"
            assert now["Variables"] == then["Variables"] | {"LARGE_TABLE_CELLS": "7"}
            del different["AWS::Lambda::Function"]["Code"], different["AWS::Lambda::Function"]["Environment"]
            assert {kind: set(names) for kind, names in different.items()} == UNREAD, different
            with pytest.raises(ClientError, match="DependencyViolation"):
                aws("cloudformation").delete_stack(StackName=STACK_NAME)
            bodies = after.template["Resources"]
            left = {
                name for name, physical_id in after.physical.items() if read(aws, bodies[name]["Type"], physical_id)
            }
            spared = {name for name in left if bodies[name]["Type"] in UNDELETED}
            kept = {name for name, body in bodies.items() if body.get("DeletionPolicy") == "Retain"}
            assert left - spared == kept == {"ApiLogRole", *KEPT}
            assert {bodies[name]["Type"] for name in spared} == UNDELETED


def test_the_guide_lists_what_is_not_checked(tmp_path: Path) -> None:
    wanted = not_checked(load_template(ROOT / "template.yaml", tmp_path))
    guide = ROOT / "docs/deploy.md"
    assert guide.exists(), f"docs/deploy.md lacks, under '{HEADING}': {wanted}"
    _, _, section = guide.read_text().partition(f"# {HEADING}\n")
    listed = section.partition("\n#")[0]
    lacking = [line for line in wanted if not all(word.strip(":,") in listed for word in line.split())]
    assert not lacking, f"docs/deploy.md lacks under '{HEADING}': {lacking}; wanted there: {wanted}"
