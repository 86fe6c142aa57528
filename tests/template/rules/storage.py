"""Rules of storage: buckets, keys, log groups, query results and the trail."""

from local.cloud.account import REGION
from tests.template.rules.application import Application, Document, Findings, many, referred
from tests.template.rules.messages import key_statements
from tests.template.rules.permissions import grants

BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
RETAINED = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
RAW = "untransformedsingstatdata/"
CLOUDTRAIL = "cloudtrail.amazonaws.com"


def every_bucket_is_private(application: Application) -> Findings:
    for name, bucket in application.resources("AWS::S3::Bucket").items():
        for block in BLOCKS:
            if bucket.get("PublicAccessBlockConfiguration", {}).get(block) is not True:
                yield f"{name}: {block} must be true"


def every_bucket_owns_its_objects(application: Application) -> Findings:
    for name, bucket in application.resources("AWS::S3::Bucket").items():
        rules = bucket.get("OwnershipControls", {}).get("Rules", [])
        if [rule["ObjectOwnership"] for rule in rules] != ["BucketOwnerEnforced"]:
            yield f"{name}: ObjectOwnership must be BucketOwnerEnforced"


def every_bucket_refuses_plain_connections(application: Application) -> Findings:
    for name in application.resources("AWS::S3::Bucket"):
        if not any(_refuses_plain_connections(statement, name) for statement in _bucket_statements(application, name)):
            yield f"{name}: deny everyone s3:* on it and its objects if aws:SecureTransport is false"


def _refuses_plain_connections(statement: Document, bucket: str) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and many(statement["Action"]) == ["s3:*"]
        and {f"${{{bucket}.Arn}}", f"${{{bucket}.Arn}}/*"} <= set(many(statement["Resource"]))
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")).lower() == "false"
    )


def every_bucket_is_encrypted_with_a_key_of_the_template(application: Application) -> Findings:
    buckets = application.resources("AWS::S3::Bucket")
    keys = application.resources("AWS::KMS::Key").keys()
    for_logs = referred([bucket.get("LoggingConfiguration") for bucket in buckets.values()])  # S3 requires SSE-S3 there
    for name, bucket in buckets.items():
        rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        defaults = [rule["ServerSideEncryptionByDefault"] for rule in rules]
        own = [
            each for each in defaults if "kms" in each["SSEAlgorithm"] and referred(each.get("KMSMasterKeyID")) & keys
        ]
        if not defaults or (name not in for_logs and not own):
            yield f"{name}: encrypt it with a key of the template"


def every_bucket_clears_up(application: Application) -> Findings:
    for name, bucket in application.resources("AWS::S3::Bucket").items():
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        enabled = [rule for rule in rules if rule["Status"] == "Enabled"]
        if not any("AbortIncompleteMultipartUpload" in rule for rule in enabled):
            yield f"{name}: unfinished uploads are never removed, give it AbortIncompleteMultipartUpload"
        if bucket.get("VersioningConfiguration") and not any("NoncurrentVersionExpiration" in rule for rule in enabled):
            yield f"{name}: replaced objects are never removed, give it NoncurrentVersionExpiration"


def buckets_and_keys_outlive_the_stack(application: Application) -> Findings:
    for name, body in application.translated["Resources"].items():
        encrypts = body["Type"] == "AWS::KMS::Key" and body["Properties"].get("KeyUsage") != "GENERATE_VERIFY_MAC"
        if encrypts or body["Type"] == "AWS::S3::Bucket":
            for policy, wanted in RETAINED.items():
                if body.get(policy) != wanted:
                    yield f"{name}: {policy} must be {wanted}"


def raw_pages_are_written_once(application: Application) -> Findings:
    """As in "Enforce conditional writes" of the S3 User Guide, which exempts the parts of multipart uploads."""
    for name in application.resources("AWS::S3::Bucket"):
        written = {
            resource
            for grant in grants(application)
            if "s3:PutObject" in grant.actions
            for resource in grant.resources
            if resource == f"${{{name}.Arn}}/{RAW}*"
        }
        if written and not any(_refuses_overwriting(each, name) for each in _bucket_statements(application, name)):
            yield f"{name}: deny everyone s3:PutObject of raw pages if s3:if-none-match is absent"


def _refuses_overwriting(statement: Document, bucket: str) -> bool:
    condition = statement.get("Condition", {})
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and "s3:PutObject" in many(statement["Action"])
        and f"${{{bucket}.Arn}}/{RAW}*.json.gz" in many(statement["Resource"])
        and condition.get("Null") == {"s3:if-none-match": "true"}
        and condition.get("Bool") == {"s3:ObjectCreationOperation": "true"}
    )


