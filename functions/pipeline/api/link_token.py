"""Tokens for links to reports: expiry and key with an HMAC, in base64url, short enough for a mail.

token = base64url(32 bytes of HMAC, 4 bytes of expiry, name below REPORTS), without padding
"""

import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.contracts.keys import REPORTS

NAME = re.compile(rb"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
TOKEN = re.compile(r"[A-Za-z0-9_-]{1,511}")
PUNCTUATION = ".,;:!?*'\")]}>\u2026\u2019\u201d\xbb"  # what mail programs take into a link that it follows
MAC_BYTES = 32
EXPIRY = struct.Struct(">I")  # seconds since 1970

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]


class LinkForged(Exception):
    """The token's HMAC is not from our key, or its form is invalid."""


class LinkExpired(Exception):
    """The token was valid but has expired."""


def create(key: str, now: datetime, days: int, sign: Sign) -> str:
    """A token that opens the report at `key` for `days` days. Raises ValueError if it is not a report's key."""
    name = key.removeprefix(REPORTS).encode()
    if not key.startswith(REPORTS) or not NAME.fullmatch(name):
        raise ValueError(f"{key!r} is not a report's key")
    message = EXPIRY.pack(int((now + timedelta(days=days)).timestamp())) + name
    token = _text(sign(message) + message)
    if not TOKEN.fullmatch(token):
        raise ValueError(f"{key!r} is too long for a link")
    return token


def decode(token: str, now: datetime, verify: Verify) -> str:
    """The key of the report that `token` opens. Raises `LinkForged` or, if it was valid, `LinkExpired`."""
    mac, message = _parts(token)
    if not verify(message, mac):
        raise LinkForged
    (expiry,) = EXPIRY.unpack_from(message)
    if now.timestamp() >= expiry:
        raise LinkExpired
    return REPORTS + message[EXPIRY.size :].decode("ascii")


def _parts(token: str) -> tuple[bytes, bytes]:
    if not TOKEN.fullmatch(token):
        raise LinkForged
    try:
        data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError as error:
        raise LinkForged from error
    mac, message = data[:MAC_BYTES], data[MAC_BYTES:]
    # unused bits of the last character would let several tokens open one report
    if _text(data) != token or not NAME.fullmatch(message[EXPIRY.size :]):
        raise LinkForged
    return mac, message


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
