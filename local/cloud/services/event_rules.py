"""EventBridge on the laptop: when an execution ends, the matching rules of the template invoke their functions."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloud.account import ACCOUNT, REGION
from local.cloud.lambdas.functions import Functions
from local.cloud.services import event_pattern

POLL_SECONDS = 0.1
FINISH_SECONDS = 60
# Lambda retries a failed asynchronous invocation twice, on AWS after 60 and 120 seconds:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRY_SECONDS = (1, 2)


@dataclass(frozen=True)
class Rule:
    """An event pattern and the names of the functions that it invokes. Raises `ValueError` for an invalid pattern."""

    pattern: Mapping[str, Any]
    functions: list[str]

    def __post_init__(self) -> None:
        event_pattern.check(self.pattern)


@dataclass
class Rules:
    """The deployed rules."""

    functions: Functions
    rules: list[Rule] = field(default_factory=list)
    _following: list[threading.Thread] = field(default_factory=list)

    def follow(self, execution_arn: str, describe: Callable[[str], Mapping[str, Any]]) -> None:
        """Send the status change of an execution when it ends."""
        thread = threading.Thread(target=self._wait_and_send, args=(execution_arn, describe), daemon=True)
        self._following = [each for each in self._following if each.is_alive()]
        self._following.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait until the targets of all followed executions have finished, at most a minute for each."""
        for thread in self._following:
            thread.join(FINISH_SECONDS)

    def _wait_and_send(self, execution_arn: str, describe: Callable[[str], Mapping[str, Any]]) -> None:
        while (status := describe(execution_arn)["status"]) == "RUNNING":
            time.sleep(POLL_SECONDS)
        *_, machine, name = execution_arn.split(":")
        self._send(
            {
                "version": "0",
                "source": "aws.states",
                "detail-type": "Step Functions Execution Status Change",
                "account": ACCOUNT,
                "region": REGION,
                "detail": {
                    "executionArn": execution_arn,
                    "stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine}",
                    "name": name,
                    "status": status,
                },
            }
        )

    def _send(self, event: dict[str, Any]) -> None:
        for rule in self.rules:
            if event_pattern.matches(rule.pattern, event):
                for name in rule.functions:
                    self._invoke(name, event)

    def _invoke(self, name: str, event: dict[str, Any]) -> None:
        for seconds in (0, *RETRY_SECONDS):
            time.sleep(seconds)
            if not self.functions.invoke(name, event).failed:
                return
