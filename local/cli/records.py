"""The records of a lake, each read by itself: an odd one is named, and the others are shown."""

from pathlib import Path
from typing import TypeVar

import msgspec
from pipeline.contracts import keys
from pipeline.publication.record import Publication

MAX_BYTES = 1_000_000  # of a publication, which has about 300 for each edition
T = TypeVar("T")


def read_record(path: Path, shape: type[T]) -> tuple[T | None, str]:
    """The record at `path`, or why it cannot be read; neither if there is none, or an empty one."""
    try:
        body = path.read_bytes()
        return (msgspec.json.decode(body, type=shape) if body else None), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return None, f"{path} cannot be read: {error}"


def read_publication(path: Path) -> tuple[Publication | None, str]:
    """The publication at `path`, or why it cannot be shown; neither if there is none."""
    if path.exists() and (size := path.stat().st_size) > MAX_BYTES:
        return None, f"{path} cannot be shown: it has {size:,} bytes"
    return read_record(path, Publication)


def publications(lake: Path) -> tuple[list[Publication], list[str]]:
    """The published tables by id, and what is wrong with the records that cannot be shown."""
    read = [read_publication(path) for path in sorted(lake.glob(f"*/{keys.PUBLICATIONS}/*.json"))]
    return [record for record, _ in read if record], [wrong for _, wrong in read if wrong]
