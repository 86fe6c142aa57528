"""Functions of Athena that DuckDB lacks, in Python; slow for each row, so only for what is rare."""

import hashlib
import hmac
import json
import re
import zlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

ORDINAL_DATE = re.compile(r"(\d{4})-(\d{3})")
PARTIAL_DATE = re.compile(r"\d{4}(-\d{2})?")
ISO_TIMESTAMP = re.compile(r"\d{4}-W?[\d-]+(T\d\d([:Z+-].*)?)?")
NUMBER = re.compile(r"[+-]?([0-9a-zA-Z]+)")
JSON_STEP = re.compile(r'\."([^"]*)"|\[(\d+)\]')
LARGEST_RADIX = 36
SMALLEST_PLAIN, SMALLEST_SCIENTIFIC = 1e-3, 1e7


def java_double(value: float) -> str:
    """As `Double.toString`: in scientific notation, such as `1.0E7`, from ten million and below one thousandth."""
    if value == 0 or SMALLEST_PLAIN <= abs(value) < SMALLEST_SCIENTIFIC:
        return str(value)
    return double_text(value)


def double_text(value: float) -> str:
    """As a cast to varchar: always in scientific notation, https://github.com/trinodb/trino/pull/10657."""
    special = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN", "0.0": "0.0E0", "-0.0": "-0.0E0"}
    if text := special.get(str(value)):
        return text
    digits, exponent = f"{Decimal(repr(value)).normalize():E}".split("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def iso_date(text: str) -> date:
    """A calendar, week or ordinal date. Raises `ValueError` for anything else."""
    if found := ORDINAL_DATE.fullmatch(text):
        day = date(int(found[1]), 1, 1) + timedelta(int(found[2]) - 1)
        if day.year != int(found[1]):
            raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Invalid format: {text}")
        return day
    if PARTIAL_DATE.fullmatch(text):
        text = f"{text}-01-01"[:10]
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Invalid format: {text}") from error


def iso_timestamp(text: str) -> datetime:
    """A time of UTC. Raises `ValueError` for another offset, and for a text that is no time."""
    try:
        value = datetime.fromisoformat(text if ISO_TIMESTAMP.fullmatch(text) else "")
    except ValueError as error:
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Invalid format: {text}") from error
    if value.utcoffset():
        raise ValueError(f"not on the laptop: {text}, which is not UTC; times on the laptop are UTC")
    return value.replace(tzinfo=None, microsecond=value.microsecond // 1000 * 1000)


def parse_json(text: str) -> str:
    """JSON as Athena keeps it: sorted by key, numbers with a fraction as doubles. Raises `ValueError` if it is none."""
    try:
        return _json_text(json.loads(text, parse_constant=_no_number))
    except ValueError as error:
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{text}'") from error


def _no_number(text: str) -> float:
    raise ValueError(text)


def _json_text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json_text(key)}:{_json_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json_text, value)) + "]"
    return java_double(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def json_number(document: str, path: str) -> str:
    """The number at a path, as it is written."""
    value: Any = json.loads(document, parse_float=str, parse_int=str)
    for name, index in JSON_STEP.findall(path):
        value = value[int(index)] if index else value[name]
    return str(value)


def all_groups(text: str, pattern: str, number: int) -> list[str | None]:
    """A group of each match; None where the group is not in it."""
    return [found[number] for found in re.finditer(pattern, text)]


def from_base(text: str, radix: int) -> int:
    """A number in another base. Raises `ValueError` if it is none."""
    if not 2 <= radix <= LARGEST_RADIX:  # noqa: PLR2004 - of two digits
        raise ValueError("INVALID_FUNCTION_ARGUMENT: Radix must be between 2 and 36")
    found = NUMBER.fullmatch(text)
    if not found or any(int(digit, LARGEST_RADIX) >= radix for digit in found[1]):
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Not a valid base-{radix} number: {text}")
    return int(text, radix)


def digest_sha512(data: bytes) -> bytes:
    """SHA-512."""
    return hashlib.sha512(data).digest()


def digest_crc32(data: bytes) -> int:
    """CRC-32."""
    return zlib.crc32(data)


def keyed_digest(algorithm: str, data: bytes, key: bytes) -> bytes:
    """HMAC of data."""
    return hmac.digest(key, data, algorithm)


FUNCTIONS: dict[str, tuple[Callable[..., Any], list[Any], Any]] = {
    "java_double": (java_double, ["DOUBLE"], "VARCHAR"),
    "double_text": (double_text, ["DOUBLE"], "VARCHAR"),
    "iso_date": (iso_date, ["VARCHAR"], "DATE"),
    "iso_timestamp": (iso_timestamp, ["VARCHAR"], "TIMESTAMP"),
    "parse_json": (parse_json, ["VARCHAR"], "VARCHAR"),
    "json_number": (json_number, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    "all_groups": (all_groups, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR[]"),
    "from_base": (from_base, ["VARCHAR", "BIGINT"], "BIGINT"),
    "digest_sha512": (digest_sha512, ["BLOB"], "BLOB"),
    "digest_crc32": (digest_crc32, ["BLOB"], "BIGINT"),
    **{
        f"hmac_{name}": (partial(keyed_digest, name), ["BLOB", "BLOB"], "BLOB")
        for name in ("md5", "sha1", "sha256", "sha512")
    },
}
