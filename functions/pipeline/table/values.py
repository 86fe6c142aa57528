"""The numeric value of a cell's text, which is itself always kept verbatim as `value_text`.

After stripping white space, text is a number if it consists of an optional minus, 1 to 20 digits and up to 18
decimals in ASCII, and a missing value if it is one of the markers. Any other text is rejected: there is no guessing.
"""

import re
from decimal import Context, Inexact
from enum import StrEnum

MARKERS = frozenset({"", "-", "na", "n.a.", "s", "..", "..."})
MAX_DIGITS, MAX_DECIMALS = 20, 18
EXACT = Context(prec=80, traps=[Inexact])  # for sums and differences of values; rounding raises
NUMBER = re.compile(
    rf"-?[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,{MAX_DECIMALS}}})?", re.ASCII
)  # fits decimal(38,18) exactly


class Meaning(StrEnum):
    """How a cell's text is counted in the manifest. A repeated cell is no observation: an equal one precedes it."""

    PARSED = "parsed"
    MISSING = "missing"
    REJECTED = "rejected"
    REPEATED = "repeated"


def read_value(text: str) -> tuple[Meaning, str]:
    """The meaning of a cell's text and its exact decimal as text, empty unless the meaning is `PARSED`."""
    stripped = text.strip()
    if NUMBER.fullmatch(stripped):
        return Meaning.PARSED, stripped
    return (Meaning.MISSING if stripped.lower() in MARKERS else Meaning.REJECTED), ""
