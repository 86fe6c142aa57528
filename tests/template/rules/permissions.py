"""Rules of roles: one user each, trusted by one service, granted named actions on named resources."""

import re
from dataclasses import dataclass

from tests.template.rules.application import Application, Document, Findings, many, referred, strings

MANAGED_POLICIES = {
    "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    "service-role/AWSLambdaBasicExecutionRole",
    "AWSXrayWriteOnlyAccess",
    "AmazonSSMManagedInstanceCore",
}
MANAGED = "AWS::IAM::ManagedPolicy"
TAGGED = "aws:RequestTag/application"
UNSCOPED = {  # no resource-level permissions; some are limited by a condition instead
    "athena:ListDataCatalogs": None,
    "athena:ListWorkGroups": None,
    "ce:GetCostAndUsage": None,
    "databrew:CreateDataset": TAGGED,
    "databrew:CreateRecipeJob": TAGGED,
    "databrew:ListDatasets": None,
    "databrew:ListJobs": None,
    "ec2:DescribeInstances": None,
    "logs:CreateLogDelivery": None,
    "logs:DeleteLogDelivery": None,
    "logs:DescribeLogGroups": None,
    "logs:DescribeResourcePolicies": None,
    "logs:GetLogDelivery": None,
    "logs:ListLogDeliveries": None,
    "logs:PutResourcePolicy": None,
    "logs:UpdateLogDelivery": None,
    "xray:GetSamplingRules": None,
    "xray:GetSamplingTargets": None,
    "xray:PutTelemetryRecords": None,
    "xray:PutTraceSegments": None,
}
FROM_A_TEMPLATE = {"ec2:RunInstances": "ec2:IsLaunchTemplateResource"}  # nothing may override the launch template
ANYTHING = re.compile(r"^(arn:([^:]*:){4})?\*$")
ANY_OF_A_KIND = re.compile(r"^arn:([^:]*:){4}[\w-]+[/:]\*$")
CALLERS = {"states.amazonaws.com", "scheduler.amazonaws.com", "apigateway.amazonaws.com"}
ELSEWHERE = ("Policy", "RolePolicy", "User", "UserPolicy", "Group", "GroupPolicy", "AccessKey")
RESOURCE_POLICIES = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}
STARTERS = {"scheduler.amazonaws.com", "apigateway.amazonaws.com", "states.amazonaws.com"}  # the last one: batches


@dataclass(frozen=True)
class Grant:
    """An Allow statement of a role, or of a managed policy, whose name is then `role`."""

    role: str
    sid: str
    actions: list[str]
    resources: list[str]
    condition: Document

    def __str__(self) -> str:
        return f"{self.role} {self.sid}"


def grants(application: Application) -> list[Grant]:
    """The grants of the roles' inline policies and of the managed policies."""
    inline = [
        (role, policy["PolicyDocument"])
        for role, properties in application.resources("AWS::IAM::Role").items()
        for policy in properties.get("Policies", [])
    ]
    managed = [(name, policy["PolicyDocument"]) for name, policy in application.resources(MANAGED).items()]
    return [
        Grant(
            role,
            statement.get("Sid", "without Sid"),
            many(statement.get("Action")),
            many(statement.get("Resource")),
            statement.get("Condition", {}),
        )
        for role, document in inline + managed
        for statement in many(document["Statement"])
        if statement["Effect"] == "Allow"
    ]


def grants_of(application: Application, role: str) -> list[Grant]:
    """The grants of one role."""
    return [grant for grant in grants(application) if grant.role == role]


def trusted(role: Document) -> set[str]:
    """The services that may assume a role, and other principals as `AWS:...`."""
    found = set()
    for statement in many(role["AssumeRolePolicyDocument"]["Statement"]):
        principal = statement["Principal"]
        for kind, names in principal.items() if isinstance(principal, dict) else [("AWS", principal)]:
            found |= {name if kind == "Service" else f"{kind}:{name}" for name in many(names)}
    return found


def managed_policies_are_the_named_ones(application: Application) -> Findings:
    own = {f"${{{name}}}" for name in application.resources(MANAGED)}
    for role, properties in application.resources("AWS::IAM::Role").items():
        for arn in many(properties.get("ManagedPolicyArns")):
            if arn.partition(":policy/")[2] not in MANAGED_POLICIES and arn not in own:
                yield f"{role}: grant what it needs instead of {arn}"


def every_grant_stands_in_its_role(application: Application) -> Findings:
    for kind in ELSEWHERE:
        for name in application.resources(f"AWS::IAM::{kind}"):
            yield f"{name}: no rule covers AWS::IAM::{kind}, use the Policies of a role"
    for name, policy in application.resources(MANAGED).items():
        if attached := sorted({"Groups", "Roles", "Users"} & policy.keys()):
            yield f"{name}: remove {', '.join(attached)}, the account decides who gets it"


def no_policy_lets_everybody_in(application: Application) -> Findings:
    for kind, document in RESOURCE_POLICIES.items():
        for name, properties in application.resources(kind).items():
            for statement in many(properties[document]["Statement"]):
                principal = statement["Principal"]
                names = principal.values() if isinstance(principal, dict) else [principal]
                if statement["Effect"] == "Allow" and any("*" in many(each) for each in names):
                    yield f"{name} {statement.get('Sid')}: name its principals"


def no_action_is_a_wildcard(application: Application) -> Findings:
    for grant in grants(application):
        if not grant.actions or any("*" in action for action in grant.actions):
            yield f"{grant}: name its actions instead of {grant.actions}"


