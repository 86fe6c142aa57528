"""A function behind an API: it answers with its event, or does what the last part of the path says."""

import json
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    """See the module."""
    wanted = event["path"].rpartition("/")[2]
    if wanted == "fail":
        raise RuntimeError("a secret")
    if wanted == "malformed":
        return {"body": "no status"}
    return {"statusCode": 299, "headers": {"Cache-Control": "no-store"}, "body": json.dumps(event)}
