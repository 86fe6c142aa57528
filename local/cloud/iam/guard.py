"""IAM in front of the laptop's services: a call that the policies do not allow gets AWS's own AccessDenied."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from moto.sts.models import sts_backends

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam import storage
from local.cloud.iam.calls import Call, Environ, UnknownCallError, read_call, signed
from local.cloud.iam.facts import Facts, Role
from local.cloud.iam.needs import needs
from local.cloud.iam.policy import Need, Statement, decide
from local.cloud.iam.refusal import refusal
from local.cloud.iam.trust import ASSUME_ROLE, trusts
from local.cloud.wsgi import Response

SESSION_SECONDS = 3600


class Use(NamedTuple):
    """A grant that a call used: role, statement, action, resource pattern, and the call that implied the action."""

    role: str
    sid: str
    action: str
    pattern: str
    implied_by: str


class AccessDenied(Exception):
    """IAM's refusal: principal, action and resource."""


Access = Callable[[str, Call], None]
"""Authorize a call by a role's ARN. Raises `AccessDenied` if the role may not make it."""


class Guard:
    """Authorizes calls of the template's roles. Any other access key is the laptop's owner, limited by bucket policies
    alone.
    """

    def __init__(self, tags: Callable[[str], Mapping[str, str]]) -> None:
        """`tags(instance id)` returns the tags of an instance."""
        self.facts = Facts(tags)
        self.used: set[Use] = set()
        self._names: dict[str, str] = {}

    def route(self, environ: Environ) -> Response | None:
        """AccessDenied for a request that is not allowed; None passes the request on."""
        found = signed(environ)
        if not found:
            return None
        key, service = found
        role = self._name(key)
        if service != "s3" and role not in self.facts.roles:
            return None
        try:
            call = read_call(environ, service)
            if service == "s3":
                self._check_bucket(role or key, call)
            if role in self.facts.roles:
                self._check(role, call)
        except AccessDenied as denied:
            return refusal(environ, service, str(denied))
        except UnknownCallError as unknown:
            if role in self.facts.roles:
                return refusal(environ, service, f"The laptop cannot authorize this call of {role}: {unknown}.")
        return None

    def access(self, role_arn: str, call: Call) -> None:
        """Authorize a call that a service makes with a role. Raises `AccessDenied` and `UnknownCallError`."""
        role = role_arn.rpartition("/")[2]
        if role in self.facts.roles:
            self._check(role, call)

    def assuming(self, principal: str) -> Access:
        """`access` for a service that first has to assume the role."""

        def access(role_arn: str, call: Call) -> None:
            self.assume(role_arn, principal)
            self.access(role_arn, call)

        return access

    def assume(self, role_arn: str, principal: str, source_arn: str = "") -> None:
        """Raises `AccessDenied` if a role of the template does not trust a service acting for `source_arn`."""
        role = self.facts.roles.get(role_arn.rpartition("/")[2])
        if role and not trusts(role.trust, principal, source_arn):
            raise AccessDenied(f"User: {principal} is not authorized to perform: {ASSUME_ROLE} on resource: {role_arn}")

    def _check(self, name: str, call: Call) -> None:
        role: Role = self.facts.roles[name]
        for need in needs(call, self.facts):
            decision = decide(role.statements, need)
            if decision is None:
                raise _denied(name, need, f"because no identity-based policy allows the {need.action} action")
            if not decision.allowed:
                raise _denied(name, need, "with an explicit deny in an identity-based policy")
            self.used.add(Use(role.logical_id, decision.sid, need.action, decision.pattern, need.implied_by))

    def _check_bucket(self, name: str, call: Call) -> None:
        denials: Iterable[Statement] = self.facts.denials.get(call.parameters.get("Bucket", ""), [])
        need = storage.on_object(call) if denials else None
        if need and decide(denials, need):
            raise _denied(name, need, "with an explicit deny in a resource-based policy")

    def _name(self, key: str) -> str:
        """The name of the role whose session has an access key; empty for any other key."""
        if key not in self._names:
            session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key)
            self._names[key] = session.role_arn.rpartition("/")[2] if session else ""
        return self._names[key]


def session_keys(role_arn: str) -> dict[str, str]:
    """The keys of a new session of a role as boto3's keyword arguments, without a request: moto would check nothing."""
    session = sts_backends[ACCOUNT]["aws"].assume_role(REGION, "laptop", role_arn, "", SESSION_SECONDS, "")
    return {
        "aws_access_key_id": session.access_key_id,
        "aws_secret_access_key": session.secret_access_key,
        "aws_session_token": session.session_token,
    }


def _denied(name: str, need: Need, why: str) -> AccessDenied:
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/laptop"
    return AccessDenied(f"User: {who} is not authorized to perform: {need.action} on resource: {need.resource} {why}")
