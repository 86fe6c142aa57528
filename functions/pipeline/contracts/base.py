"""The base class of contracts."""

from msgspec import Struct


class Contract(Struct, forbid_unknown_fields=True, kw_only=True):
    """A payload or record that rejects unknown fields."""
