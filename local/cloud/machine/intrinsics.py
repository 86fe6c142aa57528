"""Intrinsic functions: moto's parser drops what it does not understand, and several of its functions differ.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html, and the specification,
https://states-language.net/spec.html#appendix-b. Its examples are in `tests/local/documented/intrinsics.csv`.
"""

import base64
import binascii
import hashlib
import inspect
import json
import math
import random
import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringContextPath,
    StringIntrinsicFunction,
    StringJsonPath,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.generic.string_format import StringFormat
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from local.cloud.machine.states import failure

QUOTED = r"'(?:[^'\\]|\\.)*'"
TOKEN = re.compile(
    rf"""\s*(?:
        States\.(?P<call>\w+)\s*\(
      | (?P<text>{QUOTED})
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<word>true|false|null)\b
      | (?P<path>\$(?:[^\[\](),\s']|\[(?:{QUOTED}|[^\]'])*\])*)
    )\s*""",
    re.VERBOSE | re.DOTALL,
)
PATH = re.compile(r"\$\$?(?:[.\[].*)?", re.DOTALL)
CHARACTER = re.compile(r"\\(?P<escaped>.)|(?P<gap>\{\})|.", re.DOTALL)
MAX_TEXT, MAX_ITEMS, INTEGERS = 10_000, 1_000, range(-(2**31), 2**31)
ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")

Value = Callable[[Any], Any]
"""Evaluates an argument in an environment of moto's interpreter."""


class Text(str):
    """A string literal; `pieces` are its parts between the occurrences of `{}` that are not escaped."""

    pieces: list[str]


@cache
def repair() -> None:
    """Install the parser and the functions, once per process."""

    def visit(self: Any, context: Any) -> Any:
        invocation = json.loads(context.STRINGINTRINSICFUNC().getText())
        parse(invocation)
        return StringIntrinsicFunction(invocation, None)

    def evaluate(self: Any, env: Any) -> None:
        try:
            result = parse(self.literal_value)(env)
        except (TypeError, ValueError, binascii.Error) as error:
            cause = f"The function '{self.literal_value}' had the following error: {error}"
            raise failure(env, "StatesIntrinsicFailure", cause) from error
        env.stack.append(result)

    Preprocessor.visitString_intrinsic_function = visit
    StringIntrinsicFunction._eval_body = evaluate


@cache
def parse(invocation: str) -> Value:
    """The evaluator of an invocation. Raises `ValueError` if it is invalid or not on the laptop."""
    value, end = _parse(invocation, 0)
    if end != len(invocation):
        raise ValueError(f"{invocation} is invalid at {invocation[end:]}")
    return value


def _parse(text: str, start: int) -> tuple[Value, int]:
    found = TOKEN.match(text, start)
    if not found:
        raise ValueError(f"{text} is invalid at {text[start:] or 'its end'}")
    if name := found["call"]:
        return _parse_call(name, text, found.end())
    if found["path"]:
        return _path(found["path"]), found.end()
    literal = _literal(found["text"]) if found["text"] else json.loads(found["number"] or found["word"])
    return lambda _: literal, found.end()


def _parse_call(name: str, text: str, end: int) -> tuple[Value, int]:
    if name not in FUNCTIONS:
        raise ValueError(f"States.{name} is no intrinsic function")
    function, arguments = FUNCTIONS[name], list[Value]()
    while not (arguments == [] and text.startswith(")", end)):
        argument, end = _parse(text, end)
        arguments.append(argument)
        if not text.startswith(",", end):
            break
        end += 1
    if not text.startswith(")", end):
        raise ValueError(f"{text} is invalid at {text[end:] or 'its end'}")
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise ValueError(f"States.{name}: {error}") from error
    closed = text[end + 1 :]
    return lambda env: function(*(one(env) for one in arguments)), end + 1 + len(closed) - len(closed.lstrip())


def _path(path: str) -> Value:
    if not PATH.fullmatch(path):
        raise ValueError(f"not on the laptop: the variable {path} in an intrinsic function")
    sampler = StringContextPath(path) if path.startswith("$$") else StringJsonPath(path)

    def sample(env: Any) -> Any:
        sampler.eval(env)
        return env.stack.pop()

    return sample


