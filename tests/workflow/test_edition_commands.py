"""`singstat rollback` and `forget` on a lake with one edition of every recorded table."""

import shutil
from pathlib import Path

import pytest

from tests.support.laptop import call, query

TABLE = "M212161"


@pytest.fixture
def own(published: tuple[Path, object], tmp_path: Path) -> Path:
    return Path(shutil.copytree(published[0], tmp_path / "lake"))


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["rollback", TABLE, "--to", "2026-07-23"], 1, f"{TABLE} has no edition 2026-07-23; it has 2026-07-24.1"),
        (["rollback", TABLE, "--to", "yesterday"], 2, "'yesterday' is neither a vintage nor an edition"),
        (["forget", "../x", "--vintage", "2026-07-24"], 2, "'../x' is not a table id"),
    ],
)
def test_what_cannot_be_done_is_one_line(own, words, code, why):
    done = call(*words, lake=own)

    assert (done.returncode, len(done.stderr.strip().splitlines())) == (code, 1), done.stderr
    assert why in done.stderr


def test_readers_can_be_told_to_see_what_they_see(own):
    done = call("rollback", TABLE, "--to", "2026-07-24", lake=own)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"readers of {TABLE} see 2026-07-24.1"
    assert query(f"SELECT count(*) AS n FROM quarterly WHERE table_id = '{TABLE}'", own) == [{"n": "146"}]


def test_the_only_edition_is_forgotten(own):
    done = call("forget", TABLE, "--vintage", "2026-07-24", lake=own)

    assert done.returncode == 0, done.stderr
    told, recorded = done.stdout.splitlines()
    assert told == f"readers of {TABLE} see nothing: it is no longer published"
    assert Path(recorded.removeprefix("recorded: ")).is_relative_to(own)
    assert query(f"SELECT count(*) AS n FROM quarterly WHERE table_id = '{TABLE}'", own) == [{"n": "0"}]
    assert query(f"SELECT count(*) AS n FROM tables WHERE table_id = '{TABLE}'", own) == [{"n": "0"}]
    assert call("revisions", TABLE, lake=own).stderr.strip().startswith(f"singstat: {TABLE} is not published")
    assert int(query("SELECT count(*) AS n FROM tables", own)[0]["n"]) > 1
