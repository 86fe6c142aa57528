"""The laptop's AWS: one process that answers on 127.0.0.1 as AWS would, with the template's stack in it."""

import json
import logging
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import boto3
from botocore.config import Config
from moto.core import utils as moto_utils
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from local.cloud.account import REGION
from local.cloud.ec2 import api
from local.cloud.ec2.instances import Instances
from local.cloud.front import Front
from local.cloud.iam.guard import Guard
from local.cloud.lambdas import code
from local.cloud.lambdas.functions import Functions
from local.cloud.lock import Lock
from local.cloud.machine import interpreter
from local.cloud.services import athena_api, cost_explorer, crawler, databrew, link_key, objects
from local.cloud.services.event_rules import Rules
from local.cloud.services.log_groups import LogGroups
from local.cloud.services.mailbox import Mailbox
from local.cloud.sql import catalogue
from local.cloud.stack import custom_resources
from local.cloud.stack.deployment import Stack
from local.cloud.stack.resources import Deployment
from local.cloud.stack.template import TEMPLATE, load_template

ADMINISTRATOR = {"aws_access_key_id": "administrator", "aws_secret_access_key": "unchecked"}
MACHINE = "AWS::StepFunctions::StateMachine"


class LocalAWS:
    """AWS with one stack, while it is entered. What lasts: the S3 objects and the data catalogue of the lake.

    Errors on entering: LakeInUseError, another process has the lake; StackError, the template cannot be deployed.
    """

    _entered: ClassVar[threading.Lock] = threading.Lock()
    front: Front
    functions: Functions
    guard: Guard
    instances: Instances
    stack: Stack

    def __init__(self, lake: Path, template: Path = TEMPLATE, parameters: Mapping[str, str] | None = None) -> None:
        """`parameters`: values for the template's parameters other than their defaults."""
        self.lake = lake.resolve()
        self._template = template.resolve()
        self._parameters = dict(parameters or {})
        self._session: Any = boto3.Session(region_name=REGION)  # one: each would read botocore's models anew
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = threading.Lock()
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        if not self._entered.acquire(blocking=False):
            raise RuntimeError("A process can have one LocalAWS at a time.")
        with ExitStack() as exit_stack:
            exit_stack.callback(self._entered.release)
            self._open(exit_stack)
            self._exit = exit_stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    @property
    def url(self) -> str:
        """The endpoint of all services."""
        return self.front.url

    def client(self, service: str, role_arn: str | None = None) -> Any:
        """A boto3 client with a role's credentials, by default with the administrator's."""
        key = (service, role_arn)
        if key not in self._clients:
            keys = self.credentials(role_arn) if role_arn else ADMINISTRATOR
            config = Config(retries={"total_max_attempts": 1}, read_timeout=1000, max_pool_connections=50)
            with self._making:
                client = self._session.client(service, endpoint_url=self.url, config=config, **keys)
                self._clients.setdefault(key, client)
        return self._clients[key]

    def credentials(self, role_arn: str) -> dict[str, str]:
        """The keys of a new session of a role, as boto3's keyword arguments."""
        keys = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="laptop")["Credentials"]
        return {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource. Errors: StackError."""
        return self.stack.resource(logical_id)

    def attribute(self, logical_id: str, name: str) -> str:
        """An attribute of a resource, as GetAtt gives it. Errors: StackError."""
        return self.stack.attribute(logical_id, name)

    def start(self, request: Mapping[str, Any], name: str) -> str:
        """Start the template's state machine with an input and a name; the execution's ARN."""
        arn = self.resource(self.stack.only(MACHINE))
        client = self.client("stepfunctions")
        started = client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(request))
        self.rules.follow(started["executionArn"], self.describe)
        return str(started["executionArn"])

    def describe(self, execution_arn: str) -> dict[str, Any]:
        """`status`, `error`, `cause`, and `output`, JSON text once it succeeded; None where there is none."""
        return interpreter.describe(execution_arn)

    def history(self, execution_arn: str) -> list[dict[str, Any]]:
        """The events so far, as GetExecutionHistory gives them. Their details are shared: do not change them."""
        return interpreter.history(execution_arn)

    def parameter(self, name: str) -> str:
        """The value of a parameter of the template. Errors: KeyError, it has none of that name."""
        return self.stack.parameter(name)

    def put(self, uri: str, data: bytes) -> None:
        """Store an object at `s3://bucket/key`."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=data)

    def _profile_credentials(self, profile: str) -> dict[str, str]:
        found = self.client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
        return self.credentials(found["Roles"][0]["Arn"])

    def _tags(self, instance: str) -> dict[str, str]:
        started = self.instances.started.get(instance)
        return started.tags if started else {}

    def _open(self, exit_stack: ExitStack) -> None:
        logging.getLogger("moto").setLevel(logging.CRITICAL)
        self.lake.mkdir(parents=True, exist_ok=True)
        lock = Lock(self.lake)
        lock.take()
        exit_stack.callback(lock.release)
        _reset_moto()
        moto_utils.create_loader = lambda: self._session._session.get_component("data_loader")  # read each model once
        objects.install(self.lake)
        exit_stack.callback(objects.uninstall)
        objects.restore(self.lake)
        self.front = exit_stack.enter_context(Front())
        user_data = self._template.parent / "ec2" / "user_data.sh"
        self.instances = Instances(self.lake / ".instances", self.url, user_data, self._profile_credentials)
        exit_stack.callback(self.instances.close)
        self.guard = Guard(self._tags)
        logs = LogGroups(self.lake / ".logs")
        self.functions = Functions(self.url, self.lake / ".logs", self.credentials)
        exit_stack.callback(self.functions.close)
        self.rules = Rules(self.functions)
        exit_stack.callback(self.rules.finish)
        interpreter.install(self.client)
        saved = partial(catalogue.save, self.lake)
        catalogue.install()
        catalogue.restore(self.lake)
        athena_api.install(self.lake, self.put)
        crawler.install(self.lake, saved, self.guard.access)
        brew = databrew.install(self.lake, self.put, self.guard.access)
        folder = self._template.parent
        deployment = Deployment(
            self.client, self.functions, folder, self.url, self.rules, self.instances, logs, self.guard
        )
        self.apis = deployment.apis
        self.front.routes += [
            self.guard.route,
            Mailbox(self.lake).route,
            self.functions.route,
            partial(code.route, self.functions, self.url),
            partial(api.route, self.instances),
            logs.route,
            cost_explorer.route,
            partial(custom_resources.route, deployment),
            brew,
        ]
        template = load_template(self._template, self.lake / ".cache")
        self.stack = Stack(template, self._parameters, deployment)
        self.stack.deploy()
        link_key.keep(self.lake)
        saved()
        self.front.after_glue.append(saved)


def _reset_moto() -> None:
    """Forget what an earlier LocalAWS of this process made."""
    BackendDict.reset()
    reset_model_data()
