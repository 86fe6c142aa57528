"""A function that does what its event says."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import boto3

COUNTS: dict[str, int] = {}


class UnavailableError(Exception):
    """Fails once."""


UnavailableError.__name__ = "Unavailable"


def handler(event: dict[str, Any], context: Any) -> Any:
    """Do it."""
    return globals()[event["do"]](event, context)


def echo(event: dict[str, Any], context: Any) -> Any:
    """The event, and what the context says."""
    sys.stdout.write("echoing\n")
    return {
        "event": event,
        "function": context.function_name,
        "memory": context.memory_limit_in_mb,
        "arn": context.invoked_function_arn,
        "request": context.aws_request_id,
        "left": context.get_remaining_time_in_millis(),
        "process": os.getpid(),
        "folder": str(Path.cwd()),
    }


def environment(*_: Any) -> dict[str, str]:
    """All variables."""
    return dict(os.environ)


def modules(*_: Any) -> list[str]:
    """All modules that are imported."""
    return list(sys.modules)


def identity(*_: Any) -> str:
    """Who AWS says the function is."""
    return boto3.client("sts").get_caller_identity()["Arn"]


def flaky(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Unavailable at the first try; the process is told apart by a file."""
    seen = Path(event["file"])
    if not seen.exists():
        seen.touch()
        raise UnavailableError("try again")
    return {"id": event["id"]}


def wrong(event: dict[str, Any], _: Any) -> None:
    """An error of the handler."""
    raise ValueError(f"no {event.get('id')}")


def unmarshalled(*_: Any) -> set[int]:
    """No JSON."""
    return {1}


def hang(*_: Any) -> None:
    """Longer than the timeout."""
    time.sleep(60)


def leave(event: dict[str, Any], _: Any) -> None:
    """The process ends."""
    os._exit(event["code"])


def meet(event: dict[str, Any], _: Any) -> int:
    """Wait until `parties` invocations are here: they must run at the same time."""
    place = Path(event["folder"])
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < event["parties"]:
        time.sleep(0.01)
    return os.getpid()


def answer(event: dict[str, Any], _: Any) -> None:
    """Answer a task's token while the task is only being started."""
    boto3.client("stepfunctions").send_task_success(taskToken=event["token"], output='"early"')
