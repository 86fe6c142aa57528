"""Lifecycle rules of S3 buckets: expired objects are removed when the laptop's AWS is switched on.

As on AWS, an object's age is the time since it was written, and a noncurrent version's the time since it was replaced.
Unlike on AWS, an expired object does not become a noncurrent version.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from local.cloud.services.objects import StoredObject, files_below


def expire(s3: Any, bucket: str, rules: Iterable[Mapping[str, Any]]) -> None:
    """Apply the enabled rules of a bucket, given as in its CloudFormation properties."""
    now, files = datetime.now(UTC), StoredObject.files
    for rule in (rule for rule in rules if rule["Status"] == "Enabled"):
        prefix = rule.get("Prefix", "")
        if "ExpirationInDays" in rule and (files.lake / bucket / prefix).is_dir():
            _expire_current(s3, bucket, prefix, now - timedelta(int(rule["ExpirationInDays"])))
        if "NoncurrentVersionExpiration" in rule:
            days = int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
            files.expire_versions(bucket, now - timedelta(days))


def _expire_current(s3: Any, bucket: str, prefix: str, before: datetime) -> None:
    folder = StoredObject.files.lake / bucket
    for path, stat in files_below(folder / prefix):
        if stat.st_mtime < before.timestamp():
            key = path.removeprefix(f"{folder}/")
            version = s3.head_object(Bucket=bucket, Key=key)["VersionId"]
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
