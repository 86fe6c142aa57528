"""What a request does not say but AWS knows: the template's keys, roles and tags, and what exists at the moment."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from moto.athena.models import athena_backends
from moto.s3.models import FakeDeleteMarker, s3_backends
from moto.stepfunctions.responses import get_backend

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.policy import Statement, listed
from local.cloud.sql.catalogue import Table, current_table

Properties = Mapping[str, Any]


class Role(NamedTuple):
    """A role of the template by its logical id, and what the template's policies let it do. A managed policy counts
    as a role too, of the policy's name, that has it and nothing else.
    """

    logical_id: str
    statements: list[Statement]


class Launch(NamedTuple):
    """What a launch template makes its caller need: a role to pass, and the kinds of resources that it tags."""

    role: str
    tagged: set[str]


class Facts:
    """Learned while the template's resources are made; `tags` gives those of an instance by its id."""

    def __init__(self, tags: Callable[[str], Mapping[str, str]]) -> None:
        self.tags = tags
        self.roles: dict[str, Role] = {}  # by name
        self.keys: dict[str, str] = {}  # of buckets by name, and of topics by ARN
        self.results: dict[str, str] = {}  # where work groups store results
        self.launches: dict[str, Launch] = {}  # by the id of a launch template
        self._key_arns: dict[str, str] = {}
        self._policies: dict[str, Properties] = {}
        self._profiles: dict[str, str] = {}
        self._role_arns: dict[str, str] = {}

    def learn(self, logical_id: str, kind: str, made: tuple[str, Mapping[str, Any]], properties: Properties) -> None:
        """Take note of a resource; `made` is what Ref gives, and what GetAtt gives by name. Errors: PolicyError."""
        name, attributes = made
        if kind == "AWS::IAM::Role":
            own = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
            attached = [self._policies[arn] for arn in properties.get("ManagedPolicyArns", []) if arn in self._policies]
            self.roles[name] = Role(logical_id, _statements([*own, *attached]))
            self._role_arns[name] = attributes["Arn"]
        elif kind == "AWS::IAM::ManagedPolicy":
            self._policies[name] = properties["PolicyDocument"]
            self.roles[name.rpartition("/")[2]] = Role(logical_id, _statements([self._policies[name]]))
        elif kind == "AWS::IAM::InstanceProfile":
            self._profiles[name] = self._profiles[attributes["Arn"]] = self._role_arns[properties["Roles"][0]]
        elif kind == "AWS::KMS::Key":
            self._key_arns[name] = self._key_arns[attributes["Arn"]] = attributes["Arn"]
        elif kind == "AWS::S3::Bucket":
            for rule in properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
                self._encrypted(name, rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID"))
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
        """Whether readers find the object."""
        found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        version = found.keys.get(key) if found else None
        return version is not None and not isinstance(version, FakeDeleteMarker)

    def work_group(self, query: str) -> str:
        """The work group of a query; "*" for one that nobody started."""
        execution = athena_backends[ACCOUNT][REGION].executions.get(query)
        return execution.workgroup.name if execution else "*"

    def state_machine(self, token: str) -> str:
        """The ARN of the state machine that gave a task token out; "*" for a token that none gave."""
        for execution in get_backend(ACCOUNT, REGION)._get_executions():
            environment = execution.exec_worker.env
            if environment and environment.callback_pool_manager.get(token):
                return str(execution.state_machine.arn)
        return "*"

    def table(self, database: str, name: str) -> Table | None:
        """A table of the data catalogue; None if there is none of that name."""
        return current_table(database, name)

    def _encrypted(self, name: str, key: str | None) -> None:
        if key:
            self.keys[name] = self._key_arns.get(key, key)


def _statements(documents: Iterable[Properties]) -> list[Statement]:
    return [Statement.read(one) for document in documents for one in listed(document["Statement"])]
