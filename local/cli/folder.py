"""Atomic replacement of the exported files in a folder; other files in it are left alone."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

INDEX = "export.json"
OURS = re.compile(r"(README\.txt|(datapackage|croissant)\.json|([a-z_]+/)?\w+\.(parquet|csv|xlsx|xml))", re.ASCII)


class Index(msgspec.Struct):
    """`export.json`: the SHA-256 of each exported file, by its path in the folder."""

    files: dict[str, str]


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A staging directory; its files move to `folder` when the block succeeds, and replace those of the last export.

    A new folder appears atomically; in an existing one, each file is replaced atomically. Raises `OSError` if `folder`
    cannot be written or contains a file of that name which is not from an export.
    """
    if file := next((path for path in (folder, *folder.parents) if path.is_file()), None):
        raise NotADirectoryError(f"{file} is a file, not a folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = folder if folder.exists() else folder.parent
        with TemporaryDirectory(prefix=".export-", dir=beside) as temporary:
            stage = Path(temporary) / "files"
            stage.mkdir()
            yield stage
            _write_index(stage)
            if folder.exists():
                _replace(stage, folder)
            else:
                stage.rename(folder)
    except OSError as error:
        raise OSError(f"{folder} cannot be written: {error.strerror or error}") from error


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_index(stage: Path) -> None:
    files = {path.relative_to(stage).as_posix(): sha256(path) for path in sorted(stage.rglob("*")) if path.is_file()}
    (stage / INDEX).write_bytes(msgspec.json.format(msgspec.json.encode(Index(files))) + b"\n")


def _replace(stage: Path, folder: Path) -> None:
    """The index is replaced first: if interrupted, it still names every exported file in the folder."""
    before, now = _indexed(folder), _indexed(stage)
    if foreign := sorted(name for name in now - before if (folder / name).exists()):
        raise FileExistsError(f"{foreign[0]} already exists and is not from an export")
    for name in before - now:
        (folder / name).unlink(missing_ok=True)
        if (folder / name).parent != folder:
            with suppress(OSError):  # it contains other files
                (folder / name).parent.rmdir()
    for name in sorted(now, key=INDEX.__ne__):
        (folder / name).parent.mkdir(exist_ok=True)
        (stage / name).replace(folder / name)


def _indexed(folder: Path) -> set[str]:
    """The exported files in `folder`; none if it has no valid index."""
    try:
        index = msgspec.json.decode((folder / INDEX).read_bytes(), type=Index)
    except (FileNotFoundError, msgspec.MsgspecError):
        return set()
    return {INDEX, *filter(OURS.fullmatch, index.files)}
