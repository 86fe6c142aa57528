"""Services that check, when a resource is created, that they can assume its role."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.guard import AccessDenied, Guard

Properties = dict[str, Any]


class Assumed(NamedTuple):
    """The roles that a resource names, the ARN for which its service assumes them, and the error if it cannot."""

    principal: str
    roles: Callable[[Properties], list[str]]
    source: str
    refusal: str


# The formats take the resource's properties; `role` is the role's ARN.
ASSUMED = {
    "AWS::Events::Rule": Assumed(
        "events.amazonaws.com",
        lambda rule: [target["RoleArn"] for target in rule.get("Targets", []) if "RoleArn" in target],
        "events:{region}:{account}:rule/{Name}",
        "Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.",
    ),
    "AWS::Glue::Crawler": Assumed(
        "glue.amazonaws.com",
        lambda resource: [resource["Role"]],
        "glue:{region}:{account}:crawler/{Name}",
        "Service is unable to assume role {role}. Please verify role's TrustPolicy",
    ),
    "AWS::Lambda::Function": Assumed(
        "lambda.amazonaws.com",
        lambda resource: [resource["Role"]],
        "lambda:{region}:{account}:function:{FunctionName}",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "AWS::Scheduler::Schedule": Assumed(
        "scheduler.amazonaws.com",
        lambda schedule: [schedule["Target"]["RoleArn"]],
        "scheduler:{region}:{account}:schedule-group/default",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),
    "AWS::StepFunctions::StateMachine": Assumed(
        "states.amazonaws.com",
        lambda machine: [machine["RoleArn"]],
        "states:{region}:{account}:stateMachine:{StateMachineName}",
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the"
        " provided role.",
    ),
}


def refusals(guard: Guard, kind: str, properties: Properties) -> Iterator[str]:
    """The service's error message for each role of a resource that it cannot assume."""
    assumed = ASSUMED.get(kind)
    if assumed is None:
        return
    source = "arn:aws:" + assumed.source.format(region=REGION, account=ACCOUNT, **properties)
    for role in assumed.roles(properties):
        try:
            guard.assume(role, assumed.principal, source)
        except AccessDenied:
            yield assumed.refusal.format(role=role)
