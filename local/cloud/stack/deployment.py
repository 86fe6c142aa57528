"""Deploys the template into moto, each resource after those it depends on."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException

from local.cloud.account import STACK_NAME
from local.cloud.iam.policy import PolicyError
from local.cloud.stack import assumed_roles, custom_resources, resource_quotas
from local.cloud.stack.ignored import IGNORED, ignored
from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.resources import MAKERS, NAME_PROPERTIES, Deployment, Made, StackError

DEPLOYED_LAST = {"AWS::IAM::Role", "AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"}


class Stack:
    """A deployed template.

    Physical names are the template's, or `singstat-<logical id in lower case>`; a function's is
    `singstat-<logical id>-laptop`, because policies match the form of the names that CloudFormation generates.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], deployment: Deployment) -> None:
        """`template` is the result of `load_template`."""
        self._declared: dict[str, dict[str, Any]] = template["Resources"]
        self._deployment = deployment
        self._made: dict[str, Made] = {}
        self._being_made: list[str] = []
        self._values = Intrinsics(template, parameters, self.resource, self.attribute)

    def deploy(self) -> None:
        """Create every resource whose condition is true. Raises `StackError` naming the resource and the cause."""
        wanted = {
            logical_id: body
            for logical_id, body in self._declared.items()
            if "Condition" not in body or self._values.condition(body["Condition"])
        }
        for body in wanted.values():
            if custom_resources.is_custom(body["Type"]):  # its process starts while other resources are created
                token = self._values.resolve(body["Properties"]["ServiceToken"])
                self._deployment.functions.warm(token.split(":")[-1])
        for logical_id in sorted(wanted, key=lambda one: wanted[one]["Type"] in DEPLOYED_LAST):
            self._get(logical_id)

    def resource(self, logical_id: str) -> str:
        """The physical id, as Ref returns it. Raises `StackError` if there is no such resource."""
        return self._get(logical_id).physical_id

    def attribute(self, logical_id: str, name: str) -> str:
        """The value of GetAtt. Raises `StackError` if there is no such resource or attribute."""
        made = self._get(logical_id)
        if name not in made.attributes:
            raise StackError(f"{logical_id} ({self._declared[logical_id]['Type']}) has no attribute {name}.")
        return str(made.attributes[name])

    def parameter(self, name: str) -> str:
        """The value of a parameter. Raises `KeyError` if the template does not declare it."""
        return str(self._values.parameters[name])

    def names(self, kind: str) -> dict[str, str]:
        """Logical ids of the resources of a type, by physical id."""
        return {made.physical_id: name for name, made in self._made.items() if self._declared[name]["Type"] == kind}

    def only(self, kind: str) -> str:
        """The logical id of the only resource of a type. Raises `StackError` if there is not exactly one."""
        found = [logical_id for logical_id, body in self._declared.items() if body["Type"] == kind]
        if len(found) != 1:
            raise StackError(f"The template has {len(found)} resources of type {kind}, not one.")
        return found[0]

    def _get(self, logical_id: str) -> Made:
        """The resource, created on first use after everything it refers to."""
        if logical_id not in self._made:
            if logical_id not in self._declared:
                raise StackError(f"The template has no resource {logical_id}.")
            if logical_id in self._being_made:
                raise StackError(f"Circular dependency: {' -> '.join([*self._being_made, logical_id])}.")
            self._being_made.append(logical_id)
            try:
                self._made[logical_id] = self._make(logical_id, self._declared[logical_id])
            except (ClientError, KeyError, PolicyError, ServiceException) as error:
                raise StackError(f"{logical_id}: {error!r}") from error
            self._being_made.remove(logical_id)
        return self._made[logical_id]

    def _make(self, logical_id: str, body: dict[str, Any]) -> Made:
        needed = body.get("DependsOn", [])
        for other in [needed] if isinstance(needed, str) else needed:
            self._get(other)
        kind = body["Type"]
        named = f"{logical_id}-laptop" if kind == "AWS::Lambda::Function" else logical_id.lower()
        default_name = f"{STACK_NAME}-{named}"
        if kind in IGNORED:
            return ignored(kind, default_name)
        if kind not in MAKERS and not custom_resources.is_custom(kind):
            raise StackError(f"{logical_id}: {kind} is neither in MAKERS nor in IGNORED of local/cloud.")
        properties = self._values.resolve(body.get("Properties", {}))
        if custom_resources.is_custom(kind):
            return custom_resources.make(self._deployment, logical_id, kind, properties)
        properties.setdefault(NAME_PROPERTIES.get(kind, "Name"), default_name)
        trust = assumed_roles.refusals(self._deployment.guard, kind, properties)
        for refusal in (*resource_quotas.refusals(kind, properties), *trust):
            raise StackError(f"{logical_id}: {refusal}")
        made = MAKERS[kind](self._deployment, properties)
        self._deployment.guard.facts.learn(logical_id, kind, made, properties)
        return made
