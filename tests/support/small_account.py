"""A small account, and the permissions that a boto3 call requires in it."""

from collections.abc import Mapping
from typing import Any

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.calls import read_call, signed
from local.cloud.iam.facts import Facts
from local.cloud.iam.needs import needs
from local.cloud.iam.policy import Need
from local.cloud.sql.catalogue import Table
from tests.support.sent_requests import sent

HERE = f"{REGION}:{ACCOUNT}"
KEY = f"arn:aws:kms:{HERE}:key/k"
TOPIC = f"arn:aws:sns:{HERE}:mail"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/job"


class Here(Facts):
    """A bucket and a topic with a KMS key, an object `there`, a partitioned table, an instance."""

    def __init__(self) -> None:
        super().__init__(lambda instance: {"application": "shop"} if instance == "i-1" else {})
        self.learn("Key", "AWS::KMS::Key", ("k", {"Arn": KEY}), {})
        rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
        encrypted = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
        self.learn("Data", "AWS::S3::Bucket", ("data", {}), encrypted)
        self.learn("Plain", "AWS::S3::Bucket", ("plain", {}), {})
        self.learn("Mail", "AWS::SNS::Topic", (TOPIC, {}), {"KmsMasterKeyId": "k"})
        results = {"ResultConfiguration": {"OutputLocation": "s3://data/athena/"}}
        self.learn("Group", "AWS::Athena::WorkGroup", ("group", {}), {"WorkGroupConfiguration": results})
        self.learn("Role", "AWS::IAM::Role", ("job", {"Arn": ROLE}), {"AssumeRolePolicyDocument": {}})
        self.learn("Profile", "AWS::IAM::InstanceProfile", ("profile", {"Arn": "profile-arn"}), {"Roles": ["job"]})
        tagged = [{"ResourceType": "volume", "Tags": []}]
        launch = {"IamInstanceProfile": {"Arn": "profile-arn"}, "TagSpecifications": tagged}
        self.learn("Launch", "AWS::EC2::LaunchTemplate", ("lt-1", {}), {"LaunchTemplateData": launch})

    def exists(self, bucket: str, key: str) -> bool:
        return key in ("there", "über & more")

    def work_group(self, query: str) -> str:
        return "group"

    def state_machine(self, token: str) -> str:
        return f"arn:aws:states:{HERE}:stateMachine:run"

    def table(self, database: str, name: str) -> Table | None:
        keys = (("day", "string"),)
        return Table(database, name, (), keys, "s3://data/orders/", "parquet", None, {}) if name == "orders" else None


def required_by(service: str, method: str, arguments: Mapping[str, Any]) -> list[Need]:
    """The permissions of a boto3 call."""
    environ = sent(service, method, **arguments)
    found = signed(environ)
    assert found
    assert found[0] == "somebody"
    return needs(read_call(environ, found[1]), Here())


def needed(service: str, method: str, arguments: Mapping[str, Any]) -> list[str]:
    """Each permission as `action on resource`, followed by `by` and the call that implies it."""
    texts = set()
    for need in required_by(service, method, arguments):
        resource = need.resource.removeprefix("arn:aws:").replace(f":{HERE}:", "::")
        texts.add(f"{need.action} on {resource}" + (f" by {need.implied_by}" if need.implied_by else ""))
    return sorted(texts)
