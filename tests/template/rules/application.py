"""The application as the rules see it: the source, the translated template and the state machine."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.cloud.stack.intrinsics import Intrinsics
from local.cloud.stack.template import TEMPLATE, load_template

ROOT = TEMPLATE.parent
TEXTS = (
    "template.yaml",
    "samconfig.toml",
    "statemachine/*.json",
    "quicksight/*.*",
    "functions/*.py",
    "functions/pipeline/**/*.py",
    "functions/pipeline/sql/*.sql",
    "ec2/*.*",
    "events/*.json",
)
NESTED = "AWS::CloudFormation::Stack"
REFERENCE = re.compile(r"\$\{(\w+)")

Document = dict[str, Any]
Findings = Iterator[str]


@dataclass(frozen=True)
class Application:
    """`translated` has plain values only: a reference reads `${LogicalId}` or `${LogicalId.Attribute}`.

    Resources of nested stacks are among those of the template.
    """

    template: Document
    translated: Document
    machine: Document
    texts: dict[str, str]

    def resources(self, kind: str) -> dict[str, Document]:
        """Properties of the resources of one type, by logical id."""
        bodies = self.translated["Resources"].items()
        return {name: body["Properties"] for name, body in bodies if body["Type"] == kind}

    def pipeline(self) -> Document:
        """Properties of the state machine."""
        (properties,) = self.resources("AWS::StepFunctions::StateMachine").values()
        return properties


@cache
def load(*, opted: bool) -> Application:
    """The application deployed with its defaults, or `opted`: with every option reversed."""
    template = yaml_parse(TEMPLATE.read_text("utf-8"))
    translated = _translated(TEMPLATE)
    deployed = _deployed(translated, _options(translated) if opted else {})
    for nested in [
        body for body in template["Resources"].values() if isinstance(body, dict) and body["Type"] == NESTED
    ]:
        template["Resources"] |= yaml_parse((ROOT / nested["Properties"]["TemplateURL"]).read_text("utf-8"))[
            "Resources"
        ]
    for nested in [body["Properties"] for body in deployed["Resources"].values() if body["Type"] == NESTED]:
        inner = _deployed(_translated(ROOT / nested["TemplateURL"]), nested["Parameters"])
        deployed["Resources"] |= inner["Resources"]
    texts = {str(file.relative_to(ROOT)): file.read_text("utf-8") for glob in TEXTS for file in ROOT.glob(glob)}
    machine = json.loads(texts["statemachine/pipeline.asl.json"])
    return Application(template, deployed, machine, texts)


@cache
def _translated(template: Path) -> Document:
    return load_template(template)


def many(value: Any) -> list[Any]:
    """A value that may be written as one item or as a list of items."""
    return value if isinstance(value, list) else [] if value is None else [value]


def referred(value: Any) -> set[str]:
    """Logical ids of the resources that a value refers to."""
    return set(REFERENCE.findall(json.dumps(value)))


def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a document, with its key."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from strings(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item, key)
    elif isinstance(value, str):
        yield key, value


def _options(translated: Document) -> dict[str, str]:
    """A stack with existing roles has none of its own to check, so that option keeps its default."""
    chosen = {}
    for name, parameter in translated["Parameters"].items():
        if set(parameter.get("AllowedValues", ())) == {"true", "false"}:
            chosen[name] = "false" if parameter["Default"] == "true" else "true"
        elif parameter.get("Default") == "" and not name.startswith("Existing"):
            chosen[name] = "given"
    return chosen


def _deployed(translated: Document, parameters: dict[str, str]) -> Document:
    values = Intrinsics(translated, parameters, lambda name: f"${{{name}}}", lambda name, of: f"${{{name}.{of}}}")
    made = {
        name: {**body, "Properties": values.resolve(body.get("Properties", {}))}
        for name, body in translated["Resources"].items()
        if "Condition" not in body or values.condition(body["Condition"])
    }
    return {**translated, "Resources": made}
