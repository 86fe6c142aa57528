"""Links to reports. A token is the report's key and the link's end, signed; URL-safe and short enough for a mail."""

import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.contracts.keys import REPORTS

NAME = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,511}")
MAC_BYTES = 32
END = struct.Struct(">I")  # seconds since 1970

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]


class LinkForged(Exception):
    """Nobody with the key made this token."""


class LinkExpired(Exception):
    """The token was good until a time that has passed."""


def create(key: str, now: datetime, days: int, sign: Sign) -> str:
    """The token that opens the report at `key` for some days. Raises `ValueError` for any other key."""
    name = key.removeprefix(REPORTS).encode()
    if not key.startswith(REPORTS) or not NAME.fullmatch(name):
        raise ValueError(f"{key!r} is no report")
    message = END.pack(int((now + timedelta(days=days)).timestamp())) + name
    token = _text(sign(message) + message)
    if not TOKEN.fullmatch(token):
        raise ValueError(f"{key!r} is too long for a link")
    return token


def decode(token: str, now: datetime, verify: Verify) -> str:
    """The key of the report that `token` opens. Raises `LinkForged`, or `LinkExpired` for what was good once."""
    mac, message = _parts(token)
    if not verify(message, mac):
        raise LinkForged
    (end,) = END.unpack_from(message)
    if now.timestamp() >= end:
        raise LinkExpired
    return REPORTS + message[END.size :].decode("ascii")


def _parts(token: str) -> tuple[bytes, bytes]:
    if not TOKEN.fullmatch(token):
        raise LinkForged
    try:
        data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise LinkForged from error
    mac, message = data[:MAC_BYTES], data[MAC_BYTES:]
    # the last letter has bits that mean nothing: without the comparison several tokens would open one report
    if _text(data) != token or not NAME.fullmatch(message[END.size :]):
        raise LinkForged
    return mac, message


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
