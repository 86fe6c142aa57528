"""Defects of roles and of what they are granted."""

from tests.template.planted.defect import Defect, added, granting, having, statement
from tests.template.rules import permissions

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EXECUTIONS = "arn:aws:states:ap-southeast-1:123456789012:execution:*"

DEFECTS = {
    "a worker is an administrator": Defect(
        permissions.managed_policies_are_the_named_ones,
        "WorkerRole",
        having("WorkerRole", ManagedPolicyArns=[ADMINISTRATOR]),
    ),
    "a policy stands beside its role": Defect(
        permissions.every_grant_stands_in_its_role, "Planted", added("AWS::IAM::Policy", {})
    ),
    "the stack gives somebody a policy": Defect(
        permissions.every_grant_stands_in_its_role, "take Users away", having("ReaderPolicy", Users=["somebody"])
    ),
    "everybody reads the data": Defect(
        permissions.no_policy_lets_everybody_in,
        "DataBucketPolicy",
        statement("DataBucketPolicy", "OnlyEncryptedConnections", Effect="Allow"),
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
        "say to whom",
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
        "NotifyFunction: give it a role",
        having("NotifyFunction", Role="arn:aws:iam::123456789012:role/LabRole"),
    ),
    "anybody calls a function": Defect(
        permissions.a_function_is_called_by_a_named_source,
        "Planted",
        added("AWS::Lambda::Permission", {"Principal": "*", "FunctionName": "${PlanRunFunction}"}),
    ),
}
