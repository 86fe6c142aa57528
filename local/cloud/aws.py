"""The laptop's AWS: one process that serves AWS's APIs on 127.0.0.1, with the template deployed."""

import atexit
import gc
import json
import logging
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar, Self

import boto3
from botocore.config import Config

from local.cloud import moto_core, moto_costs
from local.cloud.account import REGION
from local.cloud.ec2 import api
from local.cloud.ec2.instances import Instances
from local.cloud.front import Front
from local.cloud.iam.guard import AccessDenied, Guard, session_keys
from local.cloud.lambdas import code
from local.cloud.lambdas.functions import Functions
from local.cloud.lock import Lock
from local.cloud.machine import interpreter, kept
from local.cloud.services import (
    athena_api,
    cost_explorer,
    crawler,
    databrew,
    link_key,
    objects,
    presigned_urls,
    validation,
)
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
COLLECTED_AFTER = 50_000  # new objects


class LocalAWS:
    """AWS with one deployed stack while entered. S3 objects and the data catalogue persist in the lake.

    Entering raises `LakeInUseError` if another process uses the lake, `StackError` if the template cannot be deployed.
    """

    _entered: ClassVar[threading.Lock] = threading.Lock()
    front: Front
    functions: Functions
    guard: Guard
    instances: Instances
    stack: Stack

    def __init__(self, lake: Path, template: Path = TEMPLATE, parameters: Mapping[str, str] | None = None) -> None:
        """`parameters` overrides the defaults of the template's parameters."""
        self.lake = lake.resolve()
        self._template = template.resolve()
        self._parameters = dict(parameters or {})
        self._session = _session()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = threading.Lock()
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        if not self._entered.acquire(blocking=False):
            raise RuntimeError("A process can enter only one LocalAWS at a time.")
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
        """A boto3 client with the credentials of a role, or of the administrator."""
        key = (service, role_arn)
        if key not in self._clients:
            keys = self.credentials(role_arn) if role_arn else ADMINISTRATOR
            config = Config(retries={"total_max_attempts": 1}, read_timeout=1000, max_pool_connections=50)
            with self._making:
                client = self._session.client(service, endpoint_url=self.url, config=config, **keys)
                client.meta.events.register("before-send", self.front.answer)
                self._clients.setdefault(key, client)
        return self._clients[key]

    def credentials(self, role_arn: str, principal: str = "") -> dict[str, str]:
        """A new session of a role as boto3's keyword arguments.

        Raises `AccessDenied` if `principal`, a service, assumes the role and the role does not trust it.
        """
        if principal:
            self.guard.assume(role_arn, principal)
        return session_keys(role_arn)

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource. Raises `StackError` if there is no such resource."""
        return self.stack.resource(logical_id)

    def attribute(self, logical_id: str, name: str) -> str:
        """An attribute of a resource, as GetAtt returns it. Raises `StackError` if it does not exist."""
        return self.stack.attribute(logical_id, name)

    def start(self, request: Mapping[str, Any], name: str) -> str:
        """Start an execution of the template's state machine; returns its ARN."""
        arn = self.resource(self.stack.only(MACHINE))
        client = self.client("stepfunctions")
        started = client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(request))
        self.rules.follow(started["executionArn"], self.describe)
        return str(started["executionArn"])

    def redrive(self, run_id: str) -> str:
        """Redrive the execution of a run that did not succeed, also of an earlier LocalAWS; returns its ARN.

        Raises LookupError if the lake has no such run, or none that can be redriven.
        """
        arn = f"{self.resource(self.stack.only(MACHINE)).replace(':stateMachine:', ':execution:')}:{run_id}"
        client = self.client("stepfunctions")
        try:
            client.describe_execution(executionArn=arn)
        except client.exceptions.ExecutionDoesNotExist:
            kept.restore(self._kept(arn))
        try:
            client.redrive_execution(executionArn=arn)
        except client.exceptions.ExecutionNotRedrivable as error:
            raise LookupError(error.response["Error"]["Message"]) from error
        self.rules.follow(arn, self.describe)
        return arn

    def stop(self, execution_arn: str, cause: str) -> None:
        """Abort an execution that is running, with the error `Stopped`; it can be redriven."""
        self.client("stepfunctions").stop_execution(executionArn=execution_arn, error="Stopped", cause=cause)

    def keep(self, execution_arn: str) -> None:
        """Keep an ended execution in the lake if it did not succeed, so that another LocalAWS can redrive it."""
        kept.keep(execution_arn, self._kept(execution_arn))

    def _kept(self, execution_arn: str) -> Path:
        return self.lake / ".redrivable" / f"{execution_arn.rpartition(':')[2]}.json"

    def describe(self, execution_arn: str) -> dict[str, Any]:
        """An execution's `status`, `error`, `cause` and `output` (JSON text); None where AWS has no value."""
        return interpreter.describe(execution_arn)

    def history(self, execution_arn: str, after: int = 0) -> list[dict[str, Any]]:
        """The events so far but for the first `after`, as in GetExecutionHistory."""
        return interpreter.history(execution_arn, after)

    def children(self, execution_arn: str) -> list[tuple[str, bool]]:
        """The executions that an execution's Map Runs have started so far: ARN, and whether it has ended."""
        return interpreter.children(execution_arn)

    def parameter(self, name: str) -> str:
        """The value of a template parameter. Raises `KeyError` if the template does not declare it."""
        return self.stack.parameter(name)

    def put(self, uri: str, data: bytes) -> None:
        """Store an object at `s3://bucket/key`."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=data)

    def _profile_credentials(self, profile: str) -> dict[str, str]:
        """None, as in EC2's metadata, if the role does not trust EC2."""
        found = self.client("iam").get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]
        try:
            return self.credentials(found["Roles"][0]["Arn"], "ec2.amazonaws.com")
        except AccessDenied:
            return {}

    def _tags(self, instance: str) -> dict[str, str]:
        started = self.instances.started.get(instance)
        return started.tags if started else {}

    def _open(self, exit_stack: ExitStack) -> None:
        logging.getLogger("moto").setLevel(logging.CRITICAL)
        self.lake.mkdir(parents=True, exist_ok=True)
        lock = Lock(self.lake)
        lock.take()
        exit_stack.callback(lock.release)
        moto_core.reset()
        moto_costs.reduce(self._session)
        link_key.install()
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
        interpreter.install(self.client, self.lake / ".execution-names", self.guard.access)
        saved = partial(catalogue.save, self.lake)
        catalogue.install()
        catalogue.restore(self.lake)
        athena_api.install(self.lake, self.put)
        crawler.install(self.lake, saved, self.guard.access)
        brew = databrew.install(self.lake, self.put, self.guard.assuming("databrew.amazonaws.com"))
        folder = self._template.parent
        deployment = Deployment(
            self.client, self.functions, folder, self.url, self.rules, self.instances, logs, self.guard
        )
        self.apis = deployment.apis
        self.front.routes += [
            validation.route,
            presigned_urls.route,
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
        template = load_template(self._template)
        self.stack = Stack(template, self._parameters, deployment)
        self.stack.deploy()
        link_key.keep(self.lake)
        saved()
        exit_stack.callback(saved)
        self.front.after_glue.append(partial(catalogue.save_change, self.lake))
        _keep_what_is_loaded()


@cache
def _session() -> Any:
    """One for all clients of this process: each session loads botocore's models again."""
    return boto3.Session(region_name=REGION)


@cache
def _keep_what_is_loaded() -> None:
    """Never look again whether the modules and models of this process are garbage; look at all else more often."""
    gc.freeze()
    atexit.register(gc.unfreeze)  # at its end Python clears modules, of which DuckDB's complains if it is kept
    gc.set_threshold(COLLECTED_AFTER)
