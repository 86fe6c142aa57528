"""The runbook has a heading for each alarm and each error; what points at it resolves, and so do all links of pages."""

import re
from pathlib import Path

import pytest
from pipeline.contracts.records import DownloadOutcome, Tally
from pipeline.contracts.states import EndedExecution
from pipeline.errors import NEXT_STEPS, Failure
from pipeline.mail.run_mail import compose, compose_failure
from pipeline.run.history import Execution
from pipeline.run.outcomes import RunOutcomes

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
HEADING, LINK = re.compile(r"^(#+) (.+)$", re.MULTILINE), re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^( *)```.*?^ *```", re.MULTILINE | re.DOTALL)
ALARMS = "a-function-failed-or-was-throttled", "a-function-is-slow", "a-run-did-not-end-well", "an-event-was-lost"
TEMPLATE = "benchmarks/performance.md"  # of docs/performance.md
PAGES = [
    found.relative_to(ROOT).as_posix()
    for form in ("*.md", ".github/*.md", "[!.]*/**/*.md")
    for found in ROOT.glob(form)
]


def text(page: Path) -> str:
    return CODE.sub("", page.read_text("utf-8"))


def headings(page: Path, depth: int = 0) -> list[str]:
    return [title for marks, title in HEADING.findall(text(page)) if depth in (0, len(marks))]


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings(page)}


def lines_of(mail: str) -> list[str]:
    return [line.removeprefix("More: ") for line in mail.splitlines() if line.startswith("More: ")]


def test_every_error_has_a_heading_and_every_heading_is_an_error_or_an_alarm():
    titles = headings(RUNBOOK, 3)

    assert sorted(titles[4:]) == sorted([*NEXT_STEPS, "Other names"])
    assert [title.lower().replace(" ", "-") for title in titles[:4]] == list(ALARMS)


def test_every_alarm_names_its_heading():
    template = (ROOT / "template.yaml").read_text("utf-8")
    named = re.findall(r"AlarmDescription: .*docs/runbook\.md#([\w-]+)$", template, re.MULTILINE)

    assert tuple(named) == ALARMS
    assert template.count("Type: AWS::CloudWatch::Alarm\n") == len(named)
    assert set(named) <= anchors(RUNBOOK)


def test_every_metric_of_the_machine_is_explained():
    (metrics,) = re.findall(r"- \[(ExecutionsFailed, .*)\]", (ROOT / "template.yaml").read_text("utf-8"))

    for metric in metrics.split(", "):
        assert f"| `{metric}` |" in text(RUNBOOK)


@pytest.mark.parametrize("error", [*NEXT_STEPS, "States.Timeout", "TIMED_OUT"])
def test_the_mail_about_a_failure_names_the_heading_of_its_error(error):
    run = Execution(status="FAILED", state="Any", started_at="", ended_at="", failure=Failure(error=error))
    arn = "arn:aws:states:ap-southeast-1:123456789012:execution:singstat:run"
    nothing = RunOutcomes(planned=1, downloads=Tally(), published=None)

    (named,) = lines_of(compose_failure(EndedExecution(arn, "run", "FAILED"), run, 0, nothing).text)

    page, _, fragment = named.partition("#")
    assert fragment == (error.lower() if error in NEXT_STEPS else "other-names")
    assert fragment in anchors(ROOT / page)


def test_the_mail_about_a_run_names_the_heading_of_each_error_once():
    errors = ["SourceThrottled", "TableNotFound", "SourceThrottled", ""]
    failed = [
        DownloadOutcome(table_id=f"M{n}", status="failed", error=Failure(error=error)) for n, error in enumerate(errors)
    ]
    outcomes = RunOutcomes(planned=4, downloads=Tally(failed=failed), published=None)

    assert lines_of(compose("run", outcomes, 0, None).text) == [
        "docs/runbook.md#sourcethrottled",
        "docs/runbook.md#tablenotfound",
        "docs/runbook.md#other-names",
    ]


@pytest.mark.parametrize("name", [page for page in PAGES if page != TEMPLATE])
def test_every_link_between_pages_resolves(name):
    page = ROOT / name

    for link in LINK.findall(text(page)):
        if link.startswith(("http:", "https:", "mailto:")):
            continue
        target, _, fragment = link.partition("#")
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), link
        assert not fragment or fragment in anchors(there), link
