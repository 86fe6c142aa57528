"""Small lakes for tests of the analytics services, and a moto server on top."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import duckdb
from botocore.config import Config

from local.cloud.account import REGION

SERDES = {
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "json": "org.openx.data.jsonserde.JsonSerDe",
}


def parquet(lake: Path, key: str, select: str) -> Path:
    """Write the result of a DuckDB SELECT as the object `<bucket>/<key>`."""
    path = lake / key
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def text(lake: Path, key: str, content: str) -> Path:
    path = lake / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def storage(columns: Mapping[str, str], location: str, serde: str = "parquet") -> dict[str, Any]:
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()],
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": SERDES[serde]},
    }


def table(
    columns: Mapping[str, str],
    location: str,
    keys: Mapping[str, str] | None = None,
    partitions: Mapping[tuple[str, ...], str] | None = None,
    serde: str = "parquet",
) -> dict[str, Any]:
    """A table as stored in catalogue.json; `partitions` maps tuples of values to locations."""
    return {
        "input": {
            "StorageDescriptor": storage(columns, location, serde),
            "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in (keys or {}).items()],
            "TableType": "EXTERNAL_TABLE",
        },
        "partitions": [
            {"Values": list(values), "StorageDescriptor": storage(columns, where, serde)}
            for values, where in (partitions or {}).items()
        ],
    }


def catalogue(lake: Path, **databases: Mapping[str, Any]) -> None:
    """Write catalogue.json from databases and their tables."""
    content = {
        name: {"input": {"Name": name}, "tables": {key: {**kept} for key, kept in tables.items()}}
        for name, tables in databases.items()
    }
    lake.mkdir(parents=True, exist_ok=True)
    (lake / "catalogue.json").write_text(json.dumps(content), encoding="utf-8")


def put_into(lake: Path) -> Callable[[str, bytes], None]:
    """A function that stores an object, named by an S3 URI, as a file of the lake."""

    def put(uri: str, body: bytes) -> None:
        path = lake / uri.removeprefix("s3://")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    return put


def anybody(role_arn: str, call: Any) -> None:
    """Authorize every call of every role."""


@contextmanager
def aws(route: Callable[[dict[str, Any]], Any] | None = None) -> Iterator[Callable[[str], Any]]:
    """Serve empty moto backends on loopback; yields a factory of boto3 clients. `route` takes precedence over moto."""
    from moto.backends import get_backend  # noqa: PLC0415 - takes a second that most tests can save
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    moto = DomainDispatcherApplication(create_backend_app)

    def front(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        answer = route(environ) if route else None
        if answer is None:
            return moto(environ, start_response)
        start_response(answer.status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return [answer.body]

    for service in ("athena", "databrew", "glue", "s3"):
        get_backend(service).reset()
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{server.port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",  # noqa: S106 - moto does not check it
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    try:
        yield client
    finally:
        server.shutdown()
        server.server_close()
