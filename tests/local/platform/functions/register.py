"""A custom resource's function."""

import json
from typing import Any
from urllib.request import Request, urlopen


def handler(event: dict[str, Any], _: Any) -> None:
    """Answer with what it was given."""
    properties = event["ResourceProperties"]
    answer = {
        "Status": "FAILED" if properties["Colour"] == "none" else "SUCCESS",
        "Reason": "no colour",
        "PhysicalResourceId": f"registration-{event['LogicalResourceId']}",
        "Data": {"Version": f"{event['RequestType']}-{properties['Count']}-{properties['Shapes'][1]['corners']}"},
    }
    request = Request(event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT")  # noqa: S310
    urlopen(request).close()  # noqa: S310
