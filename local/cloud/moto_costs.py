"""What moto works out anew at each request, worked out once: a run makes some 500 requests."""

import json
from datetime import datetime
from functools import cache
from typing import Any

from moto.core import responses, utils
from moto.core.base_backend import BackendDict
from moto.core.serialize import XFormedAttributePicker
from moto.stepfunctions.responses import StepFunctionResponse


@cache
def reduce(session: Any) -> None:
    """Install, once per process. `session` is a botocore session, whose loaded models are used throughout."""
    utils.create_loader = lambda: session.get_component("data_loader")
    utils.Session = lambda: session
    responses.method_names_from_class = cache(responses.method_names_from_class)
    _an_accounts_backends_are_known()
    _keys_of_a_member_are_known()
    _a_history_is_json_already()


def _an_accounts_backends_are_known() -> None:
    """moto looks through all backends of all services, at each look at one, whether it has to make this one."""
    original = BackendDict.__getitem__

    def get(self: Any, account: str) -> Any:
        return dict.__getitem__(self, account) if account in self else original(self, account)

    BackendDict.__getitem__ = get


def _keys_of_a_member_are_known() -> None:
    """The names under which a member may be found in an object depend on its shape and the object's class."""
    original, known = XFormedAttributePicker.get_possible_keys, dict[Any, tuple[str, ...]]()

    def possible_keys(self: Any, context: Any) -> tuple[str, ...]:
        member = (type(context.obj), context.key, context.shape)
        if member not in known:
            known[member] = tuple(dict.fromkeys(original(self, context)))
        return known[member]

    XFormedAttributePicker.get_possible_keys = possible_keys


def _a_history_is_json_already() -> None:
    """The events have the form of the API but for their timestamps; moto copies and converts each member."""

    def get_execution_history(self: Any) -> str:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        environment = execution.exec_worker.env
        events = list(environment.event_manager._history_event_list) if environment else []
        dated = [event | {"timestamp": datetime.fromisoformat(event["timestamp"]).timestamp()} for event in events]
        return json.dumps({"events": dated})

    StepFunctionResponse.get_execution_history = get_execution_history
