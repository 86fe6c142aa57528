"""S3 on the laptop writes on conditions as documented."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.aws import LocalAWS
from tests.local.documented import REFUSED, rows

TEMPLATE = Path(__file__).parents[1] / "platform/template.yaml"
BUCKET = "singstat-bucket"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with LocalAWS(tmp_path_factory.mktemp("lake"), TEMPLATE) as aws:
        client = aws.client("s3")
        client.put_object(Bucket=BUCKET, Key="source", Body=b"new")
        yield client


@pytest.mark.parametrize(
    ("key", "row"),
    list(enumerate(rows("conditional-writes"))),
    ids=lambda row: " ".join(list(row.values())[:3]) if isinstance(row, dict) else "",
)
def test_conditional_writes(s3: Any, key: int, row: dict[str, str]) -> None:
    target = {"Bucket": BUCKET, "Key": f"key-{key}"}
    etags = {"another": '"0"', "*": "*", **prepare(s3, target, row["object"])}
    name, _, value = row["condition"].partition("=")
    before = content(s3, target)
    try:
        OPERATIONS[row["operation"]](s3, target, {name: etags[value]})
        found = row["expected"] if content(s3, target) != before else "nothing changed"
    except ClientError as error:
        found = REFUSED if REFUSED in str(error) else str(error.response["Error"]["Code"])
        assert content(s3, target) == before
    assert found == row["expected"]


def prepare(s3: Any, target: dict[str, str], state: str) -> dict[str, str]:
    """Bring an object into a state; its ETags by name."""
    if state == "absent":
        return {}
    current = previous = s3.put_object(**target, Body=b"first")["ETag"]
    if state == "replaced":
        current = s3.put_object(**target, Body=b"second")["ETag"]
    if state == "deleted":
        s3.delete_object(**target)
    return {"current": current, "current without quotes": current.strip('"'), "previous": previous}


def content(s3: Any, target: dict[str, str]) -> bytes | None:
    try:
        return bytes(s3.get_object(**target)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None


def multipart(s3: Any, target: dict[str, str], condition: dict[str, str]) -> None:
    upload = target | {"UploadId": s3.create_multipart_upload(**target)["UploadId"]}
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"new")["ETag"]}
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]}, **condition)


OPERATIONS: dict[str, Callable[[Any, dict[str, str], dict[str, str]], Any]] = {
    "put": lambda s3, target, condition: s3.put_object(**target, Body=b"new", **condition),
    "copy": lambda s3, target, condition: s3.copy_object(
        **target, CopySource={"Bucket": BUCKET, "Key": "source"}, **condition
    ),
    "multipart": multipart,
    "delete": lambda s3, target, condition: s3.delete_object(**target, **condition),
}
