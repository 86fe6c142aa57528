"""The daily cost report on the laptop: its files, its mail, its one question, and what it says without an answer."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from moto.sns.models import sns_backends
from samtranslator.yaml_helper import yaml_parse

from local.cli.costs import report
from local.cloud.account import ACCOUNT, REGION
from local.cloud.aws import LocalAWS
from local.cloud.services.cost_explorer import COSTS, TARGET
from local.cloud.stack.template import TEMPLATE
from local.cloud.wsgi import Response
from tests.support.laptop import call

TODAY = datetime.now(UTC).date


def refused(code: str) -> Response:
    body = json.dumps({"__type": code, "Message": f"{code} it is"}).encode()
    return Response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")], body)


def answered(token: str | None = None) -> Response:
    period = {"Start": TODAY().isoformat(), "End": "2999-01-01"}
    cost = {"UnblendedCost": {"Amount": "1.25", "Unit": "USD"}}
    results = [{"TimePeriod": period, "Total": {}, "Groups": [{"Keys": ["AWS Lambda"], "Metrics": cost}]}]
    body = {"ResultsByTime": results} | ({"NextPageToken": token} if token else {})
    return Response("200 OK", [("Content-Type", "application/x-amz-json-1.1")], json.dumps(body).encode())


@contextmanager
def explorer(aws: LocalAWS, *answers: Response) -> Iterator[list[dict]]:
    """Cost Explorer gives these answers, one after the other, then its own; the questions it gets."""
    questions, left = [], list(answers)

    def route(environ):
        if environ.get("HTTP_X_AMZ_TARGET") != TARGET:
            return None
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        questions.append(json.loads(body))
        return left.pop(0) if left else None

    aws.front.routes.insert(1, route)  # after the guard
    try:
        yield questions
    finally:
        aws.front.routes.remove(route)


def mails(aws: LocalAWS) -> list[tuple[str, str]]:
    """Subject and text of what was published."""
    topic = sns_backends[ACCOUNT][REGION].topics[aws.resource("Topic")]
    return [(subject, message) for _, message, subject, *_ in topic.sent_notifications]


def rows(page: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.with_name("costs.csv").read_text("utf-8"))))


def test_one_question_makes_a_page_a_picture_a_table_and_a_mail(laptop):
    run = laptop.run("M810001")
    with explorer(laptop.aws) as questions:
        page = report(laptop.aws)
    said, figures = page.read_text("utf-8"), rows(page)
    billed = {(date.fromisoformat(row["day"]), row["service"]): row for row in figures if row["kind"] == "bill"}

    assert len(questions) == 1
    assert questions[0]["Filter"] == {"Tags": {"Key": "application", "Values": ["singstat"]}}
    assert page.parent.name == TODAY().isoformat()
    assert page.parent.parent.name == "costs"
    assert page.with_name("costs.png").read_bytes().startswith(b"\x89PNG")
    assert {row["currency"] for row in billed.values()} == {"synthetic USD"}
    assert "synthetic USD" in said
    assert {service for _, service in billed} <= COSTS["services"].keys()
    for (_, service), row in billed.items():
        of = COSTS["services"][service]
        assert Decimal(of["least"]) <= Decimal(row["amount"]) <= Decimal(of["most"])
    (estimate,) = [row for row in figures if row["kind"] == "estimate"]
    assert estimate["day"] == TODAY().isoformat()
    assert abs(Decimal(estimate["amount"]) - run.cost.usd) < Decimal("0.001")
    subject, message = mails(laptop.aws)[-1]
    assert subject.startswith("SingStat: costs of singstat: ")
    assert len(subject) < 100
    assert subject.isascii()
    assert "synthetic USD" in message


def test_the_same_day_says_the_same(laptop):
    one, other = (rows(report(laptop.aws)) for _ in range(2))

    assert [row for row in one if row["kind"] == "bill"] == [row for row in other if row["kind"] == "bill"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused("AccessDeniedException"), "Access to Cost Explorer was denied."),
        (refused("DataUnavailableException"), "Cost Explorer has no data yet."),
        (
            Response("200 OK", [("Content-Type", "application/x-amz-json-1.1")], b'{"ResultsByTime": []}'),
            "No costs are tagged application = singstat yet.",
        ),
    ],
    ids=["denied", "no data", "no tag"],
)
def test_no_bill_is_said_and_is_no_failure(laptop, answer, said):
    with explorer(laptop.aws, answer):
        page = report(laptop.aws)

    assert said in page.read_text("utf-8")
    subject, message = mails(laptop.aws)[-1]
    assert "no bill yet" in subject
    assert message.startswith(said)
    assert [row for row in rows(page) if row["kind"] == "bill"] == []


def test_throttling_is_retried(laptop):
    with explorer(laptop.aws, refused("ThrottlingException"), refused("LimitExceededException")) as questions:
        page = report(laptop.aws)

    assert len(questions) == 3
    assert "synthetic USD" in page.read_text("utf-8")


def test_a_second_page_is_read_too(laptop):
    with explorer(laptop.aws, answered("more"), answered()) as questions:
        page = report(laptop.aws)

    assert [question.get("NextPageToken") for question in questions] == [None, "more"]
    assert sum(Decimal(row["amount"]) for row in rows(page) if row["kind"] == "bill") == Decimal("2.50")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([answered("more"), answered("and more")], "more than 2 pages"),
        ([refused("ValidationException")], "ValidationException it is"),
    ],
    ids=["no end", "a wrong question"],
)
def test_what_should_not_be_fails_and_mails_nothing(laptop, answers, why):
    sent = len(mails(laptop.aws))

    with explorer(laptop.aws, *answers), pytest.raises(RuntimeError, match=why):
        report(laptop.aws)

    assert len(mails(laptop.aws)) == sent


def test_a_role_without_the_grant_is_told_what_it_lacks(laptop):
    (role,) = [one for one in laptop.aws.guard.facts.roles.values() if one.logical_id == "CostReportFunctionRole"]
    (grant,) = [statement for statement in role.statements if statement.sid == "ReadTheBill"]
    role.statements.remove(grant)
    try:
        said = report(laptop.aws).read_text("utf-8")
    finally:
        role.statements.append(grant)

    assert "Access to Cost Explorer was denied." in said
    assert "is not authorized to perform: ce:GetCostAndUsage" in said


def test_the_command_prints_where_the_page_is(lake):
    done = call("costs", "--path", lake=lake)
    page = Path(done.stdout.strip())

    assert done.returncode == 0, done.stderr
    assert page.is_relative_to(lake)
    assert "Costs of singstat" in page.read_text("utf-8")


def test_the_command_fails_in_one_line(tmp_path):
    (tmp_path / "lake").write_text("no folder")
    done = call("costs", "--path", lake=tmp_path / "lake")

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_schedule_starts_this_function_and_nothing_else():
    resources = yaml_parse(TEMPLATE.read_text("utf-8"))["Resources"]
    schedule = resources["CostReportSchedule"]["Properties"]
    (policy,) = resources["CostReportScheduleRole"]["Properties"]["Policies"]
    started = [one for one in policy["PolicyDocument"]["Statement"] if one["Action"] == "lambda:InvokeFunction"]
    of_the_function = {"Fn::GetAtt": ["CostReportFunction", "Arn"]}

    assert schedule["State"] == {"Ref": "DailyCostReport"}
    assert schedule["ScheduleExpressionTimezone"] == "Asia/Singapore"
    assert schedule["Target"]["Arn"] == of_the_function
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["LostEvents", "Arn"]}}
    assert json.loads(schedule["Target"]["Input"]).keys() == {"at"}
    assert [one["Resource"] for one in started] == [of_the_function]
