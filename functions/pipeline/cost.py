"""What a run costs at list prices: an estimate, from what it did and a dated table of prices and assumptions."""

from decimal import Decimal
from importlib.resources import files

import msgspec
from msgspec import Struct

CENT_FRACTION = Decimal("0.0001")


class Usage(Struct, frozen=True, kw_only=True):
    """What a run used. Lambda's memory times seconds is in GB-seconds."""

    transitions: int
    invocations: int
    gb_seconds: Decimal
    transforms: int
    crawls: int
    queries: int


class Prices(Struct, frozen=True):
    """prices.json: each figure with where it comes from."""

    as_of: str
    region: str
    usd: dict[str, tuple[Decimal, str]]
    assumed: dict[str, tuple[Decimal, str]]


PRICES = msgspec.json.decode(files("pipeline").joinpath("prices.json").read_bytes(), type=Prices)


def estimate(usage: Usage, prices: Prices = PRICES) -> Decimal:
    """US dollars, to a hundredth of a cent; storage, requests to S3 and free tiers are left out."""
    usd = {name: price for name, (price, _) in prices.usd.items()}
    assumed = {name: number for name, (number, _) in prices.assumed.items()}
    transform = usd["databrew_node_minute"] * assumed["databrew_minutes"] * assumed["databrew_nodes"]
    crawl = usd["crawler_dpu_hour"] * assumed["crawler_dpus"] * assumed["crawler_minutes"] / 60
    query = usd["athena_terabyte"] * assumed["athena_bytes"] / 10**12
    total = (
        usd["state_transition"] * usage.transitions
        + usd["lambda_invocation"] * usage.invocations
        + usd["lambda_gb_second"] * usage.gb_seconds
        + transform * usage.transforms
        + crawl * usage.crawls
        + query * usage.queries
    )
    return total.quantize(CENT_FRACTION)
