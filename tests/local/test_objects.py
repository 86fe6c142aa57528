"""S3 objects on the laptop: persistence, versions, ranges, refusals, concurrent writers."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.cloud.account import REGION
from local.cloud.aws import LocalAWS

TEMPLATE = Path(__file__).parent / "platform/template.yaml"
BUCKET = "singstat-bucket"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture(scope="class")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAWS]:
    with LocalAWS(tmp_path_factory.mktemp("lake"), TEMPLATE) as running:
        yield running


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


class TestPersistence:
    """A second LocalAWS on the same lake."""

    def test_objects_with_their_etags_and_conditions(self, lake: Path) -> None:
        key = "raw/table=M1/page 1.json"
        with LocalAWS(lake, TEMPLATE) as first:
            s3 = first.client("s3")
            etag = s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}", ContentType="application/json")["ETag"]
            modified = s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
            assert (lake / BUCKET / key).read_bytes() == b"{}"
        with LocalAWS(lake, TEMPLATE) as second:
            s3 = second.client("s3")
            found = s3.get_object(Bucket=BUCKET, Key=key)
            assert (found["Body"].read(), found["ETag"]) == (b"{}", etag)
            assert (found["ContentType"], found["LastModified"]) == ("application/json", modified)
            listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="raw/")["Contents"]
            assert [(one["Key"], one["ETag"], one["Size"]) for one in listed] == [(key, etag, 2)]
            with pytest.raises(ClientError) as refused:
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"2", IfNoneMatch="*")
            assert code(refused) == "PreconditionFailed"
            with pytest.raises(ClientError) as refused:
                s3.put_object(Bucket=BUCKET, Key=key, Body=b"2", IfMatch='"wrong"')
            assert code(refused) == "PreconditionFailed"
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"3", IfMatch=etag)
            assert (lake / BUCKET / key).read_bytes() == b"3"
            older = s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"][1]["VersionId"]
            assert s3.get_object(Bucket=BUCKET, Key=key, VersionId=older)["Body"].read() == b"{}"

    def test_multipart_objects(self, lake: Path, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(os.urandom(1 << 20) * 20)
        with LocalAWS(lake, TEMPLATE) as first:
            first.client("s3").upload_file(str(source), BUCKET, "big")
            etag = first.client("s3").head_object(Bucket=BUCKET, Key="big")["ETag"]
            assert etag.endswith('-3"')
            assert not list((lake / ".incoming").iterdir())
        with LocalAWS(lake, TEMPLATE) as second:
            second.client("s3").download_file(BUCKET, "big", str(tmp_path / "copy"))
            assert (tmp_path / "copy").read_bytes() == source.read_bytes()
            assert second.client("s3").head_object(Bucket=BUCKET, Key="big")["ETag"] == etag

    def test_the_catalogue(self, lake: Path) -> None:
        with LocalAWS(lake, TEMPLATE) as first:
            first.client("glue").create_database(DatabaseInput={"Name": "extra"})
        with LocalAWS(lake, TEMPLATE) as second:
            assert second.client("glue").get_database(Name="extra")["Database"]["Name"] == "extra"

    def test_nothing_of_another_lake(self, tmp_path: Path) -> None:
        with LocalAWS(tmp_path / "one", TEMPLATE) as first:
            first.client("s3").put_object(Bucket=BUCKET, Key="a", Body=b"1")
            first.client("sns").create_topic(Name="other")
        with LocalAWS(tmp_path / "two", TEMPLATE) as second:
            assert second.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
            assert len(second.client("sns").list_topics()["Topics"]) == 1
        assert (tmp_path / "one" / BUCKET / "a").read_bytes() == b"1"


class TestObjects:
    def test_versions_and_deletes(self, aws: LocalAWS) -> None:
        s3, path = aws.client("s3"), aws.lake / BUCKET / "folder/object"
        first = s3.put_object(Bucket=BUCKET, Key="folder/object", Body=b"1")["VersionId"]
        second = s3.put_object(Bucket=BUCKET, Key="folder/object", Body=b"2")["VersionId"]
        assert path.read_bytes() == b"2"
        s3.delete_object(Bucket=BUCKET, Key="folder/object", VersionId=second)
        assert path.read_bytes() == b"1"
        s3.delete_object(Bucket=BUCKET, Key="folder/object")
        assert not path.exists()
        with pytest.raises(ClientError) as missing:
            s3.get_object(Bucket=BUCKET, Key="folder/object")
        assert code(missing) == "NoSuchKey"
        assert s3.get_object(Bucket=BUCKET, Key="folder/object", VersionId=first)["Body"].read() == b"1"
        s3.delete_object(Bucket=BUCKET, Key="folder/object", VersionId=first)
        assert not list((aws.lake / ".versions" / BUCKET / "folder/object").iterdir())

    def test_a_bucket_without_versioning(self, aws: LocalAWS) -> None:
        s3, bucket = aws.client("s3"), aws.resource("Plain")
        s3.put_object(Bucket=bucket, Key="a/b", Body=b"1")
        s3.put_object(Bucket=bucket, Key="a/b", Body=b"2")
        s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a/b"})
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/b"}]})
        assert [path.name for path in (aws.lake / bucket).rglob("*") if path.is_file()] == ["c"]
        assert s3.get_object(Bucket=bucket, Key="c")["Body"].read() == b"2"
        assert not (aws.lake / ".versions" / bucket).exists()

    def test_ranges(self, aws: LocalAWS) -> None:
        s3 = aws.client("s3")
        s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
        s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
        asked = {"bytes=2-4": b"234", "bytes=7-": b"789", "bytes=-2": b"89", "bytes=8-99": b"89"}
        for span, expected in asked.items():
            found = s3.get_object(Bucket=BUCKET, Key="digits", Range=span)
            assert (found["Body"].read(), found["ResponseMetadata"]["HTTPStatusCode"]) == (expected, 206)
        assert found["ContentRange"] == "bytes 8-9/10"
        assert s3.get_object(Bucket=BUCKET, Key="empty")["Body"].read() == b""

    @pytest.mark.parametrize("key", ["../../outside", "a//b", "folder/", "taken/below"])
    def test_keys_that_cannot_be_file_paths_are_refused(self, aws: LocalAWS, key: str) -> None:
        s3 = aws.client("s3")
        s3.put_object(Bucket=BUCKET, Key="taken", Body=b"1")
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"2")
        assert code(refused) == "InvalidRequest"
        assert s3.get_object(Bucket=BUCKET, Key="taken")["Body"].read() == b"1"

    def test_one_of_many_writers_wins(self, aws: LocalAWS) -> None:
        s3 = aws.client("s3")

        def write(number: int) -> bool:
            s3.put_object(Bucket=BUCKET, Key=f"many/{number}", Body=b"x" * 100_000)
            try:
                s3.put_object(Bucket=BUCKET, Key="one", Body=str(number).encode(), IfNoneMatch="*")
            except ClientError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(write, range(64)))
        assert won.count(True) == 1
        assert s3.get_object(Bucket=BUCKET, Key="one")["Body"].read() == str(won.index(True)).encode()
        assert s3.list_objects_v2(Bucket=BUCKET, Prefix="many/")["KeyCount"] == 64

    def test_readers_never_see_a_partial_object(self, aws: LocalAWS) -> None:
        s3, stop, seen = aws.client("s3"), threading.Event(), set[bytes]()
        s3.put_object(Bucket=aws.resource("Plain"), Key="swap", Body=b"a" * 300_000)

        def read() -> None:
            while not stop.is_set():
                seen.add(s3.get_object(Bucket=aws.resource("Plain"), Key="swap")["Body"].read())

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for number in range(40):
            body = (b"ab"[number % 2 : number % 2 + 1]) * (300_000 - number % 2)
            s3.put_object(Bucket=aws.resource("Plain"), Key="swap", Body=body)
        stop.set()
        for reader in readers:
            reader.join()
        assert seen <= {b"a" * 300_000, b"b" * 299_999}

    def test_a_listing_is_complete_during_writes(self, aws: LocalAWS) -> None:
        s3, bucket = aws.client("s3"), aws.resource("Plain")

        def write(number: int) -> None:
            for _ in range(20):
                s3.put_object(Bucket=bucket, Key=f"growing/{number}", Body=b"x" * 100_000)

        with ThreadPoolExecutor(4) as pool:
            writing = [pool.submit(write, number) for number in range(4)]
            while not all(future.done() for future in writing):
                listed = s3.list_objects_v2(Bucket=bucket, Prefix="growing/").get("Contents", [])
                assert {one["Size"] for one in listed} <= {100_000}
        assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="growing/")["Contents"]] == [
            f"growing/{number}" for number in range(4)
        ]


def signed(service: str) -> dict[str, str]:
    """The header by which AWS tells the service of a request; moto does not check the signature itself."""
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=a/20261129/{REGION}/{service}/aws4_request"}


class TestConnections:
    """What processes other than the laptop's send over HTTP."""

    @pytest.fixture
    def connection(self, aws: LocalAWS) -> HTTPConnection:
        return HTTPConnection(aws.url.removeprefix("http://"))

    def test_one_serves_one_request_after_another(self, connection: HTTPConnection) -> None:
        answers = []
        for method, body in {"PUT": b"1", "GET": None, "POST": b"22", "HEAD": None, "DELETE": None}.items():
            connection.request(method, f"/{BUCKET}/kept", body=body, headers=signed("s3"))
            response = connection.getresponse()
            answers.append((response.read(), response.will_close))

        assert [kept for _, kept in answers] == [False] * 5
        assert (answers[1][0], answers[3][0]) == (b"1", b"")

    def test_a_body_is_asked_for(self, aws: LocalAWS, connection: HTTPConnection) -> None:
        connection.putrequest("PUT", f"/{BUCKET}/asked")
        for name, value in {**signed("s3"), "Expect": "100-continue", "Content-Length": "1"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.sock.settimeout(10)
        begin = connection.sock.recv(100)
        connection.send(b"1")

        assert begin == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert connection.getresponse().status == 200
        assert (aws.lake / BUCKET / "asked").read_bytes() == b"1"

    def test_metadata_keep_their_names(self, aws: LocalAWS, connection: HTTPConnection) -> None:
        named = {"x-amz-meta-a_b": "1", "x-amz-meta-c-d": "2"}
        connection.request("PUT", f"/{BUCKET}/named", headers=signed("s3") | named)

        assert connection.getresponse().status == 200
        assert aws.client("s3").head_object(Bucket=BUCKET, Key="named")["Metadata"] == {"a_b": "1", "c-d": "2"}

    def test_a_service_that_moto_has_not(self, connection: HTTPConnection) -> None:
        connection.request("GET", "/", headers=signed("no-such-service"))

        assert connection.getresponse().status == 500

    def test_an_object_whose_file_was_changed_ends(self, aws: LocalAWS, connection: HTTPConnection) -> None:
        aws.client("s3").put_object(Bucket=BUCKET, Key="changed", Body=b"longer before")
        (aws.lake / BUCKET / "changed").write_bytes(b"now")
        connection.timeout = 10
        connection.request("GET", f"/{BUCKET}/changed", headers=signed("s3"))

        assert connection.getresponse().read() == b"now"