def _literal(quoted: str) -> Text:
    r"""Only \' \{ \} \\ are documented as escapes, and unescaped braces only as {}."""
    pieces = [""]
    for found in CHARACTER.finditer(quoted[1:-1]):
        if found["gap"]:
            pieces.append("")
        elif found[0] in "{}" or (found["escaped"] and found["escaped"] not in r"'{}\\"):
            raise ValueError(
                f"not on the laptop: {found[0]} in {quoted}; AWS documents only {{}} and \\' \\{{ \\}} \\\\"
            )
        else:
            pieces[-1] += found["escaped"] or found[0]
    text = Text("{}".join(pieces))
    text.pieces = pieces
    return text


def _format(template: str, *values: Any) -> str:
    pieces = template.pieces if isinstance(template, Text) else _text(template).split("{}")
    if len(values) != len(pieces) - 1:
        raise ValueError(f"{len(pieces) - 1} values are needed, not {len(values)}")
    texts = [StringFormat._to_str_repr(value) for value in values]
    return pieces[0] + "".join(text + piece for text, piece in zip(texts, pieces[1:], strict=True))


def _array_partition(array: list[Any], size: float) -> list[list[Any]]:
    if (chunk := _whole(size)) < 1:
        raise ValueError("the chunk size must be positive")
    return [array[start : start + chunk] for start in range(0, len(_array(array)), chunk)]


def _array_range(first: float, last: float, step: float) -> list[int]:
    by = _whole(step)
    items = range(_whole(first), _whole(last) + (1 if by > 0 else -1), by)
    if len(items) > MAX_ITEMS:
        raise ValueError(f"an array of more than {MAX_ITEMS} items")
    return list(items)


def _array_get_item(array: list[Any], index: int) -> Any:
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(_array(array)):
        raise ValueError(f"there is no item {index}")
    return array[index]


def _array_unique(array: list[Any]) -> list[Any]:
    return list({_json(item): item for item in reversed(_array(array))}.values())[::-1]


def _base64_encode(text: str) -> str:
    return base64.b64encode(_text(text).encode()).decode()


def _base64_decode(text: str) -> str:
    return base64.b64decode(_text(text), validate=True).decode()


def _hash(text: str, algorithm: str) -> str:
    if algorithm not in ALGORITHMS:
        raise ValueError(f"{algorithm} is none of {', '.join(ALGORITHMS)}")
    name = algorithm.replace("-", "").lower()
    return hashlib.new(name, _text(text).encode(), usedforsecurity=False).hexdigest()


def _json_merge(one: dict[str, Any], other: dict[str, Any], deep: bool) -> dict[str, Any]:
    if deep is not False:
        raise ValueError("Step Functions merges only the first level: the third argument must be false")
    if not isinstance(one, dict) or not isinstance(other, dict):
        raise TypeError("two objects are needed")
    return one | other


def _math_random(start: float, end: float, seed: float | None = None) -> int:
    return random.Random(seed).randrange(_whole(start), _whole(end))  # noqa: S311 - as on AWS


def _math_add(one: float, other: float) -> int:
    numbers = _whole(one), _whole(other)
    if not all(number in INTEGERS for number in numbers):
        raise ValueError("a number is outside of 32 bits")
    return sum(numbers)


def _string_split(text: str, separators: str) -> list[str]:
    parts = re.split(f"[{re.escape(_text(separators))}]", _text(text)) if separators else [_text(text)]
    return [part for part in parts if part]


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"an array is needed, not {_json(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is needed, not {_json(value)}")
    if len(value) > MAX_TEXT:
        raise ValueError(f"a string of more than {MAX_TEXT} characters")
    return value


def _whole(value: Any) -> int:
    """The nearest integer, halves up as in Java."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number is needed, not {_json(value)}")
    return math.floor(value + 0.5) if isinstance(value, float) else value


def _json(value: Any) -> str:
    """Compact JSON with sorted keys: equal for equal values, which in Python true and 1 are too."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Format": _format,
    "Array": lambda *values: list(values),
    "ArrayPartition": _array_partition,
    "ArrayContains": lambda array, value: _json(value) in map(_json, _array(array)),
    "ArrayRange": _array_range,
    "ArrayGetItem": _array_get_item,
    "ArrayLength": lambda array: len(_array(array)),
    "ArrayUnique": _array_unique,
    "Base64Encode": _base64_encode,
    "Base64Decode": _base64_decode,
    "Hash": _hash,
    "JsonMerge": _json_merge,
    "JsonToString": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "StringToJson": lambda text: json.loads(_text(text)),
    "MathRandom": _math_random,
    "MathAdd": _math_add,
    "StringSplit": _string_split,
    "UUID": lambda: str(uuid.uuid4()),
}
