"""EC2 on the laptop: instances as process groups, their user data, and the other services that workers use."""

import base64
import io
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from local.cloud.aws import LocalAWS
from local.cloud.ec2 import instance
from local.cloud.stack.resources import StackError
from tests.support.waiting import wait_for

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Image: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/service/ami}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /worker/log}}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/24}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: none}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Select [0, !GetAZs ""]}}
  SubnetB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Select [1, !GetAZs ""]}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: copy
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: !Sub "${Bucket.Arn}/*"}
              - {Effect: Allow, Action: s3:ListBucket, Resource: !GetAtt Bucket.Arn}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {Roles: [!Ref Role]}}
  Launch:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: !Ref Image
        InstanceType: t4g.small
        InstanceInitiatedShutdownBehavior: terminate
        IamInstanceProfile: {Arn: !GetAtt Profile.Arn}
        NetworkInterfaces: [{DeviceIndex: 0, Groups: [!GetAtt Group.GroupId], SubnetId: !Ref SubnetA}]
        TagSpecifications:
          - {ResourceType: instance, Tags: [{Key: application, Value: shop}, {Key: run_id, Value: none}]}
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/, Handler: work.handler, Runtime: python3.13, Timeout: 7, MemorySize: 256}
"""
SCRIPT = """#!/bin/bash
case "$WORK" in
  wait) sleep 1000 & wait ;;
  deaf) trap '' TERM; echo deaf; while :; do sleep 1000; done ;;
  polite) trap 'echo goodbye | tee left; exit' TERM; echo ready; sleep 1000 & wait ;;
  off) trap 'shutdown -h now' EXIT; dnf install -y -q python3.13; echo "$NOTE" ;;
  timer) shutdown -h +1; echo set; sleep 1000 & wait ;;
  twice) shutdown -h +1000000000; shutdown -h +1; sleep 1000 & wait ;;
  environment) env; echo END=1 ;;
  copy) aws s3 cp --quiet "s3://$BUCKET/in.txt" copy.txt && aws s3 cp "s3://$BUCKET/none" none.txt
    python3.13 -c 'import boto3, sys; boto3.client("s3").upload_file("copy.txt", sys.argv[1], "out.txt")' "$BUCKET"
    python3.13 -c 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])'; pwd; echo done ;;
