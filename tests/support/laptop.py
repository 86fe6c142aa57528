"""The laptop in tests: the `singstat` command as a process, and an AWS that is shared by several runs."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline.contracts.states import RunRequest

from local.cli.results import RunResult
from local.cli.run import follow
from local.cli.run import run as run_pipeline
from local.cli.story import Story
from local.cloud.aws import LocalAWS
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from local.replay.recordings import Table
from local.replay.server import Replay

SINGSTAT = Path(sys.executable).with_name("singstat")
Rows = list[dict[str, Any]]


def call(*words: str, lake: Path | None) -> subprocess.CompletedProcess[str]:
    """Run `singstat WORDS --lake LAKE` as a process."""
    return subprocess.run(
        [SINGSTAT, *words, *(["--lake", str(lake)] if lake else [])],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "COLUMNS": "200"},
    )


def run(*words: str, lake: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and result of `singstat run WORDS --json`."""
    done = call("run", *words, "--json", lake=lake)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def query(sql: str, lake: Path) -> Rows:
    """Rows with Athena's text values, in this process; tests of the command itself use `call`."""
    answer = athena.run(sql, PUBLISHED, [], lake)
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def set_published_at(lake: Path, table_id: str, *times: str | None) -> None:
    """Set the publication times in a table's record, oldest edition first; None removes it, as in an old record."""
    (path,) = lake.glob(f"*/publications/{table_id}.json")
    record = json.loads(path.read_bytes())
    for edition, time in zip(record["editions"], times, strict=True):
        edition["published_at"] = time
        if time is None:
            del edition["published_at"]
    path.write_text(json.dumps(record))


class Laptop:
    """A laptop's AWS shared by several runs, its lake and its SingStat replay."""

    def __init__(self, aws: LocalAWS, replay: Replay) -> None:
        self.aws, self.replay, self.lake = aws, replay, aws.lake

    def run(self, *tables: str, **options: Any) -> RunResult:
        return run_pipeline(self.aws, RunRequest(tables=list(tables), **options), lambda *_: None)

    def restore(self, **request: dict[str, str]) -> Story:
        """Run a `rollback` or `forget` as an input of the state machine."""
        execution = self.aws.start(request, f"restore-{secrets.token_hex(4)}")
        return follow(self.aws, execution, request, lambda *_: None)

    def revise(self, table_id: str, day: str, *values: str | None) -> Table:
        """Publish a new vintage in the replay, with the first cells of the first series replaced by `values`."""
        table = self.replay.tables[table_id]
        row = table.rows[0]
        keys = [column["key"] for column in row.columns]
        table.revise(day, {(row.number, key): value for key, value in zip(keys, values, strict=False)})
        return table

    def query(self, sql: str) -> Rows:
        return query(sql, self.lake)
