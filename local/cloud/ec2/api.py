"""EC2's query API for the laptop's instances, their `shutdown` command and their metadata service."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from local.cloud.account import ACCOUNT
from local.cloud.ec2.instance import Reason
from local.cloud.ec2.instances import POWER_PATH, Instances, Launch, RefusedError, Started
from local.cloud.wsgi import Response

METADATA_PATH = "/latest/"
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}
BY_USER = Reason("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")

Query = Mapping[str, str]


def route(instances: Instances, environ: dict[str, Any]) -> Response | None:
    """Answer EC2, `shutdown` and metadata requests; None for any other request."""
    path: str = environ["PATH_INFO"]
    to_ec2 = "/ec2/aws4_request" in environ.get("HTTP_AUTHORIZATION", "")
    if not to_ec2 and not path.startswith((POWER_PATH, METADATA_PATH)):
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    if to_ec2:
        return _ec2(instances, dict(parse_qsl(body, keep_blank_values=True)))
    if path.startswith(POWER_PATH):
        return _power(instances, path.removeprefix(POWER_PATH), body)
    if path == "/latest/api/token":
        return Response("200 OK", [], b"laptop")
    return Response("404 Not Found", [], b"")  # no spot interruption notice


def _power(instances: Instances, instance_id: str, minutes: str) -> Response:
    if instance_id not in instances.started:
        return Response("404 Not Found", [], b"")
    instance = instances.started[instance_id].instance
    if minutes == "0":
        instance.shut_down()
    else:
        instance.shut_down_in(int(minutes))
    return Response("200 OK", [], b"")


def _ec2(instances: Instances, query: Query) -> Response:
    action, request = query["Action"], str(uuid.uuid4())
    try:
        status, name = "200 OK", f"{action}Response"
        content = _xml({"requestId": request} | ACTIONS.get(action, _unknown)(instances, query))
    except RefusedError as refused:
        status, name = refused.status, "Response"
        error = {"Error": {"Code": refused.code, "Message": refused.message}}
        content = _xml({"Errors": error, "RequestID": request})
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{NAMESPACE}">{content}</{name}>'
    return Response(status, [("Content-Type", "text/xml;charset=UTF-8")], text.encode())


def _run(instances: Instances, query: Query) -> dict[str, Any]:
    if (query["MinCount"], query["MaxCount"]) != ("1", "1"):
        raise RefusedError("InvalidParameterValue", "The laptop starts one instance per request.")
    launch = Launch(
        token=query.get("ClientToken") or str(uuid.uuid4()),
        template=query.get("LaunchTemplate.LaunchTemplateId") or query.get("LaunchTemplate.LaunchTemplateName", ""),
        version=query.get("LaunchTemplate.Version", ""),
        kind=query.get("InstanceType", ""),
        user_data=query.get("UserData", ""),
        tags={
            tag["Key"]: tag["Value"]
            for group in _members(query, "TagSpecification")
            if group["ResourceType"] == "instance"
            for tag in _members(group, "Tag")
        },
        subnet=query.get("SubnetId", ""),
        interface_subnet=query.get("NetworkInterface.1.SubnetId", ""),
    )
    return _reservation(instances.run(launch))


def _describe(instances: Instances, query: Query) -> dict[str, Any]:
    found = _named(instances, query) or list(instances.started.values())
    for condition in _members(query, "Filter"):
        wanted = {value[""] for value in _members(condition, "Value")}
        found = [started for started in found if _field(started, condition["Name"]) in wanted]
    return {"reservationSet": [_reservation(started) for started in found]}


def _terminate(instances: Instances, query: Query) -> dict[str, Any]:
    changes = []
    for started in _named(instances, query):
        instance, before = started.instance, _state(started)
        instance.shut_down(BY_USER)
        changes.append({"instanceId": instance.id, "previousState": before, "currentState": _state(started)})
    return {"instancesSet": changes}


def _unknown(_: Instances, query: Query) -> dict[str, Any]:
    raise RefusedError("InvalidAction", f"The laptop's EC2 does not implement {query['Action']}.")


ACTIONS: dict[str, Callable[[Instances, Query], dict[str, Any]]] = {
    "DescribeInstances": _describe,
    "RunInstances": _run,
    "TerminateInstances": _terminate,
}


def _named(instances: Instances, query: Query) -> list[Started]:
    names = [name[""] for name in _members(query, "InstanceId")]
    unknown = sorted(set(names) - set(instances.started))
    if unknown:
        raise RefusedError("InvalidInstanceID.NotFound", f"The instance ID '{', '.join(unknown)}' does not exist")
    return [instances.started[name] for name in names]


def _field(started: Started, name: str) -> str | None:
    """The value that a filter compares."""
    if name == "instance-state-name":
        return started.instance.state
    if name.startswith("tag:"):
        return started.tags.get(name.removeprefix("tag:"))
    raise RefusedError("InvalidParameterValue", f"The filter '{name}' is invalid")


def _state(started: Started) -> dict[str, Any]:
    state = started.instance.state
    return {"code": CODES[state], "name": state}


def _reservation(started: Started) -> dict[str, Any]:
    instance, template = started.instance, started.template
    described: dict[str, Any] = {
        "instanceId": instance.id,
        "imageId": template.image,
        "instanceState": _state(started),
        "instanceType": started.kind,
        "subnetId": started.launch.subnet,
        "launchTime": instance.launched.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "clientToken": started.launch.token,
        "tagSet": [{"key": key, "value": value} for key, value in started.tags.items()],
    }
    if instance.reason:
        described["stateReason"] = instance.reason._asdict()
    if instance.reason is BY_USER:
        described["reason"] = "User initiated"
    number = instance.id.removeprefix("i-")
    return {"reservationId": f"r-{number}", "ownerId": ACCOUNT, "instancesSet": [described]}


def _members(query: Query, name: str) -> list[dict[str, str]]:
    """Members of a list parameter: `Tag.1.Key=a` gives `[{"Key": "a"}]` for `Tag`; a scalar has the name ""."""
    found: dict[int, dict[str, str]] = {}
    for key, value in query.items():
        head, _, rest = key.partition(".")
        number, _, inner = rest.partition(".")
        if head == name:
            found.setdefault(int(number), {})[inner] = value
    return [found[number] for number in sorted(found)]


def _xml(value: Any) -> str:
    """Mappings become named elements, lists become elements named `item`, anything else text."""
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<item>{_xml(item)}</item>" for item in value)
    return escape(str(value))
