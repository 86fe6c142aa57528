"""CloudWatch Logs on the laptop: the template's log groups as files `<logs>/<group>/<stream>.log`."""

import json
from pathlib import Path
from typing import Any

from local.cloud.wsgi import Response


class LogGroups:
    """The deployed log groups. Their streams outlive the process."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._groups: set[str] = set()

    def add(self, name: str) -> None:
        """Deploy a log group."""
        self._groups.add(name)
        (self._logs / _file_name(name)).mkdir(parents=True, exist_ok=True)

    def route(self, environ: dict[str, Any]) -> Response | None:
        """Answer CreateLogStream and PutLogEvents; None for any other request."""
        action = ACTIONS.get(environ.get("HTTP_X_AMZ_TARGET", ""))
        if action is None:
            return None
        request = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        group, stream = request["logGroupName"], request["logStreamName"]
        if group not in self._groups:
            return _refused("ResourceNotFoundException", "The specified log group does not exist.")
        return action(self._logs / _file_name(group) / f"{_file_name(stream)}.log", request)


def _create(stream: Path, _: dict[str, Any]) -> Response:
    try:
        stream.touch(exist_ok=False)
    except FileExistsError:
        return _refused("ResourceAlreadyExistsException", "The specified log stream already exists")
    return _answer("200 OK", {})


def _put(stream: Path, request: dict[str, Any]) -> Response:
    if not stream.exists():
        return _refused("ResourceNotFoundException", "The specified log stream does not exist.")
    lines = "".join(f"{event['message']}\n" for event in request["logEvents"])
    with stream.open("a", encoding="utf-8") as file:
        file.write(lines)
    return _answer("200 OK", {})


ACTIONS = {"Logs_20140328.CreateLogStream": _create, "Logs_20140328.PutLogEvents": _put}


def _file_name(name: str) -> str:
    return name.replace("/", "_")


def _refused(kind: str, message: str) -> Response:
    return _answer("400 Bad Request", {"__type": kind, "message": message})


def _answer(status: str, body: dict[str, str]) -> Response:
    return Response(status, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(body).encode())
