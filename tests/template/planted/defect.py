"""A defect, and the ways to plant one into a copy of the application."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.template.rules import Rule
from tests.template.rules.application import Application, Document
from tests.template.rules.graph import scopes

Plant = Callable[[Application], object]


class Defect(NamedTuple):
    """What `plant` does is found by `rule`, in a line that names `where`."""

    rule: Rule
    where: str
    plant: Plant


def put(place: Document, values: Document) -> None:
    """Set values; None takes one away."""
    place.update(values)
    for key in [key for key, value in values.items() if value is None]:
        del place[key]


def having(resource: str, *path: str | int, **values: Any) -> Plant:
    """Properties of a resource set, those at `path` inside it if given; None takes one away."""

    def plant(application: Application) -> None:
        place = application.translated["Resources"][resource]["Properties"]
        for step in path:
            place = place[step]
        put(place, values)

    return plant


def marked(resource: str, **values: Any) -> Plant:
    """What stands beside a resource's properties set; None takes one away."""
    return lambda application: put(application.translated["Resources"][resource], values)


def added(kind: str, properties: Document) -> Plant:
    """One more resource, `Planted`."""
    return lambda application: put(
        application.translated["Resources"], {"Planted": {"Type": kind, "Properties": properties}}
    )


def gone(resource: str) -> Plant:
    """A resource left out."""
    return lambda application: application.translated["Resources"].pop(resource)


def stating(name: str, **values: Any) -> Plant:
    """Fields of a state set, or of a new one; None takes one away."""

    def plant(application: Application) -> None:
        for scope in scopes(application.machine):
            if name in scope["States"]:
                return put(scope["States"][name], values)
        return put(application.machine["States"], {name: values})

    return plant


def granting(role: str, action: str, resource: str | None, condition: Document | None = None) -> Plant:
    """One more statement in a role's policy; without `resource` it names none."""
    statement = {
        "Sid": "Planted",
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        "Condition": condition or {},
    }

    def plant(application: Application) -> None:
        (policy, *_) = application.translated["Resources"][role]["Properties"]["Policies"]
        policy["PolicyDocument"]["Statement"].append(statement)

    return plant


def statement(resource: str, sid: str, **values: Any) -> Plant:
    """One statement of a resource's own policy changed; None takes a part of it away."""
    return lambda application: put(_statements(application, resource)[sid], values)


def without_statement(resource: str, sid: str) -> Plant:
    """One statement of a resource's own policy left out."""

    def plant(application: Application) -> None:
        properties = application.translated["Resources"][resource]["Properties"]
        document = properties.get("KeyPolicy") or properties["PolicyDocument"]
        document["Statement"].remove(_statements(application, resource)[sid])

    return plant


def _statements(application: Application, resource: str) -> dict[str, Document]:
    properties = application.translated["Resources"][resource]["Properties"]
    document = properties.get("KeyPolicy") or properties["PolicyDocument"]
    return {item["Sid"]: item for item in document["Statement"]}


def parameter(name: str, **values: Any) -> Plant:
    """A parameter, as it is written, changed."""
    return lambda application: put(application.template["Parameters"][name], values)


def writing(path: str, text: str) -> Plant:
    """One more line in a file, or a new file."""
    return lambda application: application.texts.update({path: f"{application.texts.get(path, '')}\n{text}\n"})