esac
"""
GUARD = "The laptop runs only user data that consists of"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template's folder; part of its function's code is a symbolic link, like the worker's."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "template.yaml").write_text(TEMPLATE)
    for name, text in {
        "ec2/user_data.sh": SCRIPT,
        "ec2/worker.py": "print('é')\n",
        "functions/work.py": "def handler(event, context):\n    return 1\n",
        "functions/__pycache__/work.pyc": "",
        "functions/inner/deep.py": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "functions" / "ec2").symlink_to("../ec2")
    return folder


@pytest.fixture(scope="class")
def aws(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("lake"), folder / "template.yaml") as running:
        yield running


def user_data(work: str, **variables: str) -> str:
    exports = [f"export {name}='{value}'\n" for name, value in {"WORK": work, **variables}.items()]
    return "#!/bin/bash\n" + "".join(exports) + SCRIPT


def run(aws: LocalAWS, script: str, **more: Any) -> dict[str, Any]:
    template = {"LaunchTemplateId": aws.resource("Launch"), "Version": "$Latest"}
    asked = {"LaunchTemplate": template, "UserData": script, "MinCount": 1, "MaxCount": 1} | more
    return aws.client("ec2").run_instances(**asked)["Instances"][0]


def describe(aws: LocalAWS, instance_id: str) -> dict[str, Any]:
    return aws.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def state(aws: LocalAWS, instance_id: str) -> str:
    return describe(aws, instance_id)["State"]["Name"]


def console(aws: LocalAWS, instance_id: str) -> str:
    path = aws.lake / ".instances" / instance_id / "console.log"
    return path.read_text() if path.exists() else ""


def says(aws: LocalAWS, instance_id: str, line: str) -> str:
    """The console output of an instance once it contains a line."""
    wait_for(lambda: f"{line}\n" in console(aws, instance_id))
    return console(aws, instance_id)


def exists(process_group: int) -> bool:
    """True also while orphans of the group wait to be reaped."""
    try:
        os.killpg(process_group, 0)
    except ProcessLookupError:
        return False
    return True


def refusal(aws: LocalAWS, script: str, **more: Any) -> tuple[str, str]:
    before = set(aws.instances.started)
    with pytest.raises(ClientError) as refused:
        run(aws, script, **more)
    assert set(aws.instances.started) == before
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


class TestInstances:
    def test_it_is_described_by_its_template_and_its_request(self, aws: LocalAWS) -> None:
        tags = [{"Key": "run_id", "Value": "a & <b>"}, {"Key": "empty", "Value": ""}]
        answer = run(
            aws,
            user_data("wait"),
            LaunchTemplate={"LaunchTemplateName": "singstat-launch"},
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": tags},
                {"ResourceType": "volume", "Tags": [{"Key": "disk", "Value": "1"}]},
            ],
        )
        assert answer["State"]["Name"] in {"pending", "running"}
        wait_for(lambda: state(aws, answer["InstanceId"]) == "running")
        described = describe(aws, answer["InstanceId"])
        assert described["State"] == {"Code": 16, "Name": "running"}
        assert described["InstanceType"] == "t4g.small"
        assert described["ImageId"].startswith("ami-")
        assert described["LaunchTime"] == answer["LaunchTime"]
        described_tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
        assert described_tags == {"application": "shop", "run_id": "a & <b>", "empty": ""}
        assert "StateReason" not in described
        other = run(aws, user_data("wait"), InstanceType="c7g.large")
        assert describe(aws, other["InstanceId"])["InstanceType"] == "c7g.large"

    def test_filters(self, aws: LocalAWS) -> None:
        def tagged(run_id: str) -> str:
            tags = [{"ResourceType": "instance", "Tags": [{"Key": "run_id", "Value": run_id}]}]
            return run(aws, user_data("wait"), TagSpecifications=tags)["InstanceId"]

        def found(*states: str) -> set[str]:
            filters = [
                {"Name": "tag:run_id", "Values": ["red", "blue"]},
                {"Name": "instance-state-name", "Values": states},
            ]
            pages = aws.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
            return {one["InstanceId"] for page in pages for group in page["Reservations"] for one in group["Instances"]}

        red, blue, _ = tagged("red"), tagged("blue"), tagged("green")
        assert found("pending", "running") == {red, blue}
        aws.instances.started[red].instance.kill()
        assert found("pending", "running") == {blue}
        assert found("terminated") == {red}
        with pytest.raises(ClientError, match="The filter 'colour' is invalid"):
            aws.client("ec2").describe_instances(Filters=[{"Name": "colour", "Values": ["red"]}])

    def test_terminate_stops_all_its_processes(self, aws: LocalAWS) -> None:
        name = run(aws, user_data("polite"))["InstanceId"]
        says(aws, name, "ready")
        group = aws.instances.started[name].instance.process_group
        change = aws.client("ec2").terminate_instances(InstanceIds=[name])["TerminatingInstances"][0]
        assert (change["InstanceId"], change["PreviousState"]["Name"]) == (name, "running")
        assert change["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
        wait_for(lambda: state(aws, name) == "terminated")
        assert console(aws, name) == "ready\ngoodbye\n"
        wait_for(lambda: not exists(group))
        assert not (aws.lake / ".instances" / name / "disk").exists()
        assert describe(aws, name)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
        assert describe(aws, name)["StateTransitionReason"] == "User initiated"
        again = aws.client("ec2").terminate_instances(InstanceIds=[name])["TerminatingInstances"][0]
        assert again["CurrentState"]["Name"] == again["PreviousState"]["Name"] == "terminated"

    def test_processes_that_ignore_sigterm_are_killed(self, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(instance, "TERM_SECONDS", 0.01)
        name = run(aws, user_data("deaf"))["InstanceId"]
        says(aws, name, "deaf")
        aws.client("ec2").terminate_instances(InstanceIds=[name])
        wait_for(lambda: state(aws, name) == "terminated")
        wait_for(lambda: not exists(aws.instances.started[name].instance.process_group))

    def test_it_shuts_itself_down(self, aws: LocalAWS) -> None:
        name = run(aws, user_data("off", NOTE="$(date) `x` \\ é"))["InstanceId"]
        wait_for(lambda: state(aws, name) == "terminated")
        assert console(aws, name) == "$(date) `x` \\ é\n"
        wait_for(lambda: not exists(aws.instances.started[name].instance.process_group))
        assert describe(aws, name)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"

    def test_its_shutdown_can_be_scheduled(self, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(instance, "MINUTE_SECONDS", 0)
        ended = run(aws, user_data("timer"))["InstanceId"]
        wait_for(lambda: state(aws, ended) == "terminated")
        monkeypatch.undo()
        waiting = run(aws, user_data("timer"))["InstanceId"]
        says(aws, waiting, "set")
        assert state(aws, waiting) == "running"

    def test_a_scheduled_shutdown_can_be_replaced(self, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(instance, "MINUTE_SECONDS", 1e-6)
        name = run(aws, user_data("twice"))["InstanceId"]
        wait_for(lambda: state(aws, name) == "terminated")

    def test_it_keeps_running_when_its_script_exits_or_is_killed(self, aws: LocalAWS) -> None:
        ended, killed = (run(aws, user_data(work))["InstanceId"] for work in ("", "wait"))
        os.killpg(aws.instances.started[killed].instance.process_group, signal.SIGKILL)
        for name in (ended, killed):
            group = aws.instances.started[name].instance.process_group
            os.waitid(os.P_PID, group, os.WEXITED | os.WNOWAIT)
            wait_for(lambda name=name: state(aws, name) == "running")
        aws.client("ec2").terminate_instances(InstanceIds=[ended, killed])
        wait_for(lambda: {state(aws, ended), state(aws, killed)} == {"terminated"})

    def test_its_environment_is_its_own(self, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")
        names = [run(aws, user_data("environment"))["InstanceId"] for _ in range(2)]
        both = []
        for name in names:
            both.append(dict(line.split("=", 1) for line in says(aws, name, "END=1").splitlines()))
        assert set(both[0]) == {
            *("PATH", "HOME", "TMPDIR", "WORK", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
            *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
            *("PWD", "SHLVL", "_", "END"),  # set by bash itself
        }
        assert both[0]["AWS_ENDPOINT_URL"] == both[0]["AWS_EC2_METADATA_SERVICE_ENDPOINT"] == aws.url
        assert both[0]["AWS_ACCESS_KEY_ID"] != both[1]["AWS_ACCESS_KEY_ID"]
        assert both[0]["PWD"] == both[0]["HOME"] == str(aws.lake / ".instances" / names[0] / "disk")

    def test_its_credentials_and_commands_reach_s3(self, aws: LocalAWS) -> None:
        aws.put(f"s3://{aws.resource('Bucket')}/in.txt", b"\x00\xff")
        name = run(aws, user_data("copy", BUCKET=aws.resource("Bucket"), AWS_DEFAULT_REGION="ap-southeast-1"))[
            "InstanceId"
        ]
        output = says(aws, name, "done")
        stored = aws.client("s3").get_object(Bucket=aws.resource("Bucket"), Key="out.txt")["Body"].read()
        assert stored == b"\x00\xff"
        assert "fatal error: An error occurred (404)" in output
        assert ":assumed-role/singstat-role/" in output

    def test_its_metadata_service_reports_no_interruption(self, aws: LocalAWS) -> None:
        with urlopen(Request(f"{aws.url}/latest/api/token", method="PUT")) as token:  # noqa: S310
            assert token.read()
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{aws.url}/latest/meta-data/spot/instance-action")  # noqa: S310


class TestRequests:
    def test_a_token_starts_one_instance(self, aws: LocalAWS) -> None:
        first = run(aws, user_data("wait"), ClientToken="once")["InstanceId"]
        assert run(aws, user_data("wait"), ClientToken="once")["InstanceId"] == first
        aws.instances.started[first].instance.kill()
        again = run(aws, user_data("wait"), ClientToken="once")
        assert (again["InstanceId"], again["State"]["Name"]) == (first, "terminated")
        for script, more in ((user_data("deaf"), {}), (user_data("wait"), {"InstanceType": "c7g.large"})):
            assert refusal(aws, script, ClientToken="once", **more)[0] == "IdempotentParameterMismatch"

    def test_no_capacity(self, aws: LocalAWS) -> None:
        aws.instances.lacking = {"t4g.small", "t4g.medium"}
        try:
            for more in ({}, {"InstanceType": "t4g.medium"}):
                code, message = refusal(aws, user_data("wait"), ClientToken="lacking", **more)
                assert code == "InsufficientInstanceCapacity"
                assert "capacity" in message
            assert run(aws, user_data("wait"), ClientToken="lacking", InstanceType="c7g.large")
        finally:
            aws.instances.lacking = set()

    def test_a_zone_may_lack_an_instance_type(self, aws: LocalAWS) -> None:
        subnet = [{"DeviceIndex": 0, "SubnetId": aws.resource("SubnetB")}]
        aws.instances.not_offered = {("ap-southeast-1a", "t4g.small")}
        aws.instances.lacking = {("ap-southeast-1a", "t4g.medium")}
        try:
            code, message = refusal(aws, user_data("wait"), ClientToken="zones")
            assert code == "Unsupported"
            assert "is not supported in your requested Availability Zone (ap-southeast-1a)" in message
            assert refusal(aws, user_data("wait"), InstanceType="t4g.medium")[0] == "InsufficientInstanceCapacity"
            assert run(aws, user_data("wait"), ClientToken="zones", InstanceType="c7g.large")
            assert run(aws, user_data("wait"), NetworkInterfaces=subnet)
            assert run(aws, user_data("wait"), NetworkInterfaces=subnet, InstanceType="t4g.medium")
        finally:
            aws.instances.not_offered, aws.instances.lacking = set(), set()

    def test_a_subnet_does_not_go_with_network_interfaces(self, aws: LocalAWS) -> None:
        code, message = refusal(aws, user_data("wait"), SubnetId=aws.resource("SubnetB"))
        assert code == "InvalidParameterCombination"
        assert "Network interfaces and an instance-level subnet ID may not be specified" in message

    @pytest.mark.parametrize(
        ("template", "code"),
        [
            ({"LaunchTemplateId": "lt-0"}, "InvalidLaunchTemplateId.NotFound"),
            ({"LaunchTemplateName": "singstat-launch", "Version": "2"}, "InvalidLaunchTemplateId.VersionNotFound"),
        ],
    )
    def test_templates_that_do_not_exist(self, aws: LocalAWS, template: dict[str, str], code: str) -> None:
        assert refusal(aws, user_data("wait"), LaunchTemplate=template)[0] == code

    def test_unsupported_requests(self, aws: LocalAWS) -> None:
        ec2 = aws.client("ec2")
        with pytest.raises(ClientError, match="InvalidInstanceID.NotFound"):
            ec2.describe_instances(InstanceIds=["i-0"])
        with pytest.raises(ClientError, match="InvalidAction"):
            ec2.describe_vpcs()
        assert refusal(aws, user_data("wait"), MaxCount=2)[0] == "InvalidParameterValue"


class TestUserData:
    @pytest.mark.parametrize(
        "script",
        [
            "",
            "#!/bin/bash\n",
            SCRIPT,
            user_data("wait").removeprefix("#!/bin/bash\n"),
            user_data("wait") + "\n",
            user_data("wait").replace("goodbye", "good bye"),
            user_data("wait").replace("\n", "\r\n"),
            "#!/bin/bash\ntouch /tmp/x\n" + SCRIPT,
            "#!/bin/sh\nexport A='1'\n" + SCRIPT,
            *(
                f"#!/bin/bash\n{line}\n{SCRIPT}"
                for line in [
                    "export A='1'; touch /tmp/x",
                    "export A='1''2'",
                    "export A=1",
                    'export A="$(touch /tmp/x)"',
                    "export A='1\n2'",
                    "export a='1'",
                    " export A='1'",
                    "export A='1'\n\nexport B='1'",
                    "export PATH='/tmp'",
                    "export GOOD='1'\nexport LD_PRELOAD='/tmp/x.so'",
                    "export BASH_ENV='/tmp/x'",
                    "export PYTHONPATH='/tmp'",
                    "export AWS_CONFIG_FILE='/tmp/x'",
                ]
            ),
        ],
    )
    def test_only_the_projects_own_script_runs(self, aws: LocalAWS, script: str) -> None:
        code, message = refusal(aws, script)
        assert code == "InvalidParameterValue"
        assert GUARD in message

    def test_any_number_of_variables_is_allowed(self, aws: LocalAWS) -> None:
        assert run(aws, "#!/bin/bash\n" + SCRIPT)
        assert run(aws, user_data("", AWS_DEFAULT_REGION="ap-southeast-1", PATH_OF_KEY='a "b" $c', B2=""))

    def test_the_quota_of_user_data(self, aws: LocalAWS) -> None:
        assert "16384 bytes" in refusal(aws, user_data("x" * 16384))[1]


SOURCE = """
import sys, time
from pathlib import Path
from local.cloud.aws import LocalAWS
from local.cloud.ec2.instances import Launch
with LocalAWS(Path(sys.argv[1]), Path(sys.argv[2])) as aws:
    started = aws.instances.run(Launch("token", "singstat-launch", user_data=sys.argv[3]))
    print(started.instance.process_group, flush=True)
    time.sleep(1000)
