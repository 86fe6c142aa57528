"""The methods of Java's strings, lists and maps that a mapping template may call, and Java's arithmetic.

Any other method is refused: Velocity would call it, and the laptop cannot.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

TRIMMED = "".join(map(chr, range(0x21)))
REPLACEMENT = re.compile(r"\\(.)|\$(\d)|([^\\$])", re.DOTALL)


class Entry(dict[str, Any]):
    """An entry of a map: `key` and `value`."""


def divide(one: float, other: float) -> float | None:
    """A quotient; that of integers is cut off, that by zero is null."""
    if other == 0:
        return None
    if isinstance(one, int) and isinstance(other, int):
        return abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    return one / other


def remainder(one: float, other: float) -> float | None:
    """The remainder of a division, with the sign of the dividend; null for zero."""
    quotient = divide(one, other)
    return None if quotient is None else one - other * int(quotient)


def same(one: Any, other: Any) -> bool:
    """Equality of values of one type; Python's true is 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _between(text: str, start: int, end: int | None = None) -> str:
    if not 0 <= start <= (len(text) if end is None else end) <= len(text):
        raise IndexError(f"substring({start}, {end}) of {len(text)} characters")
    return text[start:end]


def _replace_all(text: str, pattern: str, by: str, count: int = 0) -> str:
    r"""In Java, `$1` in a replacement is a group and a backslash escapes."""
    parts = REPLACEMENT.findall(by)
    return re.sub(
        pattern,
        lambda found: "".join(found[int(group)] if group else a or b for a, group, b in parts),
        text,
        count=count,
    )


def _split(text: str, pattern: str) -> list[str]:
    parts = re.split(pattern, text)
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _item(items: list[Any], index: int) -> Any:
    if not 0 <= index < len(items):
        raise IndexError(f"there is no item {index}")
    return items[index]


def _set(items: list[Any], index: int, value: Any) -> Any:
    before, items[index] = _item(items, index), value
    return before


METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: {
        "charAt": lambda text, index: _between(text, index, index + 1),
        "concat": operator.add,
        "contains": lambda text, part: part in text,
        "endsWith": str.endswith,
        "equals": same,
        "equalsIgnoreCase": lambda text, other: text.casefold() == other.casefold(),
        "indexOf": str.find,
        "isEmpty": operator.not_,
        "lastIndexOf": str.rfind,
        "length": len,
        "matches": lambda text, pattern: re.fullmatch(pattern, text) is not None,
        "replace": str.replace,
        "replaceAll": _replace_all,
        "replaceFirst": lambda text, pattern, by: _replace_all(text, pattern, by, 1),
        "split": _split,
        "startsWith": str.startswith,
        "substring": _between,
        "toLowerCase": str.lower,
        "toString": str,
        "toUpperCase": str.upper,
        "trim": lambda text: text.strip(TRIMMED),
    },
    list: {
        "add": lambda items, value: items.append(value) or True,
        "contains": lambda items, value: any(same(item, value) for item in items),
        "get": _item,
        "isEmpty": operator.not_,
        "set": _set,
        "size": len,
    },
    dict: {
        "containsKey": lambda found, key: key in found,
        "entrySet": lambda found: [Entry(key=key, value=value) for key, value in found.items()],
        "get": dict.get,
        "isEmpty": operator.not_,
        "keySet": list,
        "put": lambda found, key, value: (found.get(key), found.update({key: value}))[0],
        "putAll": dict.update,
        "remove": lambda found, key: found.pop(key, None),
        "size": len,
        "values": lambda found: list(found.values()),
    },
    Entry: {"getKey": lambda entry: entry["key"], "getValue": lambda entry: entry["value"]},
}
