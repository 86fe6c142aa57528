"""Cost Explorer on the laptop: GetCostAndUsage by day and service, with synthetic costs."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.cloud.account import STACK_NAME
from local.cloud.wsgi import Response

TARGET = "AWSInsightsIndexService.GetCostAndUsage"
COSTS: dict[str, Any] = json.loads(Path(__file__).with_name("synthetic-costs.json").read_bytes())
METRIC = "UnblendedCost"
STACK_FILTER = {"Tags": {"Key": "application", "Values": [STACK_NAME]}}
PLACES = Decimal("0.0000000001")  # decimal places of AWS's amounts


def route(environ: dict[str, Any]) -> Response | None:
    """Answer GetCostAndUsage; None for any other request."""
    if environ.get("HTTP_X_AMZ_TARGET") != TARGET:
        return None
    request = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    query = (request["Granularity"], request["Metrics"], request["GroupBy"])
    if query != ("DAILY", [METRIC], [{"Type": "DIMENSION", "Key": "SERVICE"}]):
        return _invalid(f"The laptop only has {METRIC} by day and service")
    period = request["TimePeriod"]
    first, end = date.fromisoformat(period["Start"]), date.fromisoformat(period["End"])
    if first >= end:
        return _invalid("Start date (and hour) should be before end date (and hour)")
    if first > datetime.now(UTC).date():
        return _invalid("Start date (and hour) should be equal to or no later than the current date")
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    results = [_result(day, matches=request.get("Filter") == STACK_FILTER) for day in days]
    return _answer("200 OK", {"ResultsByTime": results, "DimensionValueAttributes": []})


def _result(day: date, *, matches: bool) -> dict[str, Any]:
    billed = matches and day < datetime.now(UTC).date() - timedelta(days=COSTS["days_until_billed"])
    groups = [
        {"Keys": [service], "Metrics": {METRIC: {"Amount": f"{amount:f}", "Unit": COSTS["currency"]}}}
        for service, amount in (_amounts(day) if billed else ())
    ]
    total = {} if groups else {METRIC: {"Amount": "0", "Unit": COSTS["currency"]}}
    period = {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()}
    return {"TimePeriod": period, "Total": total, "Groups": groups, "Estimated": True}


def _amounts(day: date) -> Iterator[tuple[str, Decimal]]:
    """The services used on a day and their costs; deterministic."""
    for service, cost in sorted(COSTS["services"].items()):
        chance = random.Random(f"{COSTS['seed']} {day} {service}")  # noqa: S311 - synthetic data, not secrets
        if chance.randrange(100) < cost["days_of_100"]:
            least, most = Decimal(cost["least"]), Decimal(cost["most"])
            yield service, (least + (most - least) * chance.randrange(1001) / 1000).quantize(PLACES)


def _invalid(message: str) -> Response:
    return _answer("400 Bad Request", {"__type": "ValidationException", "message": message})


def _answer(status: str, content: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(content).encode())
