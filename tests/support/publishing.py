"""Publishing without a run: synthetic manifests and staged files, then the steps themselves on the laptop's AWS."""

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from pipeline.contracts import keys
from pipeline.contracts.records import DownloadOutcome
from pipeline.contracts.states import Forget, PublishRequest, RestoreRequest, Rollback
from pipeline.publication.record import Publication
from pipeline.source.responses import Header
from pipeline.table.manifest import Manifest

from local.cloud.aws import LocalAWS
from local.cloud.sql import catalogue
from local.cloud.sql.catalogue import PUBLISHED
from tests.support import lakes

os.environ |= {"DATA_BUCKET": "unused", "PUBLISHED_DATABASE": PUBLISHED, "STAGED_DATABASE": "staged_singstat_data"}
os.environ.setdefault("AWS_DEFAULT_REGION", "ap-southeast-1")

from pipeline.aws import data_bucket, glue
from pipeline.steps.publish import publish
from pipeline.steps.restore import restore

WRITES = {"PutObject", "CreatePartition", "UpdatePartition", "DeletePartition"}
ROWS = (
    "SELECT '1' AS series_no, 'A' AS series, 'No' AS unit, '' AS footnote, n::VARCHAR AS period,"
    " DATE '2026-01-01' AS period_start, {value}::DECIMAL(38,18) AS value, '{value}' AS value_text,"
    " DATE '{vintage}' AS vintage FROM range({rows}) t(n)"
)


class Crash(BaseException):
    """Stands in for the end of the process: `except Exception` does not catch it."""


class Writes:
    """Counts the writes of the steps to S3 and Glue, and crashes before or after the one with a number."""

    def __init__(self, *clients: Any) -> None:
        self.done: list[str] = []
        self._at: tuple[int, str] | None = None
        self._again = False
        for client in clients:
            client.meta.events.register("before-call", self._before)
            client.meta.events.register("after-call", self._after)
            client.meta.events.register_first("needs-retry.s3.PutObject", self._retry)

    @contextmanager
    def counted(self, crash_at: int = 0, when: str = "") -> Iterator[list[str]]:
        self.done, self._at = [], (crash_at, when)
        try:
            yield self.done
        finally:
            self._at = None

    @contextmanager
    def sent_twice(self) -> Iterator[None]:
        """Within this block, a conditional write to S3 is sent again after it has succeeded, as after a lost answer."""
        self._again = True
        try:
            yield
        finally:
            self._again = False

    def _retry(self, attempts: int, operation: Any, request_dict: dict[str, Any], **_: Any) -> int | None:
        conditional = {"If-Match", "If-None-Match"} & set(request_dict["headers"])
        return 0 if self._again and attempts == 1 and conditional else None

    def _before(self, model: Any, **_: Any) -> None:
        if self._at and model.name in WRITES:
            self.done.append(model.name)
            self._crash("before")

    def _after(self, model: Any, **_: Any) -> None:
        if self._at and model.name in WRITES:
            self._crash("after")

    def _crash(self, when: str) -> None:
        if self._at == (len(self.done), when):
            raise Crash


class Publisher:
    """Publishes, rolls back and forgets with the credentials of the functions that do so."""

    def __init__(self, aws: LocalAWS, monkeypatch: pytest.MonkeyPatch) -> None:
        self._aws, self._patch = aws, monkeypatch
        self.bucket = aws.resource("DataBucket")
        self.clients = {
            name: [aws.client(service, aws.attribute(f"{name}FunctionRole", "Arn")) for service in ("s3", "glue")]
            for name in ("PublishTables", "RestoreEdition", "DownloadTable")
        }
        self.writes = Writes(*(client for clients in self.clients.values() for client in clients))
        monkeypatch.setattr(data_bucket, "BUCKET", self.bucket)
        monkeypatch.setattr(glue, "BUCKET", self.bucket)

    def stage(self, table_id: str, vintage: str, frequency: str = "quarterly", rows: int = 40, **fields: Any) -> str:
        """Store the files of a finished download; its run id. Every row has the same value, which the vintage gives."""
        run_id, day = f"run-{vintage}-{frequency}", datetime.date.fromisoformat(vintage)
        header = Header(table_id=table_id, title="Synthetic", frequency=frequency, vintage=day, total=rows)
        manifest = Manifest(
            run_id=run_id,
            source_url="https://singstat.example",
            fetched_at=f"{vintage}T01:00:00+00:00",
            header=header,
            pages=[],
            observations=rows,
            series=1,
            parsed=rows,
            missing=0,
            rejected=0,
            first_period="",
            last_period="",
            total_value="",
            checksum=f"{vintage} {rows}",
            **fields,
        )
        self._aws.put(f"s3://{self.bucket}/{keys.manifest(frequency, table_id, run_id)}", msgspec.json.encode(manifest))
        key = f"{self.bucket}/{keys.staged(run_id, frequency, table_id)}part.parquet"
        path = lakes.parquet(self._aws.lake, key, ROWS.format(value=day.toordinal(), vintage=vintage, rows=rows))
        self._aws.put(f"s3://{key}", path.read_bytes())
        return run_id

    def publish(self, table_id: str, run_id: str, *, accept: bool = False, force: bool = False) -> None:
        """Publish a staged download, as PublishTables does."""
        self._as("PublishTables")
        frequency = run_id.rpartition("-")[2]
        table = DownloadOutcome(table_id=table_id, status="stored", frequency=frequency)  # type: ignore[arg-type]
        request = PublishRequest(run_id=run_id, force=force, accept=accept)
        publish(table, request, verified_by="q", published_at=f"{run_id[4:14]}T02:00:00+00:00", lost_percent=50)

    def roll_back(self, table_id: str, to: str, run_id: str = "back") -> str:
        """The edition that readers see afterwards."""
        return self._restore(Rollback(table=table_id, to=to, by="tester"), run_id)

    def forget(self, table_id: str, vintage: str, run_id: str = "forget") -> str:
        """The edition that readers see afterwards, "" for none."""
        return self._restore(Forget(table=table_id, vintage=vintage, by="tester"), run_id)

    def is_unchanged(self, table_id: str) -> bool:
        """Whether DownloadTable finds that readers see what the record says."""
        record = self.record(table_id)
        self._as("DownloadTable")
        return record is not None and glue.is_visible(record)

    def record(self, table_id: str) -> Publication | None:
        return data_bucket.read_optional(keys.publication(table_id), Publication)[0]

    def partitions(self, table_id: str) -> dict[tuple[str, ...], str]:
        """The locations of the table's partitions in the published database, by Glue table and partition values."""
        tables = catalogue.load(self._aws.lake).databases[PUBLISHED]
        return {
            (name, *values[1:]): location
            for name, table in tables.items()
            for values, location in table.partitions.items()
            if values[0] == table_id
        }

    def _restore(self, asked: Rollback | Forget, run_id: str) -> str:
        self._as("RestoreEdition")
        request = RestoreRequest(run_id=run_id, at="2026-12-01T00:00:00.000Z", rollback=None, forget=None)
        return restore(request, asked).edition

    def _as(self, function: str) -> None:
        s3, catalogue_client = self.clients[function]
        self._patch.setattr(data_bucket, "s3", s3)
        self._patch.setattr(glue, "glue", catalogue_client)
