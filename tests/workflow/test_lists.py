"""Named lists of tables: stored in the lake, run by name, refused when they are wrong."""

import json
import shutil
from pathlib import Path

import pytest

from local.cli.run import follow
from local.cloud.aws import LocalAWS
from tests.support.laptop import call, run

MINE = ["M212161", "M810001"]


@pytest.fixture(scope="module")
def own(published: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("own") / "lake"
    shutil.copytree(published[0], lake)
    return lake


def rows(*words: str, lake: Path) -> list[dict[str, str]]:
    done = call(*words, "--format", "json", lake=lake)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_stored_list_is_shown_run_and_removed(own):
    defaults = rows("lists", lake=own)
    assert [row["list"] for row in defaults] == ["all", "monthly", "quarterly", "yearly"]
    assert {row["from"] for row in defaults} == {"template"}

    assert call("set-list", "mine", *MINE, lake=own).returncode == 0
    assert {"list": "mine", "tables": "2", "from": "this lake"} in rows("lists", lake=own)
    assert rows("lists", "mine", lake=own) == [{"table_id": table} for table in MINE]
    code, result = run("--list", "mine", lake=own)
    assert (code, [(table["table_id"], table["status"]) for table in result["tables"]]) == (
        0,
        [(table, "unchanged") for table in MINE],
    )

    assert call("remove-list", "mine", lake=own).returncode == 0
    assert rows("lists", lake=own) == defaults
    assert len(list(own.glob(".versions/*/lists/mine.json/*"))) == 1


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["run", "--list", "weekly"], 2, "there is no list 'weekly' (all, monthly, quarterly, yearly)"),
        (["lists", "weekly"], 2, "there is no list 'weekly'"),
        (["set-list", "../x", "M212161"], 2, "'../x' is not the name of a list"),
        (["set-list", "mine", "M212161", "M212161"], 2, "M212161 is given twice"),
        (["set-list", "mine", "212"], 2, "'212' is not a table id"),
        (["remove-list", "mine"], 1, "there is no list 'mine'"),
    ],
)
def test_what_cannot_be_done_is_one_line(own, words, code, why):
    done = call(*words, lake=own)

    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
    assert why in done.stderr
    assert not list(own.glob("*/lists/mine.json"))


WRONG = {
    "no-array": (b'{"tables": "M212161"}', "is not a list of tables: Expected `array`, got `str`"),
    "no-text": (b'{"tables": ["M212161", 7]}', "is not a list of tables: Expected `str`, got `int`"),
    "no-utf-8": (b"\xe9", "is not a list of tables"),
    "too-long": (json.dumps({"tables": [f"M{n:06}" for n in range(10_001)]}).encode(), "10001 tables are more than"),
    "no-tables": (b'{"tables": []}', "the list of tables is empty"),
    "bad-id": (b'{"tables": ["M212161", "212"]}', "'212' is not a table id"),
    "twice": (b'{"tables": ["M212161", "M212161"]}', "M212161 is given twice"),
    "unknown": (b"", "there is no list 'unknown'"),
}


def test_stored_lists_that_are_wrong_are_refused_by_name_and_publish_nothing(published, tmp_path):
    lake = Path(shutil.copytree(published[0], tmp_path / "lake"))
    records = {path: path.read_bytes() for path in lake.glob("*/publications/*.json")}
    with LocalAWS(lake) as aws:
        for name, (content, why) in WRONG.items():
            if content:
                aws.put(f"s3://{aws.resource('DataBucket')}/lists/{name}.json", content)
            story = follow(aws, aws.start({"list": name}, name), {"list": name}, lambda *_: None)
            assert (story.status, story.error, why in story.cause) == ("FAILED", "InputInvalid", True), story.cause

    assert records == {path: path.read_bytes() for path in lake.glob("*/publications/*.json")}
    done = call("run", "--list", "no-array", lake=lake)
    assert (done.returncode, "lists/no-array.json cannot be read" in done.stderr) == (2, True), done.stderr
    assert rows("lists", "quarterly", lake=lake)
    shown = call("lists", lake=lake)
    assert (shown.returncode, "monthly" in shown.stdout, "lists/no-text.json cannot be read" in shown.stderr) == (
        0,
        True,
        True,
    )
    assert call("remove-list", "no-array", lake=lake).returncode == 0
