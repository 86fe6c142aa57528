"""A defect, and ways to plant one in a copy of the application."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.template.rules import Rule
from tests.template.rules.application import Application, Document
from tests.template.rules.graph import scopes

Plant = Callable[[Application], object]


class Defect(NamedTuple):
    """`rule` finds what `plant` does, in a finding that contains `where`."""

    rule: Rule
    where: str
    plant: Plant


def put(place: Document, values: Document) -> None:
    """Set values; None removes one."""
    place.update(values)
    for key in [key for key, value in values.items() if value is None]:
        del place[key]


def having(resource: str, *path: str | int, **values: Any) -> Plant:
    """Set properties of a resource, at `path` if given; None removes one."""

    def plant(application: Application) -> None:
        place = application.translated["Resources"][resource]["Properties"]
        for step in path:
            place = place[step]
        put(place, values)

    return plant


def marked(resource: str, **values: Any) -> Plant:
    """Set attributes of a resource, such as DeletionPolicy; None removes one."""
    return lambda application: put(application.translated["Resources"][resource], values)


def added(kind: str, properties: Document) -> Plant:
    """Add a resource named `Planted`."""
    return lambda application: put(
        application.translated["Resources"], {"Planted": {"Type": kind, "Properties": properties}}
    )


def gone(resource: str) -> Plant:
    """Remove a resource."""
    return lambda application: application.translated["Resources"].pop(resource)


def stating(name: str, **values: Any) -> Plant:
    """Set fields of a state, or of a new one; None removes one."""

    def plant(application: Application) -> None:
        for scope in scopes(application.machine):
            if name in scope["States"]:
                return put(scope["States"][name], values)
        return put(application.machine["States"], {name: values})

    return plant


def granting(role: str, action: str, resource: str | None, condition: Document | None = None) -> Plant:
    """Add a statement to a role's policy, without a resource if `resource` is None."""
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
    """Change a statement of a resource policy; None removes a part."""
    return lambda application: put(_statements(application, resource)[sid], values)


def without_statement(resource: str, sid: str) -> Plant:
    """Remove a statement of a resource policy."""

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
    """Change a declared parameter."""
    return lambda application: put(application.template["Parameters"][name], values)


def writing(path: str, text: str) -> Plant:
    """Append a line to a file, or add a file."""
    return lambda application: application.texts.update({path: f"{application.texts.get(path, '')}\n{text}\n"})
