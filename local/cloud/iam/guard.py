"""Stands before the laptop's services: a call that its role's policies do not allow is refused as AWS refuses it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from moto.sts.models import sts_backends

from local.cloud.account import ACCOUNT
from local.cloud.iam.calls import Call, Environ, UnknownCallError, read_call, signed
from local.cloud.iam.facts import Facts, Role
from local.cloud.iam.needs import needs
from local.cloud.iam.policy import decide
from local.cloud.iam.refusal import refusal
from local.cloud.wsgi import Response


class Use(NamedTuple):
    """A grant that was needed: whose, the statement and its resource pattern, and which call implied the action."""

    role: str
    sid: str
    action: str
    pattern: str
    implied_by: str


class AccessDenied(Exception):
    """A role may not do what it wants: who, the action, the resource."""


Access = Callable[[str, Call], None]
"""Check a call by a role's ARN. Errors: AccessDenied."""


class Guard:
    """Checks the roles that the template makes; whoever signs with another key owns the laptop, and may do anything."""

    def __init__(self, tags: Callable[[str], Mapping[str, str]]) -> None:
        """`tags` gives those of an instance by its id."""
        self.facts = Facts(tags)
        self.used: set[Use] = set()
        self._names: dict[str, str] = {}

    def route(self, environ: Environ) -> Response | None:
        """The refusal of a request; None for one that is allowed."""
        found = signed(environ)
        role = self._name(found[0]) if found else ""
        if not found or role not in self.facts.roles:
            return None
        try:
            self._check(role, read_call(environ, found[1]))
        except AccessDenied as denied:
            return refusal(environ, found[1], str(denied))
        except UnknownCallError as unknown:
            return refusal(environ, found[1], f"The laptop cannot check this call of {role}: {unknown}.")
        return None

    def access(self, role_arn: str, call: Call) -> None:
        """Check a call that a service makes as a role which it was given. Errors: AccessDenied, UnknownCallError."""
        role = role_arn.rpartition("/")[2]
        if role in self.facts.roles:
            self._check(role, call)

    def _check(self, name: str, call: Call) -> None:
        role: Role = self.facts.roles[name]
        for need in needs(call, self.facts):
            decision = decide(role.statements, need)
            if decision is None or not decision.allowed:
                who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/laptop"
                denied = "with an explicit deny in an identity-based policy"
                why = denied if decision else f"because no identity-based policy allows the {need.action} action"
                raise AccessDenied(
                    f"User: {who} is not authorized to perform: {need.action} on resource: {need.resource} {why}"
                )
            self.used.add(Use(role.logical_id, decision.sid, need.action, decision.pattern, need.implied_by))

    def _name(self, key: str) -> str:
        """The name of the role whose session has an access key; empty if it is no role's."""
        if key not in self._names:
            session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key)
            self._names[key] = session.role_arn.rpartition("/")[2] if session else ""
        return self._names[key]
