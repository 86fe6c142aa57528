"""The functions of Athena that the laptop has, from `functions.txt`: their signatures and DuckDB's expressions."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from local.cloud.sql.errors import QueryError
from local.cloud.sql.types import INTEGERS, TEMPORAL, Type, common, decimal, parse_type

LINE = re.compile(r"(\w+)\((.*?)\) -> (.*?)(?: = (.*))?")
ARGUMENT = re.compile(r"\$(\d)(?:\(((?:[^()]|\([^()]*\))*)\))?")
VARIABLES: dict[str, Callable[[Type], bool]] = {
    "n": lambda kind: kind.is_numeric,
    "i": lambda kind: kind.name in INTEGERS,
    "d": lambda kind: kind.name == "decimal",
    "s": lambda kind: kind.name == "varchar",
    "x": lambda kind: kind.name in TEMPORAL,
    **dict.fromkeys("tukv", lambda _: True),
}
RESULTS: dict[str, Callable[..., Type]] = {
    "summed": lambda scale: decimal(38, scale),
    "rounded": lambda precision, scale: decimal(precision - scale + min(scale, 1), 0),
    "widened": lambda precision, scale: decimal(precision + 1, scale),
    "truncated": lambda precision, scale: decimal(max(precision - scale, 1), 0),
    "sign": lambda *_: decimal(1, 0),
}


class Signature(NamedTuple):
    """One overload. `body` is DuckDB's expression of the arguments `$1` ..., `after` that of the aggregate `@`."""

    name: str
    kind: str
    page: str
    parameters: tuple[Type, ...]
    varies: bool
    result: Type
    body: str
    after: str

    def parameter(self, index: int) -> Type:
        """The type of an argument by its position."""
        return self.parameters[min(index, len(self.parameters) - 1)]

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return count == len(self.parameters) or (self.varies and count >= len(self.parameters) - 1)


class Lambda(NamedTuple):
    """A lambda's parameters, and its body's type and SQL for given types and DuckDB expressions of the parameters."""

    names: list[str]
    body: Callable[[Sequence[Type], Sequence[str]], tuple[str, Type]]


