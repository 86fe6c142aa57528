"""Lambda's GetFunction: a function's configuration, and its code as a zip archive."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from local.cloud.lambdas.functions import INVOKE_PATH, Function, Functions
from local.cloud.wsgi import Response

CODE_PATH = "/_code/"


def route(functions: Functions, url: str, environ: dict[str, Any]) -> Response | None:
    """Answer GetFunction and code downloads; None for other requests and unknown functions."""
    path: str = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] != "GET" or not path.startswith((INVOKE_PATH, CODE_PATH)):
        return None
    name = unquote(path.removeprefix(INVOKE_PATH).removeprefix(CODE_PATH)).split(":")[-1]
    function = functions.deployed.get(name)
    if function is None:
        return None
    if path.startswith(CODE_PATH):
        return Response("200 OK", [("Content-Type", "application/zip")], bundle(function.folder))
    answer = {"Configuration": _configuration(function), "Code": {"Location": f"{url}{CODE_PATH}{name}"}}
    return Response("200 OK", [("Content-Type", "application/json")], json.dumps(answer).encode())


def bundle(folder: Path) -> bytes:
    """A folder as a zip archive; identical files give identical bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(_files(folder)):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())  # a fixed time stamp, 1980
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(parent, name) for name in names)


def _configuration(function: Function) -> dict[str, Any]:
    return {
        "FunctionName": function.name,
        "FunctionArn": function.arn,
        "Handler": function.handler,
        "Role": function.role,
        "Timeout": function.timeout,
        "MemorySize": function.memory,
    }
