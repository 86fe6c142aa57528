"""Functions that are killed after their work and before their answer: a failure that leaves its effect."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.cloud.aws import LocalAWS
from local.cloud.lambdas.functions import Result

LOST = Result(b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 137"}', failed=True)


@contextmanager
def each_lost_once(aws: LocalAWS, *states: str) -> Iterator[None]:
    """The function of each state does its work once, then its process is killed before it answers."""
    functions, left = aws.functions, {aws.resource(f"{state}Function") for state in states}
    invoke = functions.invoke

    def lose_once(name: str, event: Any) -> Result:
        result = invoke(name, event)
        if name not in left:
            return result
        left.remove(name)
        return LOST

    functions.invoke = lose_once  # type: ignore[method-assign]
    try:
        yield
    finally:
        functions.invoke = invoke  # type: ignore[method-assign]
