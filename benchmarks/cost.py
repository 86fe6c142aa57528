"""The modelled cost of runs over 1 to 3,000 tables, as `singstat plan` models them."""

from collections.abc import Iterator

from pipeline.costs.estimate import RunCost
from pipeline.costs.plan import (
    ASSUMED,
    CELLS_PER_PAGE,
    REPORT_MOST_SECONDS,
    REPORT_SECONDS,
    SECONDS,
    Size,
    planned,
)
from pipeline.costs.usage import NODES

from benchmarks.figures import Details, Figure, Part
from local.cli.plan import setting

# Whether the tables are published before the run, and whether it finds them revised.
KINDS = {"first, with a crawl": (False, True), "all revised": (True, True), "unchanged": (True, False)}
BARS = {"unchanged": 0.006, "all revised": 0.08}
NUMBERS = (1, 16, 50, 200, 1000, 3000)
GOAL = 50
MODEL = (
    f"Assumed: {ASSUMED} on {NODES} nodes, {SECONDS} s for any other function, {REPORT_SECONDS} s a table in the report"
    f" and at most {REPORT_MOST_SECONDS} s; each table has one page of {CELLS_PER_PAGE:,} cells."
)


def measure() -> Part:
    """The cost of 50 tables, and a table of how it grows."""
    costs = {kind: {n: cost(n, *state) for n in NUMBERS} for kind, state in KINDS.items()}
    figures = [
        Figure(
            name=f"modelled cost of a run, {GOAL} tables, {kind}",
            now=float(costs[kind][GOAL].usd),
            unit="USD",
            before="printed",
            bar=bar,
            note="modelled",
        )
        for kind, bar in BARS.items()
    ]
    growth = [[f"{n:,}", *(f"{costs[kind][n].usd:.4f}" for kind in KINDS)] for n in NUMBERS]
    lines = [
        [kind, line.item, line.quantity, line.unit, f"{line.usd}"] for kind in KINDS for line in dear(costs[kind][GOAL])
    ]
    return Part(
        figures,
        [
            Details("Cost of a run by number of tables, USD, modelled", ["tables", *KINDS], growth, MODEL),
            Details(f"Where it goes, {GOAL} tables", ["run", "item", "quantity", "unit", "USD"], lines),
        ],
    )


def cost(number: int, published: bool, revised: bool) -> RunCost:
    """Of a run over `number` tables."""
    tables = [Size(cells=CELLS_PER_PAGE, published=published)] * number
    return planned(tables, setting(), revised=revised).cost


def dear(whole: RunCost) -> Iterator:  # type: ignore[type-arg]
    """The items of at least a hundredth of the cost, the dearest first."""
    yield from sorted((line for line in whole.lines if line.usd * 100 >= whole.usd), key=lambda line: -line.usd)
