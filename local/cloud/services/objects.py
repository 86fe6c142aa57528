"""S3 objects as plain files: moto handles the protocol, `<lake>/<bucket>/<key>` holds the bytes.

Noncurrent versions are stored under `<lake>/.versions`, metadata and multipart ETags under `<lake>/.attributes`.
"""

import hashlib
import json
import mmap
import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar

from moto.s3 import models
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response
from moto.utilities.utils import LowercaseDict

from local.cloud.account import ACCOUNT, REGION
from local.cloud.services import conditional_writes

CHUNK = 1 << 20
DEFAULT_METADATA = {"content-type": "binary/octet-stream"}
OF_THE_REQUEST = {"x-amz-content-sha256"}
OF_EACH = {"name", "bucket_name", "contentsize", "_etag", "_version_id"}  # attributes that differ between objects
# The methods of moto that read or change objects.
OPERATIONS = (
    *("get_object", "head_object", "put_object", "copy_object", "delete_object", "_bucket_response_delete_keys"),
    *("list_objects", "list_objects_v2", "list_object_versions", "list_parts", "_key_response_post"),
)


class FileBytes(mmap.mmap):
    """The bytes of an open file: slices do not read the rest, iteration yields chunks."""

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override] # mmap's yields single bytes
        return (self[start : start + CHUNK] for start in range(0, len(self), CHUNK))


class Files:
    """The paths of a lake's objects. `lock` makes a lookup with its open, and a check with its write, atomic."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        self.closed = False
        self.lock = threading.RLock()
        shutil.rmtree(lake / ".incoming", ignore_errors=True)
        (lake / ".incoming").mkdir(parents=True)

    def incoming(self) -> Path:
        """A new path for bytes that are not an object yet."""
        return self.lake / ".incoming" / uuid.uuid4().hex

    def current(self, bucket: str, key: str) -> Path:
        """The path of the current version. Raises S3ClientError (400) if no file can have the key as its path."""
        if {"", ".", ".."} & set(key.split("/")):
            raise S3ClientError(
                "InvalidRequest", f"The laptop stores objects as files, and no file can be named {key!r}."
            )
        return self.lake / bucket / key

    def version(self, bucket: str, key: str, version_id: str) -> Path:
        """The path of a noncurrent version."""
        return self.lake / ".versions" / bucket / key / version_id

    def attributes(self, bucket: str, key: str) -> Path:
        """The path of the current version's attributes, which exist unless all have their default values."""
        return self.lake / ".attributes" / bucket / key

    def expire_versions(self, bucket: str, before: datetime) -> None:
        """Remove the noncurrent versions that were replaced before a moment: the link to their path was made then."""
        for path, stat in files_below(self.lake / ".versions" / bucket):
            if stat.st_ctime < before.timestamp():
                Path(path).unlink()

    def settle(self, bucket: str, key: str) -> None:
        """Move the files of a key to match moto's list of its versions, which has the newest last."""
        listed = models.s3_backends[ACCOUNT]["aws"].buckets[bucket].keys.getlist(key, [])
        path = self.current(bucket, key)
        for version in listed[:-1]:
            if isinstance(version, StoredObject) and version.path == path:
                older = self.version(bucket, key, version.version_id)
                older.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, older)  # not moved: the current path always exists for readers of the file system
                version.path = older
        if listed and isinstance(listed[-1], StoredObject):
            if listed[-1].path != path:
                listed[-1].path.replace(path)
                listed[-1].path = path
            listed[-1].share()
        else:
            path.unlink(missing_ok=True)
            self.attributes(bucket, key).unlink(missing_ok=True)