@cache
def catalogue() -> tuple[dict[str, list[Signature]], dict[str, str]]:
    """The signatures by name, and the way round of each function that is refused."""
    known: dict[str, list[Signature]] = {}
    refused: dict[str, str] = {}
    section = ""
    for line in (Path(__file__).parent / "functions.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line[1:-1]
        elif section == "refused" and line:
            names, _, way = line.partition(": ")
            refused |= dict.fromkeys(names.split(), way)
        elif line and not line.startswith("#"):
            signature = _signature(line, section)
            known.setdefault(signature.name, []).append(signature)
    return known, refused


def _signature(line: str, section: str) -> Signature:
    found = LINE.fullmatch(line)
    if not found:
        raise ValueError(f"functions.txt: {line}")
    name, parameters, result, body = found.groups()
    kind, _, page = section.partition(" ")
    after, _, body = (body or "").rpartition(" " if "(@)" in (body or "") and kind == "aggregate" else "\0")
    if after:  # `pairs_map(@) list(row($1, $2))`
        after, _, body = f"{after} {body}".partition(") ")
        after += ")"
    body = body or name
    called = (
        body if "$" in body or body.startswith("refused: ") or "(" in body or not body.isidentifier() else f"{body}($*)"
    )
    types = parse_type(f"call({parameters.removesuffix('...')})").args if parameters else ()
    return Signature(name, kind, page, types, parameters.endswith("..."), parse_type(result), called, after)


class Binding(NamedTuple):
    """A call: the overload, the types of its arguments after coercion, and the type of its result."""

    signature: Signature
    arguments: list[Type]
    lambdas: dict[int, tuple[list[Type], Type]]
    result: Type
    cost: int


def bind(name: str, arguments: Sequence[Type | Lambda]) -> Binding:
    """The overload that these arguments select. Raises `QueryError` if none takes them."""
    found = [_bound(each, arguments) for each in catalogue()[0][name] if each.takes(len(arguments))]
    fitting = [each for each in found if each]
    if not fitting:
        given = ", ".join("function" if isinstance(one, Lambda) else str(one) for one in arguments)
        expected = ", ".join(f"{name}({', '.join(map(str, s.parameters))})" for s in catalogue()[0][name])
        raise QueryError(
            f"FUNCTION_NOT_FOUND: Unexpected parameters ({given}) for function {name}. Expected: {expected}"
        )
    return min(fitting, key=lambda each: each.cost)


def _bound(signature: Signature, arguments: Sequence[Type | Lambda]) -> Binding | None:
    bound: dict[str, Type] = {}
    for index, argument in enumerate(arguments):
        if isinstance(argument, Lambda) != (signature.parameter(index).name == "function"):
            return None
        if not isinstance(argument, Lambda) and not _match(signature.parameter(index), argument, bound):
            return None
    lambdas: dict[int, tuple[list[Type], Type]] = {}
    for index, argument in enumerate(arguments):
        if isinstance(argument, Lambda):
            *given, returned = signature.parameter(index).args
            if len(given) != len(argument.names):
                return None
            taken = [_substituted(one, bound) for one in given]
            result = argument.body(taken, argument.names)[1]
            if not _match(returned, result, bound):
                return None
            lambdas[index] = (taken, _substituted(returned, bound))
    kinds = [
        one if isinstance(one, Lambda) else _substituted(signature.parameter(n), bound)
        for n, one in enumerate(arguments)
    ]
    plain = [one for one in kinds if isinstance(one, Type)]
    cost = sum(
        0 if one == kind or one.name == kind.name else 2 if one.name == "double" else 1
        for one, kind in zip(kinds, arguments, strict=True)
        if isinstance(one, Type) and isinstance(kind, Type)
    )
    return Binding(signature, plain, lambdas, _result(signature.result, bound), cost)


def _match(parameter: Type, argument: Type, bound: dict[str, Type]) -> bool:
    """Whether an argument can be coerced to a parameter; binds the parameter's variables."""
    if check := VARIABLES.get(parameter.name):
        wider = common(bound[parameter.name], argument) if parameter.name in bound else argument
        if wider is None or not (wider.name == "unknown" or check(wider)):
            return False
        bound[parameter.name] = wider
        return True
    if argument.name == "unknown":
        for part in _parts(parameter):
            _match(part, argument, bound)
        return True
    if parameter.name == argument.name and parameter.name in ("array", "map", "row"):
        return all(_match(*pair, bound) for pair in zip(_parts(parameter), _parts(argument), strict=True))
    if parameter.name == argument.name:
        return True
    wider = common(parameter, argument)
    return wider is not None and wider.name == parameter.name


def _parts(kind: Type) -> list[Type]:
    return [one[1] if isinstance(one, tuple) and not isinstance(one, Type) else one for one in kind.args]


def _substituted(kind: Type, bound: dict[str, Type]) -> Type:
    if kind.name in VARIABLES:
        return bound.get(kind.name, Type("unknown"))
    if kind.name == "row":
        return Type("row", tuple((name, _substituted(one, bound)) for name, one in kind.args))
    return Type(kind.name, tuple(_substituted(one, bound) if isinstance(one, Type) else one for one in kind.args))


def _result(result: Type, bound: dict[str, Type]) -> Type:
    if rule := RESULTS.get(result.name):
        return rule(*bound["d"].args[-1:]) if result.name == "summed" else rule(*bound["d"].args)
    return _substituted(result, bound)


def remainder(left: Type, right: Type) -> Type:
    """The type of `left % right`."""
    (p, s), (q, t) = left.args, right.args
    return decimal(min(p - s, q - t) + max(s, t), max(s, t))


def filled(template: str, arguments: Sequence[str | Lambda], binding: Binding) -> str:
    """DuckDB's expression with the arguments in it."""

    def one(found: re.Match[str]) -> str:
        argument = arguments[int(found[1]) - 1]
        if isinstance(argument, str):
            return argument + (f"({filled(found[2], arguments, binding)})" if found[2] else "")
        kinds, _ = binding.lambdas[int(found[1]) - 1]
        if found[2]:
            return f"({argument.body(kinds, found[2].split(', '))[0]})"
        return f"(lambda {', '.join(argument.names)}: {argument.body(kinds, argument.names)[0]})"

    texts = [text for text in arguments if isinstance(text, str)]
    return ARGUMENT.sub(one, template.replace("$*", ", ".join(texts)).replace("$|", " || ".join(texts)))
