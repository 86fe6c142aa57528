"""CloudFormation's intrinsic functions, resolved to plain values."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.cloud.account import ACCOUNT, REGION, STACK_NAME

IMAGE_PARAMETER = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
IMAGE = "ami-00000000000000000"
NO_VALUE = object()
PSEUDO_PARAMETERS: dict[str, Any] = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": NO_VALUE,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK_NAME}/laptop",
    "AWS::StackName": STACK_NAME,
    "AWS::URLSuffix": "amazonaws.com",
}
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class Intrinsics:
    """The values of one template, with defaults for parameters that are not passed.

    Raises `ValueError` for a parameter that is not declared, or that has neither a value nor a default.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        ref: Callable[[str], Any],
        attribute: Callable[[str, str], Any],
    ) -> None:
        """`ref(logical id)` and `attribute(logical id, name)` resolve resources."""
        declared = template.get("Parameters", {})
        if unknown := sorted(set(parameters) - set(declared)):
            raise ValueError(f"The template has no parameter {', '.join(unknown)}.")
        values = {name: body["Default"] for name, body in declared.items() if "Default" in body} | dict(parameters)
        if missing := sorted(set(declared) - set(values)):
            raise ValueError(f"The template needs a value for parameter {', '.join(missing)}.")
        values |= {name: IMAGE for name, body in declared.items() if body["Type"] == IMAGE_PARAMETER}
        lists = {name for name, body in declared.items() if "List" in body["Type"]}
        self.parameters = {name: str(value).split(",") if name in lists else value for name, value in values.items()}
        self._conditions = template.get("Conditions", {})
        self._mappings = template.get("Mappings", {})
        self._ref = ref
        self._attribute = attribute
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._reference,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_attribute,
            "Fn::Sub": self._substitute,
            "Fn::If": self._if,
            "Fn::And": lambda parts: all(self.resolve(part) for part in parts),
            "Fn::Or": lambda parts: any(self.resolve(part) for part in parts),
            "Fn::Not": lambda parts: not self.resolve(parts[0]),
            "Fn::Equals": lambda pair: str(self.resolve(pair[0])) == str(self.resolve(pair[1])),
            "Fn::Join": lambda pair: str(pair[0]).join(str(part) for part in self.resolve(pair[1])),
            "Fn::Split": lambda pair: self.resolve(pair[1]).split(pair[0]),
            "Fn::Select": lambda pair: self.resolve(pair[1])[int(self.resolve(pair[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAZs": lambda _: [f"{REGION}{zone}" for zone in "abc"],
            "Fn::Base64": lambda text: base64.b64encode(self.resolve(text).encode()).decode(),
            "Fn::Length": lambda items: len(self.resolve(items)),
            "Fn::ToJsonString": lambda value: json.dumps(self.resolve(value)),
        }

    def condition(self, name: str) -> bool:
        """The value of a condition."""
        return bool(self.resolve(self._conditions[name]))

    def resolve(self, value: Any) -> Any:
        """`value` with every function resolved and AWS::NoValue removed."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name in self._functions:
                return self._functions[name](argument)
        resolved = {name: self.resolve(item) for name, item in value.items()}
        return {name: item for name, item in resolved.items() if item is not NO_VALUE}

    def _reference(self, name: str) -> Any:
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        return self.parameters[name] if name in self.parameters else self._ref(name)

    def _get_attribute(self, target: str | list[Any]) -> Any:
        logical_id, name = target.split(".", 1) if isinstance(target, str) else target
        return self._attribute(logical_id, self.resolve(name))

    def _substitute(self, argument: str | list[Any]) -> str:
        text, values = (argument, {}) if isinstance(argument, str) else argument

        def value(found: re.Match[str]) -> str:
            literal, name = found.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(self.resolve(values[name]))
            return str(self._get_attribute(name) if "." in name else self._reference(name))

        return PLACEHOLDER.sub(value, text)

    def _if(self, branches: list[Any]) -> Any:
        return self.resolve(branches[1] if self.condition(branches[0]) else branches[2])

    def _find_in_map(self, path: list[Any]) -> Any:
        name, first, second = (self.resolve(part) for part in path[:3])
        return self.resolve(self._mappings[name][first][second])
