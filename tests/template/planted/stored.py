"""Defects of buckets, keys, log groups, query results and the trail."""

from tests.template.planted.defect import Defect, gone, having, marked, without_statement
from tests.template.rules import storage

DEFECTS = {
    "a bucket may become public": Defect(
        storage.every_bucket_is_private,
        "DataBucket: RestrictPublicBuckets",
        having("DataBucket", "PublicAccessBlockConfiguration", RestrictPublicBuckets=False),
    ),
    "objects belong to whoever wrote them": Defect(
        storage.every_bucket_owns_its_objects, "DataBucket", having("DataBucket", OwnershipControls=None)
    ),
    "a bucket takes plain connections": Defect(
        storage.every_bucket_refuses_plain_connections, "DataBucket", gone("DataBucketPolicy")
    ),
    "a bucket's objects may be read by plain connections": Defect(
        storage.every_bucket_refuses_plain_connections,
        "DataBucket",
        having("DataBucketPolicy", "PolicyDocument", "Statement", 0, Resource="${DataBucket.Arn}"),
    ),
    "a bucket has AWS's key": Defect(
        storage.every_bucket_is_encrypted_with_a_key_of_the_template,
        "ResultsBucket",
        having(
            "ResultsBucket",
            "BucketEncryption",
            ServerSideEncryptionConfiguration=[{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        ),
    ),
    "a bucket is not encrypted": Defect(
        storage.every_bucket_is_encrypted_with_a_key_of_the_template,
        "AuditBucket",
        having("AuditBucket", BucketEncryption=None),
    ),
    "unfinished uploads are kept": Defect(
        storage.every_bucket_clears_up,
        "ResultsBucket: unfinished",
        having("ResultsBucket", LifecycleConfiguration=None),
    ),
    "replaced objects are kept": Defect(
        storage.every_bucket_clears_up,
        "DataBucket: replaced",
        having(
            "DataBucket",
            "LifecycleConfiguration",
            Rules=[{"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}],
        ),
    ),
    "data are deleted with the stack": Defect(
        storage.buckets_and_keys_outlive_the_stack,
        "DataBucket: DeletionPolicy",
        marked("DataBucket", DeletionPolicy=None),
    ),
    "a failed first deployment leaves a bucket": Defect(
        storage.buckets_and_keys_outlive_the_stack,
        "DataBucket: DeletionPolicy must be RetainExceptOnCreate",
        marked("DataBucket", DeletionPolicy="Retain"),
    ),
    "raw pages may be overwritten": Defect(
        storage.raw_pages_are_written_once,
        "DataBucket",
        without_statement("DataBucketPolicy", "DenyOverwritingRawPages"),
    ),
    "parts of a raw page cannot be uploaded": Defect(
        storage.raw_pages_are_written_once,
        "DataBucket",
        having("DataBucketPolicy", "PolicyDocument", "Statement", 1, Condition={"Null": {"s3:if-none-match": "true"}}),
    ),
    "the key is deleted with the stack": Defect(
        storage.buckets_and_keys_outlive_the_stack,
        "EncryptionKey: UpdateReplacePolicy",
        marked("EncryptionKey", UpdateReplacePolicy="Delete"),
    ),
    "the key stays the same": Defect(
        storage.every_key_rotates, "EncryptionKey", having("EncryptionKey", EnableKeyRotation=False)
    ),
    "logs are kept for ever": Defect(
        storage.every_log_group_forgets, "LogGroup", having("LogGroup", RetentionInDays=None)
    ),
    "the key does not name the logs": Defect(
        storage.logs_and_trails_may_use_their_key, "logs.", without_statement("EncryptionKey", "LogsOfThisAccount")
    ),
    "the key does not name the trail": Defect(
        storage.logs_and_trails_may_use_their_key,
        "cloudtrail",
        without_statement("EncryptionKey", "TrailEncryptsLogFiles"),
    ),
    "a client chooses where results go": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "EnforceWorkGroupConfiguration",
        having("Workgroup", "WorkGroupConfiguration", EnforceWorkGroupConfiguration=False),
    ),
    "results are not encrypted": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "encrypt its results",
        having("Workgroup", "WorkGroupConfiguration", "ResultConfiguration", EncryptionConfiguration=None),
    ),
    "nobody sees what queries read": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "PublishCloudWatchMetricsEnabled",
        having("Workgroup", "WorkGroupConfiguration", PublishCloudWatchMetricsEnabled=False),
    ),
    "a query may read everything": Defect(
        storage.every_workgroup_is_enforced_encrypted_and_capped,
        "BytesScannedCutoffPerQuery",
        having("Workgroup", "WorkGroupConfiguration", BytesScannedCutoffPerQuery=None),
    ),
    "the trail sees one region": Defect(
        storage.every_trail_is_whole_and_tamper_evident, "IsMultiRegionTrail", having("Trail", IsMultiRegionTrail=False)
    ),
    "the trail's files may be changed": Defect(
        storage.every_trail_is_whole_and_tamper_evident,
        "EnableLogFileValidation",
        having("Trail", EnableLogFileValidation=None),
    ),
    "the trail's files are not encrypted": Defect(
        storage.every_trail_is_whole_and_tamper_evident, "Trail: encrypt it", having("Trail", KMSKeyId=None)
    ),
    "the trail may not write": Defect(
        storage.every_trail_may_write_to_its_bucket,
        "s3:PutObject",
        without_statement("AuditBucketPolicy", "TrailWritesLogFiles"),
    ),
    "the trail comes before its bucket's policy": Defect(
        storage.every_trail_may_write_to_its_bucket, "DependsOn", marked("Trail", DependsOn=None)
    ),
}