def every_resource_is_named(application: Application) -> Findings:
    for grant in grants(application):
        if not grant.resources:
            yield f"{grant}: name its resources"
        for resource in grant.resources:
            if ANYTHING.match(resource):
                yield from (f"{grant}: {problem} instead of {resource}" for problem in _too_wide(grant))
            elif ANY_OF_A_KIND.match(resource) and not grant.condition:
                yield f"{grant}: {resource} matches every resource of its type, name them or add a Condition"


def _too_wide(grant: Grant) -> Findings:
    tested = {key for test in grant.condition.values() for key in test}
    for action in grant.actions:
        if action not in UNSCOPED | FROM_A_TEMPLATE:
            yield f"name the resources of {action}"
        elif (condition := (UNSCOPED | FROM_A_TEMPLATE)[action]) and condition not in tested:
            yield f"limit {action} by the condition {condition}"


def launches_name_their_template(application: Application) -> Findings:
    for grant in grants(application):
        if "ec2:RunInstances" in grant.actions and "ec2:LaunchTemplate" not in grant.condition.get("ArnEquals", {}):
            yield f"{grant}: limit it by ArnEquals ec2:LaunchTemplate"


def every_listing_has_a_prefix(application: Application) -> Findings:
    """`IfExists` where it only makes GetObject return 404: S3 documents no s3:prefix for that check."""
    for grant in grants(application):
        tests = [grant.condition.get(test, {}) for test in ("StringLike", "StringLikeIfExists")]
        if "s3:ListBucket" in grant.actions and not any(test.get("s3:prefix") for test in tests):
            yield f"{grant}: limit the listing by s3:prefix"


def an_action_without_resources_is_granted_on_all(application: Application) -> Findings:
    """With a named resource the grant never matches."""
    for grant in grants(application):
        for action in grant.actions:
            if action in UNSCOPED and grant.resources != ["*"]:
                yield f"{grant}: {action} has no resource-level permissions, grant it on * only"


def one_role_is_passed_to_one_service(application: Application) -> Findings:
    roles = application.resources("AWS::IAM::Role")
    for grant in grants(application):
        if "iam:PassRole" in grant.actions:
            if len(grant.resources) != 1 or not any(grant.resources == [f"${{{role}.Arn}}"] for role in roles):
                yield f"{grant}: pass one role of the template, not {grant.resources}"
            if len(many(grant.condition.get("StringEquals", {}).get("iam:PassedToService"))) != 1:
                yield f"{grant}: add StringEquals iam:PassedToService"


def _users(application: Application, grant: Grant) -> set[str]:
    """The services that assume the role of a grant; "anybody" for a managed policy."""
    role = application.resources("AWS::IAM::Role").get(grant.role)
    return trusted(role) if role else {"anybody"}


def functions_do_not_call_functions(application: Application) -> Findings:
    for grant in grants(application):
        if {"lambda:InvokeFunction", "lambda:InvokeAsync"} & set(grant.actions) and not _users(
            application, grant
        ) <= CALLERS:
            yield f"{grant}: only the state machine, a schedule and the API call functions"


def only_schedules_and_the_api_start_runs(application: Application) -> Findings:
    machines = application.resources("AWS::StepFunctions::StateMachine")
    arns = {f"${{{name}{end}}}" for name in machines for end in ("", ".Arn")}
    names = {f"stateMachine:{machine['StateMachineName']}" for machine in machines.values()}  # the part of an ARN
    for grant in grants(application):
        if {"states:StartExecution", "states:StartSyncExecution"} & set(grant.actions):
            if not _users(application, grant) <= STARTERS:
                yield f"{grant}: only a schedule, the API and the state machine itself start runs"
            if not all(arn in arns or arn.split(":", 5)[-1] in names for arn in grant.resources):
                yield f"{grant}: start the state machine and nothing else"


def a_role_trusts_one_service(application: Application) -> Findings:
    for role, properties in application.resources("AWS::IAM::Role").items():
        principals = trusted(properties)
        if len(principals) != 1 or not all(name.endswith(".amazonaws.com") for name in principals):
            yield f"{role}: let one service assume it, not {', '.join(sorted(principals)) or 'nobody'}"


def a_role_has_one_user(application: Application) -> Findings:
    users: dict[str, set[str]] = {}
    for name, body in application.translated["Resources"].items():
        if body["Type"] != "AWS::IAM::Role":
            for key, text in strings(body["Properties"]):
                if key in {"Role", "RoleArn", "Roles"}:
                    for role in referred(text) or {text}:
                        users.setdefault(role, set()).add(name)
    roles = application.resources("AWS::IAM::Role")
    for role, names in users.items():
        if role not in roles:
            yield f"{', '.join(sorted(names))}: use a role of the template instead of {role}"
        if len(names) > 1:
            yield f"{role}: {', '.join(sorted(names))} share it, give each one its own"


def a_function_is_called_by_a_named_source(application: Application) -> Findings:
    for name, permission in application.resources("AWS::Lambda::Permission").items():
        if permission["Principal"] == "*" or not permission.get("SourceArn"):
            yield f"{name}: name the service and its SourceArn, other accounts' could call the function"


RULES = (
    managed_policies_are_the_named_ones,
    every_grant_stands_in_its_role,
    no_policy_lets_everybody_in,
    no_action_is_a_wildcard,
    every_resource_is_named,
    launches_name_their_template,
    every_listing_has_a_prefix,
    an_action_without_resources_is_granted_on_all,
    one_role_is_passed_to_one_service,
    functions_do_not_call_functions,
    only_schedules_and_the_api_start_runs,
    a_role_trusts_one_service,
    a_role_has_one_user,
    a_function_is_called_by_a_named_source,
)
