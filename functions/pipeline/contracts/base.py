"""The base of every contract: unknown fields are refused."""

from msgspec import Struct


class Contract(Struct, forbid_unknown_fields=True, kw_only=True):
    """The base of all payloads."""
