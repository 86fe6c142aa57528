"""Clients of AWS services, each made when it is first used: an import makes none, nor does a path that needs none."""

from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
from botocore.handlers import add_expect_header

if TYPE_CHECKING:
    client = boto3.client
else:
    LOCK = Lock()  # boto3 makes clients in one thread at a time

    class client:  # noqa: N801 - used as boto3's function is, whose stubs say what each client can do
        """As `boto3.client`, but S3 need not agree to an object (`Expect: 100-continue`) before it is sent."""

        def __init__(self, service: str, **options: Any) -> None:
            self._service, self._options, self._made = service, options, None

        def __getattr__(self, name: str) -> Any:
            with LOCK:
                if self._made is None:
                    self._made = boto3.client(self._service, **self._options)
                    self._made.meta.events.unregister("before-call.s3", add_expect_header)
            return getattr(self._made, name)