def files_below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The path and status of every file below a folder: a lake has tens of thousands, for which pathlib is slow."""
    for here, _, names in os.walk(folder):
        for name in names:
            path = f"{here}/{name}"
            yield path, os.stat(path)  # noqa: PTH116 - pathlib


class StoredObject(models.FakeKey):  # type: ignore[misc] # moto has no types
    """One version of an object, or one part of an upload."""

    files: ClassVar[Files]
    _path: str | None = None  # None for that of the current version
    _etag: str | None

    def __new__(cls, *_: Any, **__: Any) -> "StoredObject":
        """Unlike moto, does not register every instance: the list would grow with every object ever created."""
        return object.__new__(cls)

    def __init__(self, *args: Any, **options: Any) -> None:
        """Without moto's buffer, and the lock of the buffer."""
        super().__init__(*args, **options)
        del self._value_buffer, self.lock

    def share(self) -> None:
        """Leave to the class what most objects have in common: a lake has tens of thousands."""
        shared = _shared()
        self.__dict__ = {
            name: value for name, value in vars(self).items() if name not in shared or value != shared[name]
        }

    @property
    def path(self) -> Path:
        """The file with the content."""
        return Path(self._path) if self._path else self.files.lake / self.bucket_name / self.name

    @path.setter
    def path(self, path: Path) -> None:
        is_current = self.bucket_name is not None and path == self.files.lake / self.bucket_name / self.name
        self._path = None if is_current else str(path)

    @property
    def value(self) -> FileBytes | bytes:
        """The content; it stays readable after the object is replaced or deleted."""
        with self.path.open("rb") as file:
            return FileBytes(file.fileno(), 0, access=mmap.ACCESS_READ) if self.contentsize else b""

    @value.setter
    def value(self, content: bytes | FileBytes | Path) -> None:
        if isinstance(content, Path):
            self.path = content
        else:
            if self.bucket_name is not None:
                self._make_room(self.files.current(self.bucket_name, self.name))
            self.path = self.files.incoming()
            self.path.write_bytes(content)
        stat = self.path.stat()
        self.contentsize = stat.st_size
        self.last_modified = datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None)

    def _make_room(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            taken = True
        else:
            taken = path.is_dir()
        if taken:
            raise S3ClientError(
                "InvalidRequest",
                f"The laptop stores objects as files: {self.name!r} would be both a file and a folder.",
            )

    @property
    def etag(self) -> str:
        """The quoted ETag: that of the multipart upload, else the MD5 of the content."""
        if self._etag is None:
            self._etag = hashlib.md5(self.value, usedforsecurity=False).hexdigest()
        return f'"{self._etag}"'

    def set_metadata(self, metadata: Any, replace: bool = False) -> None:
        """Set the metadata, and store them with the multipart ETag unless both have default values."""
        self._metadata = LowercaseDict(self.metadata)
        super().set_metadata(metadata, replace)
        kept = {name.lower(): value for name, value in self._metadata.items() if name.lower() not in OF_THE_REQUEST}
        self._metadata = _one_of_each(tuple(kept.items()))
        multipart_etag = self._etag if self._etag and "-" in self._etag else None
        path = self.files.attributes(self.bucket_name, self.name)
        if kept == DEFAULT_METADATA and not multipart_etag:
            path.unlink(missing_ok=True)
            return
        attributes = {"mtime_ns": self.path.stat().st_mtime_ns, "etag": multipart_etag, "metadata": kept}
        fresh = self.files.incoming()
        fresh.write_text(json.dumps(attributes))
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.replace(path)

    def dispose(self, garbage: bool = False) -> None:
        """Delete the file of a version that moto discards; `settle` deletes current versions."""
        self.disposed = True
        if not (self.files.closed or garbage or self._path is None):
            self.path.unlink(missing_ok=True)
        if self.multipart:
            self.multipart.dispose()

    def __deepcopy__(self, _: Any) -> "StoredObject":
        """Another instance for the same file: moto copies the versions that it lists."""
        copied = StoredObject.__new__(StoredObject)
        copied.__dict__.update(self.__dict__)
        return copied

    def __del__(self) -> None:
        """Nothing: the file outlives the Python object."""


class KnownObject(StoredObject):
    """A current version from an earlier laptop. moto's attributes, some kilobytes of each object, are made at need."""

    def __init__(self, bucket: str, key: str) -> None:
        """Nothing else is known at first."""
        self.bucket_name, self.name, self._made = bucket, key, False

    def __getattr__(self, attribute: str) -> Any:
        """Called for what is not there: make all attributes."""
        if not attribute.startswith("__"):
            with self.files.lock:
                self._make()
        return object.__getattribute__(self, attribute)

    def _make(self) -> None:
        if self._made:
            return
        self._made = True
        bucket, key, path = self.bucket_name, self.name, self.path
        version = str(uuid.uuid4())
        super().__init__(key, path, ACCOUNT, REGION, version_id=version, is_versioned=True, bucket_name=bucket)
        with suppress(FileNotFoundError):
            attributes = json.loads(self.files.attributes(bucket, key).read_bytes())
            if attributes["mtime_ns"] == path.stat().st_mtime_ns:
                self._etag = attributes["etag"]
                self._metadata.update(attributes["metadata"])
        self.share()


def install(lake: Path) -> None:
    """Store moto's objects under `lake`."""
    _patch()
    StoredObject.files = Files(lake)


def uninstall() -> None:
    """Release the lake: objects that moto discards later stay on disk."""
    StoredObject.files.closed = True


def restore(lake: Path) -> None:
    """Register every object under `lake` in moto, current versions only."""
    backend = models.s3_backends[ACCOUNT]["aws"]
    for folder in sorted(path for path in lake.iterdir() if path.is_dir() and not path.name.startswith(".")):
        bucket = backend.create_bucket(folder.name, REGION)
        for path, _ in files_below(folder):
            key = path.removeprefix(f"{folder}/")
            bucket.keys.setlist(key, [KnownObject(folder.name, key)])


@lru_cache(maxsize=1_000)
def _one_of_each(metadata: tuple[tuple[str, str], ...]) -> LowercaseDict:
    """Shared by all objects that have these metadata: do not modify."""
    return LowercaseDict(metadata)


@cache
def _shared() -> dict[str, Any]:
    """The attributes of a new object that are constants; the class has them."""
    made = vars(models.FakeKey("", b"", ACCOUNT, REGION, is_versioned=True))
    return {
        name: value
        for name, value in made.items()
        if name not in OF_EACH and (value is None or isinstance(value, str | int | models.FakeAcl))
    }


@cache
def _patch() -> None:
    backend = models.S3Backend
    models.get_canned_acl = cache(models.get_canned_acl)  # moto makes one for each object, and keeps all
    for name, value in _shared().items():
        setattr(StoredObject, name, value)
    models.FakeKey = StoredObject
    backend.put_object = _settled(backend.put_object)
    backend.delete_object = _settled(backend.delete_object)
    for name in OPERATIONS:
        setattr(S3Response, name, _locked(name, getattr(S3Response, name)))


def _settled(operation: Callable[..., Any]) -> Callable[..., Any]:
    def settled(self: Any, bucket_name: str, key_name: str, *args: Any, **options: Any) -> Any:
        files = StoredObject.files
        with files.lock:
            result = operation(self, bucket_name, key_name, *args, **options)
            files.settle(bucket_name, key_name)
            return result

    return settled


def _locked(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    def locked(self: Any, *args: Any, **options: Any) -> Any:
        with StoredObject.files.lock:
            conditional_writes.check(name, self, args)
            return operation(self, *args, **options)

    return locked
