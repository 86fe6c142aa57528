"""Paths as JsonPath for Java reads them: moto makes a list of `$.items[0].name`, and fails on a filter without a match.

Sources: https://github.com/json-path/JsonPath#what-is-returned-when, https://states-language.net/spec.html#ref-paths.
Examples are in `tests/local/documented/paths.csv`.
"""

import re
import sys
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.common.path.result_path import ResultPath
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable, Variable
from moto.stepfunctions.parser.asl.utils import json_path

from local.cloud.machine.states import failure

QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
SEVERAL_NAMES = re.compile(r"\[\s*''\s*,")
INDEFINITE = re.compile(r"\.\.|\.\*|\[\s*[*?(]|\[[^\]]*[,:]")
STEP = re.compile(r"\.?\['(?P<quoted>[^']*)'\]|\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]")


@cache
def repair() -> None:
    """Install the reader, once per process."""
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser") and hasattr(module, "extract_json"):
            setattr(module, "extract_json", read)  # noqa: B010 - mypy does not know the module
    _a_result_path_must_apply()
    _only_a_missing_variable_is_missing()


def read(path: str, data: Any) -> Any:
    """The value at a definite path, a list of the values at any other.

    Raises `NoSuchJsonPathError` if the path, up to its first part with several values, is missing, and `ValueError` if
    it is not on the laptop.
    """
    plain = QUOTED.sub(lambda quoted: "'" * len(quoted[0]), path)
    if SEVERAL_NAMES.search(QUOTED.sub("''", path)):
        raise ValueError(f"not on the laptop: several names in the path {path}")
    several = INDEFINITE.search(plain)
    found = _find(path[: several.start()] if several else path, data)
    if not found:
        raise json_path.NoSuchJsonPathError(path, data)
    return _find(path, data) if several else found[0]


def _find(path: str, data: Any) -> list[Any]:
    try:
        return [match.value for match in json_path.parse(path).find(data)]
    except Exception as error:
        raise ValueError(f"not on the laptop: the path {path}: {error}") from error


def _a_result_path_must_apply() -> None:
    """A ResultPath inside of a value that is no object is `States.ResultPathMatchFailure`."""
    original = ResultPath._eval_body

    def evaluate(self: Any, env: Any) -> None:
        found = env.states.get_input()
        for step in STEP.finditer(self.result_path_src or ""):
            key: Any = int(step["index"]) if step["index"] else step["quoted"] or step["name"]
            inside = isinstance(found, list) and key < len(found) if step["index"] else isinstance(found, dict)
            if not inside:
                cause = f"Unable to apply the ResultPath {self.result_path_src} to the input of the state"
                raise failure(env, "StatesResultPathMatchFailure", cause)
            if not step["index"] and key not in found:
                break
            found = found[key]
        original(self, env)

    ResultPath._eval_body = evaluate


def _only_a_missing_variable_is_missing() -> None:
    """To moto, the variable of a Choice is missing also if its path is invalid."""

    def evaluate(self: Any, env: Any) -> None:
        try:
            self.string_sampler.eval(env)
        except (FailureEventException, json_path.NoSuchJsonPathError):
            env.stack.append(NoSuchVariable(self.string_sampler.literal_value))

    Variable._eval_body = evaluate
