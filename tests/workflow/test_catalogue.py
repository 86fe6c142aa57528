"""The catalogue of SingStat's tables: refreshed, queried, searched; wrong answers change nothing."""

import json
from typing import Any

from local.cli.run import follow, new_run_id
from local.cli.story import Story
from local.replay.server import Answer
from tests.support.laptop import call

GONE, KEPT = "M810001", "M212161"


def refresh(laptop: Any, **options: bool) -> tuple[Story, Any]:
    sent = {"refresh": "catalogue", **options}
    execution = laptop.aws.start(sent, new_run_id())
    story = follow(laptop.aws, execution, sent, lambda *_: None)
    output = laptop.aws.describe(execution)["output"]
    return story, json.loads(output) if output else None


def listed(laptop: Any) -> dict[str, tuple[str, str, str | None]]:
    rows = laptop.query("SELECT table_id, kind, frequency, retired_on FROM catalogue")
    return {row["table_id"]: (row["kind"], row["frequency"], row["retired_on"]) for row in rows}


def only_for(keywords: str, usual: Any, otherwise: Any) -> Any:
    """SingStat that answers a search for some keywords as usual."""

    def answer(request: Any) -> Answer:
        searched = request.path.endswith("/resourceid")
        return otherwise if searched and request.parameter("keyword") not in keywords else usual(request)

    return answer


def test_the_catalogue_is_refreshed_and_a_wrong_answer_changes_nothing(laptop):
    tables, usual = laptop.replay.tables, laptop.replay.answer
    story, counts = refresh(laptop)
    assert (story.status, counts) == ("SUCCEEDED", {"listed": len(tables), "new": len(tables), "retired": 0})
    assert [state.name for state in story.states] == ["PlanRun", "IsDownload?", "RefreshCatalogue", "Complete"]
    first = listed(laptop)
    assert first[KEPT] == ("time_series", "quarterly", None)
    assert first["8358"] == ("cross_sectional", "cross_sectional", None)

    html = Answer(502, b"<html>Microsoft-Azure-Application-Gateway/v2</html>", "text/html")
    empty = Answer(200, b'{"Data": "No records found", "DataCount": 0, "StatusCode": 200, "Message": ""}')
    other = Answer(200, b"<html>sign in</html>", "text/html")
    for answer, error in ((html, "SourceUnavailable"), (empty, "SourceIncomplete"), (other, "SourceMalformed")):
        laptop.replay.answer = only_for("", usual, answer)
        story, _ = refresh(laptop)
        assert (story.status, story.error) == ("FAILED", error), story.cause
        assert listed(laptop) == first
    laptop.replay.answer = usual

    gone = {table_id: tables.pop(table_id) for table_id in sorted(tables)[:3]}
    story, _ = refresh(laptop)
    assert (story.error, "3 of 20 tables are no longer listed" in story.cause) == ("CatalogueShrunk", True), story.cause
    assert listed(laptop) == first
    story, counts = refresh(laptop, accept=True)
    assert (story.status, counts) == ("SUCCEEDED", {"listed": 17, "new": 0, "retired": 3})
    assert {table_id for table_id, (*_, retired) in listed(laptop).items() if retired} == gone.keys()

    tables |= gone
    laptop.replay.answer = only_for("abcdefghijklmnopqrstuvwxyz", usual, empty)  # no answer to `%`
    story, counts = refresh(laptop)
    assert (story.status, counts["listed"]) == ("SUCCEEDED", 20)
    assert listed(laptop) == first


def test_the_commands_refresh_search_and_make_lists_of_it(lake):
    assert call("search", "resale", lake=lake).stdout.count("M212161") == 1  # no catalogue yet: SingStat is asked
    done = call("catalogue", lake=lake)
    assert (done.returncode, done.stdout) == (0, "20 tables listed, 20 new, 0 retired\n"), done.stderr

    searched = call("search", "resale", "price", lake=lake)
    assert searched.stdout.count("M212161") == 1
    assert "`singstat catalogue` refreshes it" in searched.stderr

    stored = call("set-list", "half", "--where", "kind = 'cross_sectional'", lake=lake)
    assert (stored.returncode, stored.stdout) == (0, "half: 3 tables\n"), stored.stderr
    refused = call("set-list", "half", "--where", "kind = 'none'", lake=lake)
    assert (refused.returncode, "the list of tables is empty" in refused.stderr) == (2, True)
