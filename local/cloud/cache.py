"""What processes of this checkout derive once and share, in its virtual environment, as JSON."""

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

CACHE = Path(sys.prefix) / "cache"


def digest(*parts: bytes) -> str:
    """A name for what is derived from `parts`."""
    return hashlib.sha256(b" ".join(parts)).hexdigest()


def keep(path: Path, content: bytes) -> None:
    """Write a file, which other processes see whole or not at all; nothing if its folder cannot be written."""
    fresh = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
