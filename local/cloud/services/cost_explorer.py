"""Cost Explorer on the laptop: GetCostAndUsage by day and service, from figures that are plainly made up."""

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
FIGURES: dict[str, Any] = json.loads(Path(__file__).with_name("synthetic-costs.json").read_bytes())
METRIC = "UnblendedCost"
OURS = {"Tags": {"Key": "application", "Values": [STACK_NAME]}}
PLACES = Decimal("0.0000000001")  # as many as AWS gives


def route(environ: dict[str, Any]) -> Response | None:
    """Answer GetCostAndUsage; None for any other request."""
    if environ.get("HTTP_X_AMZ_TARGET") != TARGET:
        return None
    request = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    asked = (request["Granularity"], request["Metrics"], request["GroupBy"])
    if asked != ("DAILY", [METRIC], [{"Type": "DIMENSION", "Key": "SERVICE"}]):
        return _answer("400 Bad Request", {"__type": "ValidationException", "message": "The laptop has other figures"})
    period = request["TimePeriod"]
    first, end = date.fromisoformat(period["Start"]), date.fromisoformat(period["End"])
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    results = [_result(day, ours=request.get("Filter") == OURS) for day in days]
    return _answer("200 OK", {"ResultsByTime": results, "DimensionValueAttributes": []})


def _result(day: date, *, ours: bool) -> dict[str, Any]:
    billed = ours and day < datetime.now(UTC).date() - timedelta(days=FIGURES["days_until_billed"])
    groups = [
        {"Keys": [service], "Metrics": {METRIC: {"Amount": f"{amount:f}", "Unit": FIGURES["currency"]}}}
        for service, amount in (_amounts(day) if billed else ())
    ]
    total = {} if groups else {METRIC: {"Amount": "0", "Unit": FIGURES["currency"]}}
    period = {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()}
    return {"TimePeriod": period, "Total": total, "Groups": groups, "Estimated": True}


def _amounts(day: date) -> Iterator[tuple[str, Decimal]]:
    """Services with what they cost on a day: the same whenever it is asked."""
    for service, figures in sorted(FIGURES["services"].items()):
        chance = random.Random(f"{FIGURES['seed']} {day} {service}")  # noqa: S311 - figures, not secrets
        if chance.randrange(100) < figures["days_of_100"]:
            least, most = Decimal(figures["least"]), Decimal(figures["most"])
            yield service, (least + (most - least) * chance.randrange(1001) / 1000).quantize(PLACES)


def _answer(status: str, content: dict[str, Any]) -> Response:
    return Response(status, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(content).encode())
