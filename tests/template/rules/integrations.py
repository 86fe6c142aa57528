"""Rules of the state machine's calls: the services have them, and its role grants exactly them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session

from tests.template.rules.application import Application, Document, Findings, referred
from tests.template.rules.graph import called_function, states
from tests.template.rules.permissions import grants_of

INTEGRATION = re.compile(r"^arn:aws:states:::(?P<sdk>aws-sdk:)?(?P<service>\w+):(?P<action>\w+)(?P<suffix>\..+)?$")
FUNCTION = re.compile(r"^\$\{\w+}$")
CALLBACK = ".waitForTaskToken"
OPTIMISED = {  # the optimised integrations that suit this application, with their suffixes
    "athena:startQueryExecution": {None, ".sync"},
    "databrew:startJobRun": {None, ".sync"},
    "lambda:invoke": {None, CALLBACK},
    "sns:publish": {None, CALLBACK},
    "sqs:sendMessage": {None, CALLBACK},
}
RENAMED = {"cloudwatchlogs": "logs", "costexplorer": "ce", "eventbridge": "events", "sfn": "stepfunctions"}
SUPPORTING = {  # what a state machine does besides calls: encryption, tracing, logging
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogDelivery",
    "logs:CreateLogStream",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutLogEvents",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def every_integration_exists(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        found = INTEGRATION.match(state["Resource"])
        if not found:
            if not FUNCTION.match(state["Resource"]):
                yield f"{name}: {state['Resource']} is neither a substituted function nor an integration"
        elif found["sdk"]:
            if found["suffix"] not in {None, CALLBACK}:
                yield f"{name}: an aws-sdk call has no {found['suffix']}"
        elif found["suffix"] not in OPTIMISED.get(f"{found['service']}:{found['action']}", set()):
            yield f"{name}: Step Functions has no integration {state['Resource']}"


def every_sdk_call_exists_and_is_complete(application: Application) -> Findings:
    for name, state in states(application.machine, "Task"):
        found = INTEGRATION.match(state["Resource"])
        if found and found["sdk"]:
            model = _service(found["service"])
            operation = _first_upper(found["action"])
            if model is None:
                yield f"{name}: no AWS service {found['service']} under this name"
            elif operation not in model.operation_names or found["action"] == operation:
                yield f"{name}: {found['service']} has no action {found['action']}"
            else:
                yield from _wrong_parameters(name, state, model.operation_model(operation).input_shape)


def _wrong_parameters(name: str, state: Document, shape: Any) -> Findings:
    given = {key.removesuffix(".$") for key in state.get("Parameters", {})}
    members = {_first_upper(member) for member in shape.members} if shape else set()
    required = {_first_upper(member) for member in shape.required_members} if shape else set()
    yield from (f"{name}: needs the parameter {missing}" for missing in sorted(required - given))
    yield from (f"{name}: has no parameter {unknown}" for unknown in sorted(given - members))


def the_machine_may_do_what_it_calls_and_no_more(application: Application) -> Findings:
    calls = [state for _, state in states(application.machine, "Task")]
    functions = {name for state in calls if (name := called_function(state, application.pipeline()))}
    actions = {action for state in calls if (action := _granted_by(state))} | set(_of_maps(application))
    (role,) = referred(application.pipeline()["RoleArn"])
    grants = grants_of(application, role)
    may_call = set().union(*(referred(grant.resources) for grant in grants if "lambda:InvokeFunction" in grant.actions))
    may_do = set().union(*(grant.actions for grant in grants)) - SUPPORTING - {"lambda:InvokeFunction"}
    yield from (f"{role}: grant the call of {name}" for name in sorted(functions - may_call))
    yield from (f"{role}: no state calls {name}, take the grant away" for name in sorted(may_call - functions))
    yield from (f"{role}: grant {action}" for action in sorted(actions - may_do))
    yield from (f"{role}: no state needs {action}, take it away" for action in sorted(may_do - actions))


def _of_maps(application: Application) -> Iterator[str]:
    """A distributed Map reads its items and starts, follows, stops and redrives its children."""
    for _, state in states(application.machine, "Map"):
        if state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED":
            yield from (f"states:{verb}Execution" for verb in ("Start", "Describe", "Stop", "Redrive"))
            yield from ["s3:GetObject"] if "ItemReader" in state else []


def _granted_by(state: Document) -> str | None:
    found = INTEGRATION.match(state["Resource"])
    if not found or found["service"] == "lambda":
        return None
    model = _service(found["service"])
    return f"{model.signing_name}:{_first_upper(found['action'])}" if model else None


@cache
def _service(name: str) -> Any:
    """The service's model; None if Step Functions does not know it under this name."""
    session = botocore.session.get_session()
    known = RENAMED.get(name, name)
    if name in RENAMED.values() or known not in session.get_available_services():
        return None
    return session.get_service_model(known)


def _first_upper(name: str) -> str:
    return name[:1].upper() + name[1:]


RULES = (
    every_integration_exists,
    every_sdk_call_exists_and_is_complete,
    the_machine_may_do_what_it_calls_and_no_more,
)
