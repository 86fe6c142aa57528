"""S3's conditional writes: moto ignores the conditions of copies, and those of multipart uploads in part.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html and the API reference.
"""

from collections.abc import Sequence
from typing import Any

from moto.s3.exceptions import MissingKey, PreconditionFailed, S3ClientError

COMPLETE, QUERY = "_key_response_post", 3  # the place of an argument of moto's method
WRITES = ("put_object", "copy_object", COMPLETE)


def check(operation: str, response: Any, arguments: Sequence[Any]) -> None:
    """Raises moto's error if the condition of a write is not fulfilled; moto checks those of deletes."""
    match, none_match = response.headers.get("If-Match"), response.headers.get("If-None-Match")
    if operation == "delete_object" and match == "*":
        raise S3ClientError("NotImplemented", "not on the laptop: a delete with If-Match: *")
    if operation not in WRITES or not (match or none_match):
        return
    if operation == COMPLETE:
        response._set_action("KEY", "POST", arguments[QUERY])  # moto sets it later, but needs it for an error
    if none_match not in (None, "*") or (match and none_match):
        raise S3ClientError(
            "NotImplemented", "A header that you provided implies functionality that is not implemented."
        )
    current = response.backend.get_object(response.bucket_name, response.parse_key_name())
    if none_match and current is not None:
        raise PreconditionFailed("If-None-Match")
    if match and current is None:
        raise MissingKey(key=response.parse_key_name())
    if match and match.strip('"') != current.etag.strip('"'):
        raise PreconditionFailed("If-Match")