"""


class TestNothingIsLeftBehind:
    def test_instances_terminate_with_the_laptops_aws(self, folder: Path, tmp_path: Path) -> None:
        with LocalAWS(tmp_path, folder / "template.yaml") as aws:
            names = [run(aws, user_data(work))["InstanceId"] for work in ("wait", "deaf", "timer", "environment")]
            says(aws, names[1], "deaf")
            ending = run(aws, user_data("deaf"))["InstanceId"]
            says(aws, ending, "deaf")
            aws.client("ec2").terminate_instances(InstanceIds=[ending])
            instances = [started.instance for started in aws.instances.started.values()]
        assert {one.state for one in instances} == {"terminated"}
        wait_for(lambda: not [one for one in instances if exists(one.process_group)])
        assert not list((tmp_path / ".instances").glob("*/disk"))

    def test_instances_terminate_if_the_laptop_is_killed(self, folder: Path, tmp_path: Path) -> None:
        encoded = base64.b64encode(user_data("deaf").encode()).decode()
        command = [sys.executable, "-c", SOURCE, str(tmp_path), str(folder / "template.yaml"), encoded]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as laptop:
            assert laptop.stdout
            group = int(laptop.stdout.readline())
            wait_for(lambda: any(log.read_text() for log in tmp_path.glob(".instances/*/console.log")))
            assert exists(group)
            laptop.kill()
        wait_for(lambda: not exists(group))


class TestFunctionCode:
    def test_configuration(self, aws: LocalAWS) -> None:
        arn = aws.attribute("Function", "Arn")
        for name in (aws.resource("Function"), arn):
            described = aws.client("lambda").get_function(FunctionName=name)["Configuration"]
            assert described["FunctionName"] == "singstat-Function-laptop"
            assert (described["FunctionArn"], described["Handler"]) == (arn, "work.handler")
            assert (described["Timeout"], described["MemorySize"]) == (7, 256)
            assert described["Role"] == aws.attribute("FunctionRole", "Arn")
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            aws.client("lambda").get_function(FunctionName="none")

    def test_its_code_is_a_zip_archive_of_its_folder(self, aws: LocalAWS, folder: Path) -> None:
        location = aws.client("lambda").get_function(FunctionName="singstat-Function-laptop")["Code"]["Location"]
        first = urlopen(location).read()  # noqa: S310
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        assert list(contents) == ["ec2/user_data.sh", "ec2/worker.py", "inner/deep.py", "work.py"]
        assert contents["ec2/worker.py"].decode() == "print('é')\n"
        os.utime(folder / "functions" / "work.py", (0, 0))
        assert urlopen(location).read() == first  # noqa: S310


class TestLogs:
    def test_events_are_kept_as_lines(self, aws: LocalAWS) -> None:
        logs, group = aws.client("logs"), aws.resource("Log")
        logs.create_log_stream(logGroupName=group, logStreamName="run/1")
        for messages in (["one", '{"two": "é"}'], ["three"]):
            events = [{"timestamp": 1, "message": message} for message in messages]
            logs.put_log_events(logGroupName=group, logStreamName="run/1", logEvents=events)
        assert (aws.lake / ".logs" / "_worker_log" / "run_1.log").read_text() == 'one\n{"two": "é"}\nthree\n'
        with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=group, logStreamName="run/1")

    def test_groups_and_streams_must_exist(self, aws: LocalAWS) -> None:
        logs, group = aws.client("logs"), aws.resource("Log")
        with pytest.raises(logs.exceptions.ResourceNotFoundException, match="log group"):
            logs.create_log_stream(logGroupName="..", logStreamName="run")
        events = [{"timestamp": 1, "message": "lost"}]
        with pytest.raises(logs.exceptions.ResourceNotFoundException, match="log stream"):
            logs.put_log_events(logGroupName=group, logStreamName="none", logEvents=events)


def test_a_template_whose_instances_stop_on_shutdown_is_not_deployed(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE.replace("InstanceInitiatedShutdownBehavior: terminate", "KeyName: none"))
    with pytest.raises(StackError, match="InstanceInitiatedShutdownBehavior"), LocalAWS(tmp_path / "lake", template):
        pass


def test_an_instance_whose_role_does_not_trust_ec2_has_no_credentials(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "project"
    shutil.copytree(folder, other, symlinks=True)
    (other / "template.yaml").write_text(TEMPLATE.replace("Service: ec2.", "Service: ecs."))
    with LocalAWS(tmp_path / "lake", other / "template.yaml") as aws:
        output = says(aws, run(aws, user_data("environment"))["InstanceId"], "END=1")
    assert "AWS_ENDPOINT_URL=" in output
    assert "AWS_ACCESS_KEY_ID=" not in output


def test_motos_ec2_is_not_imported(folder: Path, tmp_path: Path) -> None:
    source = (
        "import sys; "
        + SOURCE.split("    started", maxsplit=1)[0].strip()
        + "\n    print('moto.ec2.models' in sys.modules)"
    )
    command = [sys.executable, "-c", source, str(tmp_path), str(folder / "template.yaml")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert printed.stdout == "False\n"
