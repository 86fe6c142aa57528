"""A folder that is given all files of an export or none, and keeps what else is in it."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

LIST = "export.json"
OURS = re.compile(r"(README\.txt|([a-z_]+/)?\w+\.(parquet|csv|xlsx))", re.ASCII)


class Listing(msgspec.Struct):
    """`export.json`: the SHA-256 of every file of the export."""

    files: dict[str, str]


@contextmanager
def filled(folder: Path) -> Iterator[Path]:
    """A place for files, which stand in `folder` once the block has ended well; those of the export before go.

    A new folder appears at once, with everything; in one that exists, each file is replaced at once. Raises `OSError`.
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
            _list(stage)
            if folder.exists():
                _replace(stage, folder)
            else:
                stage.rename(folder)
    except OSError as error:
        raise OSError(f"{folder} cannot be written: {error.strerror or error}") from error


def _list(stage: Path) -> None:
    files = {
        path.relative_to(stage).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(stage.rglob("*"))
        if path.is_file()
    }
    (stage / LIST).write_bytes(msgspec.json.format(msgspec.json.encode(Listing(files))) + b"\n")


def _replace(stage: Path, folder: Path) -> None:
    """The list comes first: whenever this is cut short, it names every file of ours that is here."""
    before, now = _listed(folder), _listed(stage)
    if foreign := sorted(name for name in now - before if (folder / name).exists()):
        raise FileExistsError(f"{foreign[0]} is there already and is of no export")
    for name in before - now:
        (folder / name).unlink(missing_ok=True)
        if (folder / name).parent != folder:
            with suppress(OSError):  # there are other files in it
                (folder / name).parent.rmdir()
    for name in sorted(now, key=LIST.__ne__):
        (folder / name).parent.mkdir(exist_ok=True)
        (stage / name).replace(folder / name)


def _listed(folder: Path) -> set[str]:
    """The files of the export in `folder`; none, when its list is not of an export."""
    try:
        listing = msgspec.json.decode((folder / LIST).read_bytes(), type=Listing)
    except (FileNotFoundError, msgspec.MsgspecError):
        return set()
    return {LIST, *filter(OURS.fullmatch, listing.files)}