def every_key_rotates(application: Application) -> Findings:
    for name, key in application.resources("AWS::KMS::Key").items():
        if key.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT" and key.get("EnableKeyRotation") is not True:
            yield f"{name}: EnableKeyRotation must be true"


def every_log_group_forgets(application: Application) -> Findings:
    for name, group in application.resources("AWS::Logs::LogGroup").items():
        if not group.get("RetentionInDays"):
            yield f"{name}: give it RetentionInDays"


def logs_and_trails_may_use_their_key(application: Application) -> Findings:
    needs = [
        (name, key, f"logs.{REGION}.amazonaws.com", ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"])
        for name, group in application.resources("AWS::Logs::LogGroup").items()
        for key in referred(group.get("KmsKeyId"))
    ]
    needs += [
        (name, key, CLOUDTRAIL, ["kms:GenerateDataKey*", "kms:DescribeKey"])
        for name, trail in application.resources("AWS::CloudTrail::Trail").items()
        for key in referred(trail.get("KMSKeyId"))
    ]
    for name, key, service, actions in needs:
        statements = key_statements(application, key, service)
        granted = {action.rstrip("*") for statement in statements for action in many(statement["Action"])}
        for action in actions:
            if action.rstrip("*") not in granted or not all(statement.get("Condition") for statement in statements):
                yield f"{key}: grant {service} {action} with a Condition, {name} is encrypted with it"


def every_workgroup_is_enforced_encrypted_and_capped(application: Application) -> Findings:
    for name, workgroup in application.resources("AWS::Athena::WorkGroup").items():
        settings = workgroup["WorkGroupConfiguration"]
        encryption = settings.get("ResultConfiguration", {}).get("EncryptionConfiguration", {})
        if settings.get("EnforceWorkGroupConfiguration") is not True:
            yield f"{name}: EnforceWorkGroupConfiguration must be true, or clients choose the output location"
        if not referred(encryption.get("KmsKey")) & application.resources("AWS::KMS::Key").keys():
            yield f"{name}: encrypt its results with a key of the template"
        if not settings.get("BytesScannedCutoffPerQuery"):
            yield f"{name}: give it BytesScannedCutoffPerQuery"
        if settings.get("PublishCloudWatchMetricsEnabled") is not True:
            yield f"{name}: PublishCloudWatchMetricsEnabled must be true"


def every_trail_is_whole_and_tamper_evident(application: Application) -> Findings:
    keys = application.resources("AWS::KMS::Key").keys()
    for name, trail in application.resources("AWS::CloudTrail::Trail").items():
        for setting in ("IsLogging", "IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation"):
            if trail.get(setting) is not True:
                yield f"{name}: {setting} must be true"
        if not referred(trail.get("KMSKeyId")) & keys:
            yield f"{name}: encrypt it with a key of the template"


def every_trail_may_write_to_its_bucket(application: Application) -> Findings:
    for name, trail in application.resources("AWS::CloudTrail::Trail").items():
        for bucket in referred(trail["S3BucketName"]):
            for action in ("s3:GetBucketAcl", "s3:PutObject"):
                if not any(
                    CLOUDTRAIL in many(statement["Principal"].get("Service"))
                    and action in many(statement["Action"])
                    and f":trail/{trail['TrailName']}" in str(statement.get("Condition"))
                    for statement in _bucket_statements(application, bucket)
                    if isinstance(statement["Principal"], dict)
                ):
                    yield f"{name}: let the policy of {bucket} grant {CLOUDTRAIL} {action} for this trail"
            first = many(application.translated["Resources"][name].get("DependsOn"))
            policies = application.resources("AWS::S3::BucketPolicy")
            if not any(bucket in referred(policies[each]["Bucket"]) for each in policies.keys() & set(first)):
                yield f"{name}: add the policy of {bucket} to DependsOn"


def _bucket_statements(application: Application, bucket: str) -> list[Document]:
    return [
        statement
        for policy in application.resources("AWS::S3::BucketPolicy").values()
        if policy["Bucket"] == f"${{{bucket}}}"
        for statement in policy["PolicyDocument"]["Statement"]
    ]


RULES = (
    every_bucket_is_private,
    every_bucket_owns_its_objects,
    every_bucket_refuses_plain_connections,
    every_bucket_is_encrypted_with_a_key_of_the_template,
    every_bucket_clears_up,
    buckets_and_keys_outlive_the_stack,
    raw_pages_are_written_once,
    every_key_rotates,
    every_log_group_forgets,
    logs_and_trails_may_use_their_key,
    every_workgroup_is_enforced_encrypted_and_capped,
    every_trail_is_whole_and_tamper_evident,
    every_trail_may_write_to_its_bucket,
)
