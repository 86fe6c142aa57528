"""Every run that publishes leaves a report, and the command finds it."""

from pathlib import Path

import pytest

from tests.support.laptop import call


def test_a_run_that_publishes_says_where_its_report_is(published):
    lake, result = published
    page = Path(result["report"])

    assert page.is_relative_to(lake)
    assert f"PowerBIChartCostExplorerReport/runs/{result['run_id']}" in page.as_posix()
    text = page.read_text("utf-8")
    assert all(f'<h2 id="{table["table_id"]}">' in text for table in result["tables"])
    assert {path.suffix for path in page.parent.iterdir()} == {".html", ".xlsx", ".csv", ".png"}


def test_the_command_finds_the_newest_and_the_named(published):
    lake, result = published

    for words in ([], [result["run_id"]]):
        done = call("report", *words, "--path", lake=lake)

        assert (done.returncode, done.stdout.strip()) == (0, result["report"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "there is no report in"),
        (["20261123T080000-0a1b"], "run 20261123T080000-0a1b has no report in"),
        (["../.."], "run ../.. has no report in"),
    ],
)
def test_where_there_is_none_it_says_so_in_one_line(tmp_path, words, why):
    done = call("report", *words, "--path", lake=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_run_without_news_has_no_report(laptop):
    first, again = (laptop.run("M400751") for _ in range(2))

    assert first.report is not None
    assert (again.status, again.report) == ("SUCCEEDED", None)
