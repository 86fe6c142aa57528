"""What a cell's text means. The text itself is always kept beside it, as it came.

One rule: text without the white space around it is a number when it is an optional minus, up to 20 digits and
up to 18 decimals, in ASCII; it is missing when it is one of the markers; anything else is rejected, not guessed.
"""

import re
from enum import StrEnum

MARKERS = frozenset({"", "-", "na", "n.a.", "s", "..", "..."})
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,18})?", re.ASCII)  # what decimal(38,18) holds exactly


class Meaning(StrEnum):
    PARSED = "parsed"
    MISSING = "missing"
    REJECTED = "rejected"


def read_value(text: str) -> tuple[Meaning, str]:
    """The meaning of a cell's text and, for a number, its exact decimal as text (else an empty string)."""
    bare = text.strip()
    if NUMBER.fullmatch(bare):
        return Meaning.PARSED, bare
    return (Meaning.MISSING if bare.lower() in MARKERS else Meaning.REJECTED), ""
