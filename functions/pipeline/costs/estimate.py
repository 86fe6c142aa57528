"""The estimated cost of a run: quantities used times list prices, in Decimals."""

from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files

import msgspec
from msgspec import Struct

from pipeline.costs.usage import Usage

TOTAL, PART = Decimal("0.0001"), Decimal("0.000001")
DISK_GB = 16  # a worker's volume, as in template.yaml
MONTH_HOURS = 730
INSTANCE = "instance_hour_"


class Prices(Struct, frozen=True):
    """prices.json: (USD, source) by region and name; `fallback` is the region used for regions without prices."""

    as_of: str
    fallback: str
    usd: dict[str, dict[str, tuple[Decimal, str]]]


class CostLine(Struct, frozen=True):
    """A billed item: `quantity` is text with up to three decimals, `usd` has six."""

    item: str
    quantity: str
    unit: str
    usd: Decimal


class RunCost(Struct, frozen=True):
    """The estimate for a run: `usd`, with four decimals, is the sum of the `lines`."""

    usd: Decimal
    lines: list[CostLine]
    prices_as_of: str
    region: str

    @property
    def note(self) -> str:
        """The basis of the estimate, for people."""
        return (
            f"An estimate from what the run used and list prices of {self.prices_as_of} for {self.region}; "
            "free tiers, storage, logs and traces are not included."
        )


PRICES = msgspec.json.decode(files("pipeline.costs").joinpath("prices.json").read_bytes(), type=Prices)


def estimate(usage: Usage, region: str, architecture: str, prices: Prices = PRICES) -> RunCost:
    """The cost of `usage` in a region, with functions on `arm64` or `x86_64`."""
    known = region in prices.usd
    usd = {name: price for name, (price, _) in prices.usd[region if known else prices.fallback].items()}
    lines = [
        CostLine(item, _plain(quantity), unit, (quantity * price).quantize(PART))
        for item, quantity, unit, price in _parts(usage, usd, architecture)
        if quantity
    ]
    return RunCost(
        usd=sum((line.usd for line in lines), Decimal(0)).quantize(TOTAL),
        lines=lines,
        prices_as_of=prices.as_of,
        region=region if known else f"{prices.fallback} (no prices for {region})",
    )


def _parts(usage: Usage, usd: dict[str, Decimal], architecture: str) -> Iterator[tuple[str, Decimal, str, Decimal]]:
    """Item, quantity, unit and the unit's price."""
    seconds = Decimal(sum(usage.instance_seconds.values()))
    yield "Step Functions", Decimal(usage.transitions), "transitions", usd["state_transition"]
    yield "Lambda, requests", Decimal(usage.invocations), "requests", usd["lambda_request"]
    yield "Lambda, time", usage.gb_seconds, "GB-seconds", usd[f"lambda_gb_second_{architecture}"]
    for kind, lasted in sorted(usage.instance_seconds.items()):
        item, price = _instance(kind, usd)
        yield item, Decimal(lasted), "seconds", price / 3600
    yield "EC2, public address", seconds, "seconds", usd["public_address_hour"] / 3600
    yield "EBS, disk", seconds * DISK_GB, "GB-seconds", usd["disk_gb_month"] / (MONTH_HOURS * 3600)
    yield "DataBrew", Decimal(usage.node_minutes), "node-minutes", usd["databrew_node_hour"] / 60
    yield "Glue crawler", Decimal(usage.dpu_seconds) / 3600, "DPU-hours", usd["crawler_dpu_hour"]
    yield "Athena", Decimal(usage.scanned_bytes) / 10**6, "MB", usd["athena_terabyte"] / 10**6
    yield "S3, writing", Decimal(usage.puts), "requests", usd["s3_put"]
    yield "S3, reading", Decimal(usage.gets), "requests", usd["s3_get"]
    yield "KMS", Decimal(usage.key_requests), "requests", usd["kms_request"]
    yield "SNS", Decimal(usage.mails), "mails", usd["mail"]


def _instance(kind: str, usd: dict[str, Decimal]) -> tuple[str, Decimal]:
    """An instance type's item and hourly price; a type without a price gets the highest one."""
    if price := usd.get(f"{INSTANCE}{kind}"):
        return f"EC2, {kind}", price
    highest = max((name for name in usd if name.startswith(INSTANCE)), key=lambda name: usd[name])
    return f"EC2, {kind or 'unknown type'} at the price of {highest.removeprefix(INSTANCE)}", usd[highest]


def _plain(quantity: Decimal) -> str:
    return f"{quantity:.3f}".rstrip("0").rstrip(".")
