"""Defects of roles and their grants."""

from tests.template.planted.defect import Defect, Plant, added, granting, having, statement
from tests.template.rules import permissions, quotas, trust

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EXECUTIONS = "arn:aws:states:ap-southeast-1:123456789012:execution:*"

TEMPLATE = {"ArnEquals": {"ec2:LaunchTemplate": "arn:aws:ec2:ap-southeast-1:123456789012:launch-template/lt-1"}}
AS_IT_IS = {"Bool": {"ec2:IsLaunchTemplateResource": "true"}}


def trusting(role: str, service: str, key: str) -> Plant:
    """A role that a service assumes only if it sends a condition key."""
    condition = {"StringEquals": {key: "123456789012"}}
    statement = TRUST | {"Principal": {"Service": service}, "Condition": condition}
    return having(role, "AssumeRolePolicyDocument", Statement=[statement])


DEFECTS = {
    "API Gateway is asked for its account": Defect(
        trust.trust_policies_use_keys_that_the_service_sends,
        "ApiRole: apigateway.amazonaws.com does not send aws:SourceAccount",
        trusting("ApiRole", "apigateway.amazonaws.com", "aws:SourceAccount"),
    ),
    "DataBrew is asked for its account": Defect(
        trust.trust_policies_use_keys_that_the_service_sends,
        "TransformRole",
        trusting("TransformRole", "databrew.amazonaws.com", "aws:SourceAccount"),
    ),
    "an undocumented service is asked for its account": Defect(
        trust.trust_policies_use_keys_that_the_service_sends,
        "QuickSightRole",
        lambda app: (
            app.translated["Resources"].update(
                {"QuickSightRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}}
            ),
            trusting("QuickSightRole", "quicksight.amazonaws.com", "aws:SourceAccount")(app),
        ),
    ),
    "a trust policy is too long": Defect(
        quotas.policies_are_within_their_quotas,
        "TransformRole: Cannot exceed quota for ACLSizePerRole",
        having("TransformRole", "AssumeRolePolicyDocument", Version="x" * 2048),
    ),
    "a role's policies are too long": Defect(
        quotas.policies_are_within_their_quotas,
        "NotifyFunctionRole: Maximum policy size",
        granting("NotifyFunctionRole", "s3:GetObject", "x" * 10_240),
    ),
    "a worker is an administrator": Defect(
        permissions.managed_policies_are_the_named_ones,
        "WorkerRole",
        having("WorkerRole", ManagedPolicyArns=[ADMINISTRATOR]),
    ),
    "a policy stands beside its role": Defect(
        permissions.every_grant_stands_in_its_role, "Planted", added("AWS::IAM::Policy", {})
    ),
    "the stack gives somebody a policy": Defect(
        permissions.every_grant_stands_in_its_role, "remove Users", having("ReaderPolicy", Users=["somebody"])
    ),
    "everybody reads the data": Defect(
        permissions.no_policy_lets_everybody_in,
        "DataBucketPolicy",
        statement("DataBucketPolicy", "DenyInsecureTransport", Effect="Allow"),
    ),
    "every account uses the key": Defect(
        permissions.no_policy_lets_everybody_in,
        "EncryptionKey",
        statement("EncryptionKey", "LogsOfThisAccount", Principal={"AWS": ["*"]}),
    ),
    "a role may do all of S3": Defect(
        permissions.no_action_is_a_wildcard,
        "NotifyFunctionRole",
        granting("NotifyFunctionRole", "s3:*", "${DataBucket.Arn}/*"),
    ),
    "a role may do anything": Defect(
        permissions.no_action_is_a_wildcard, "NotifyFunctionRole", granting("NotifyFunctionRole", "*", "*")
    ),
    "a role reads every bucket": Defect(
        permissions.every_resource_is_named, "NotifyFunctionRole", granting("NotifyFunctionRole", "s3:GetObject", "*")
    ),
    "a role reads every bucket by its ARN": Defect(
        permissions.every_resource_is_named,
        "NotifyFunctionRole",
        granting("NotifyFunctionRole", "s3:GetObject", "arn:aws:s3:::*"),
    ),
    "a grant is on all but one": Defect(
        permissions.every_resource_is_named,
        "NotifyFunctionRole Planted: name its resources",
        granting("NotifyFunctionRole", "s3:GetObject", None),
    ),
    "a role terminates every instance": Defect(
        permissions.every_resource_is_named,
        "HandleFailureFunctionRole",
        granting(
            "HandleFailureFunctionRole", "ec2:TerminateInstances", "arn:aws:ec2:ap-southeast-1:123456789012:instance/*"
        ),
    ),
    "a role starts instances of any kind": Defect(
        permissions.every_resource_is_named,
        "DownloadLargeTableFunctionRole",
        granting("DownloadLargeTableFunctionRole", "ec2:RunInstances", "*"),
    ),
    "an instance differs from its launch template": Defect(
        permissions.every_resource_is_named,
        "ec2:IsLaunchTemplateResource",
        granting("DownloadLargeTableFunctionRole", "ec2:RunInstances", "*", TEMPLATE),
    ),
    "a role uses every launch template": Defect(
        permissions.launches_name_their_template,
        "DownloadLargeTableFunctionRole Planted",
        granting("DownloadLargeTableFunctionRole", "ec2:RunInstances", "*", AS_IT_IS),
    ),
    "a role lists a whole bucket": Defect(
        permissions.every_listing_has_a_prefix,
        "NotifyFunctionRole Planted",
        granting("NotifyFunctionRole", "s3:ListBucket", "${DataBucket.Arn}"),
    ),
    "a grant that AWS never finds": Defect(
        permissions.an_action_without_resources_is_granted_on_all,
        "StartTransformFunctionRole",
        granting(
            "StartTransformFunctionRole",
            "databrew:CreateDataset",
            "arn:aws:databrew:ap-southeast-1:123456789012:dataset/x",
        ),
    ),
    "any role is passed": Defect(
        permissions.one_role_is_passed_to_one_service,
        "pass one role",
        granting(
            "DownloadLargeTableFunctionRole",
            "iam:PassRole",
            "*",
            {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
    ),
    "a role is passed to anybody": Defect(
        permissions.one_role_is_passed_to_one_service,
        "PassedToService",
        granting("DownloadLargeTableFunctionRole", "iam:PassRole", "${WorkerRole.Arn}"),
    ),
    "a function calls another": Defect(
        permissions.functions_do_not_call_functions,
        "PlanRunFunctionRole",
        granting("PlanRunFunctionRole", "lambda:InvokeFunction", "${NotifyFunction.Arn}"),
    ),
    "a function starts runs": Defect(
        permissions.only_schedules_and_the_api_start_runs,
        "PlanRunFunctionRole",
        granting("PlanRunFunctionRole", "states:StartExecution", "${Pipeline}"),
    ),
    "a schedule starts anything": Defect(
        permissions.only_schedules_and_the_api_start_runs,
        "SchedulerRole",
        granting("SchedulerRole", "states:StartExecution", EXECUTIONS),
    ),
    "two services take on one role": Defect(
        permissions.a_role_trusts_one_service,
        "TransformRole",
        having(
            "TransformRole",
            "AssumeRolePolicyDocument",
            Statement=[TRUST | {"Principal": {"Service": ["databrew.amazonaws.com", "lambda.amazonaws.com"]}}],
        ),
    ),
    "anybody takes on a role": Defect(
        permissions.a_role_trusts_one_service,
        "TransformRole",
        having("TransformRole", "AssumeRolePolicyDocument", Statement=[TRUST | {"Principal": "*"}]),
    ),
    "two functions share a role": Defect(
        permissions.a_role_has_one_user,
        "PlanRunFunctionRole: NotifyFunction, PlanRunFunction",
        having("NotifyFunction", Role="${PlanRunFunctionRole.Arn}"),
    ),
    "a function has a role of the account": Defect(
        permissions.a_role_has_one_user,
        "NotifyFunction: use a role",
        having("NotifyFunction", Role="arn:aws:iam::123456789012:role/LabRole"),
    ),
    "anybody calls a function": Defect(
        permissions.a_function_is_called_by_a_named_source,
        "Planted",
        added("AWS::Lambda::Permission", {"Principal": "*", "FunctionName": "${PlanRunFunction}"}),
    ),
}
