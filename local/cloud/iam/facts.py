"""What AWS knows beyond the request: the stack's roles, keys and policies, and the current state of the services."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from moto.athena.models import athena_backends
from moto.s3.models import FakeDeleteMarker, s3_backends
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.policy import BUCKET_KEYS, Statement, listed
from local.cloud.iam.trust import Trust, read_trust
from local.cloud.sql.catalogue import Table, current_table

Properties = Mapping[str, Any]


class Role(NamedTuple):
    """A role of the template, with the template's policies. A managed policy counts as a role of the same name that
    has only that policy and that no service may assume.
    """

    logical_id: str
    statements: list[Statement]
    trust: list[Trust]


class Launch(NamedTuple):
    """What a launch template requires of its caller: the role to pass, and the resource types to tag."""

    role: str
    tagged: set[str]


class Facts:
    """Filled while the stack is deployed. `tags(instance id)` returns the tags of an instance."""

    def __init__(self, tags: Callable[[str], Mapping[str, str]]) -> None:
        self.tags = tags
        self.roles: dict[str, Role] = {}  # by name
        self.keys: dict[str, str] = {}  # KMS key ARNs by bucket name and topic ARN
        self.results: dict[str, str] = {}  # output locations by workgroup
        self.launches: dict[str, Launch] = {}  # by launch template id
        self.denials: dict[str, list[Statement]] = {}  # Deny statements of bucket policies by bucket
        self._key_arns: dict[str, str] = {}
        self._policies: dict[str, Properties] = {}
        self._profiles: dict[str, str] = {}
        self._role_arns: dict[str, str] = {}

    def learn(self, logical_id: str, kind: str, made: tuple[str, Mapping[str, Any]], properties: Properties) -> None:
        """Record a resource; `made` is its Ref and its attributes. Raises `PolicyError` if a policy is unsupported."""
        name, attributes = made
        if kind == "AWS::IAM::Role":
            own = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            attached = [self._policies[arn] for arn in properties.get("ManagedPolicyArns", []) if arn in self._policies]
            trust = read_trust(properties["AssumeRolePolicyDocument"])
            self.roles[name] = Role(logical_id, _statements([*own, *attached]), trust)
            self._role_arns[name] = attributes["Arn"]
        elif kind == "AWS::IAM::ManagedPolicy":
            self._policies[name] = properties["PolicyDocument"]
            self.roles[name.rpartition("/")[2]] = Role(logical_id, _statements([self._policies[name]]), [])
        elif kind == "AWS::IAM::InstanceProfile":
            self._profiles[name] = self._profiles[attributes["Arn"]] = self._role_arns[properties["Roles"][0]]
        elif kind == "AWS::KMS::Key":
            self._key_arns[name] = self._key_arns[attributes["Arn"]] = attributes["Arn"]
        elif kind == "AWS::S3::Bucket":
            for rule in properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
                self._encrypted(name, rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"))
        elif kind == "AWS::S3::BucketPolicy":
            self.denials[properties["Bucket"]] = _denials(properties["PolicyDocument"])
        elif kind == "AWS::SNS::Topic":
            self._encrypted(name, properties.get("KmsMasterKeyId"))
        elif kind == "AWS::Athena::WorkGroup":
            settings = properties.get("WorkGroupConfiguration", {}).get("ResultConfiguration", {})
            self.results[name] = settings.get("OutputLocation", "")
        elif kind == "AWS::EC2::LaunchTemplate":
            data = properties["LaunchTemplateData"]
            profile = data["IamInstanceProfile"]
            role = self._profiles.get(profile.get("Arn") or profile["Name"], "")
            self.launches[name] = Launch(role, {group["ResourceType"] for group in data.get("TagSpecifications", [])})

    def exists(self, bucket: str, key: str) -> bool:
        """Whether the object has a current version that is not a delete marker."""
        found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        version = found.keys.get(key) if found else None
        return version is not None and not isinstance(version, FakeDeleteMarker)

    def work_group(self, query: str) -> str:
        """The workgroup of a query execution; "*" for an unknown id."""
        execution = athena_backends[ACCOUNT][REGION].executions.get(query)
        return execution.workgroup.name if execution else "*"

    def state_machine(self, token: str) -> str:
        """The ARN of the state machine that issued a task token; "*" for an unknown token."""
        for execution in get_backend(ACCOUNT, REGION)._get_executions():
            environment = execution.exec_worker.env
            if environment and environment.callback_pool_manager.get(token):
                return str(execution.state_machine.arn)
        return "*"

    def table(self, database: str, name: str) -> Table | None:
        """A table of the data catalogue, if it exists."""
        return current_table(database, name)

    def _encrypted(self, name: str, key: str | None) -> None:
        if key:
            self.keys[name] = self._key_arns.get(key, key)


def _statements(documents: Iterable[Properties]) -> list[Statement]:
    return [Statement.read(one) for document in documents for one in listed(document["Statement"])]


def _denials(document: Properties) -> list[Statement]:
    """Deny statements for everyone. Allow statements are for other accounts and services, which the laptop lacks."""
    sources = [one for one in listed(document["Statement"]) if one["Effect"] == "Deny" and one["Principal"] == "*"]
    plain = [{name: part for name, part in one.items() if name != "Principal"} for one in sources]
    return [Statement.read(one, BUCKET_KEYS) for one in plain]
