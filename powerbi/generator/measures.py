"""The measures in DAX. None adds values of a series up, and none mixes two series: it is blank instead."""

from pipeline.report.series import STEPS
from pipeline.table.values import MARKERS

from powerbi.generator.declare import Measure
from powerbi.generator.queries import FREQUENCIES

NUMBER, SIGNED, COUNT, DAY = "#,0.##########", "+#,0.##########;-#,0.##########;0", "#,0", "yyyy-mm-dd"
PERCENT, SHARE, MONEY = "+0.0%;-0.0%;0.0%", "0.00%", "#,0.0000"
SERIES, CHANGES, COUNTS, QUALITY, REVISIONS, COSTS = (
    "Series",
    "Series\\Change",
    "Counts",
    "Quality",
    "Revisions",
    "Costs",
)

PERIOD_AGO, YEAR_AGO = "Value a period before", "Value a year before"

MONTHS = ", ".join(f'"{frequency}", {STEPS[frequency]}' for frequency in FREQUENCIES)
STEP = f"SWITCH ( SELECTEDVALUE ( 'observations'[frequency] ), {MONTHS} )"


CELL = ", ".join(f"'observations'[{name}]" for name in ("period", "period_start", "value", "value_text", "vintage"))
EVERY_PERIOD = f"REMOVEFILTERS ( 'date' ),\n    REMOVEFILTERS ( {CELL} )"


def _at(period: str) -> str:
    """The selected series' value in another period than those selected."""
    return f"CALCULATE (\n    MAX ( 'observations'[value] ),\n    {EVERY_PERIOD},\n    'date'[date] = {period}\n)"


def _before(months: str) -> str:
    return (
        "VAR latestPeriod = [Latest period]\n"
        f"VAR earlierPeriod = IF ( NOT ISBLANK ( latestPeriod ), EDATE ( latestPeriod, - {months} ) )\n"
        f"VAR earlierValue = {_at('earlierPeriod')}\n"
        "RETURN IF ( NOT ISBLANK ( earlierPeriod ), earlierValue )"
    )


def _change(before: str, share: bool = False) -> str:
    change = f"[Latest value] - [{before}]"
    both = f"NOT ISBLANK ( [Latest value] ) && NOT ISBLANK ( [{before}] )"
    return f"IF ( {both}, {f'DIVIDE ( {change}, ABS ( [{before}] ) )' if share else change} )"


LATEST_PERIOD = f"""
VAR seriesChosen = CALCULATE (
    [Number of series],
    {EVERY_PERIOD}
)
VAR latestPeriod = CALCULATE (
    MAX ( 'observations'[period_start] ),
    KEEPFILTERS ( NOT ISBLANK ( 'observations'[value] ) )
)
RETURN IF ( NOT ISBLANK ( latestPeriod ) && seriesChosen = 1, latestPeriod )
""".strip()

LATEST_VALUE = """
VAR latestPeriod = [Latest period]
RETURN
    IF (
        NOT ISBLANK ( latestPeriod ),
        CALCULATE ( MAX ( 'observations'[value] ), KEEPFILTERS ( 'observations'[period_start] = latestPeriod ) )
    )
""".strip()

FIRST_PERIOD = f"""
CALCULATE (
    MIN ( 'observations'[period_start] ),
    {EVERY_PERIOD},
    NOT ISBLANK ( 'observations'[value] )
)
""".strip()

INDEX = f"""
VAR firstPeriod = {FIRST_PERIOD}
VAR baseDate = SELECTEDVALUE ( 'base_date'[base_date], firstPeriod )
VAR baseValue = {_at("baseDate")}
RETURN DIVIDE ( [Latest value], baseValue ) * 100
""".strip()

NUMBER_OF_SERIES = "COUNTROWS ( SUMMARIZE ( 'observations', 'observations'[table_id], 'observations'[series_no] ) )"

SHARE_REVISED = "MAXX ( 'revisions', ABS ( 'revisions'[relative_change] ) )"


def _cells(condition: str) -> str:
    """How many cells of both kinds of tables meet a condition on their `value` and `value_text`."""
    return "\n    + ".join(
        f"COUNTROWS ( FILTER ( '{table}', {condition.format(table=table)} ) )"
        for table in ("observations", "cross_sectional")
    )


IS_MARKER = (
    "ISBLANK ( '{table}'[value] ) && LOWER ( TRIM ( '{table}'[value_text] ) ) IN {{ "
    + ", ".join(f'"{marker}"' for marker in sorted(MARKERS))
    + " }}"
)

OBSERVATIONS = (
    Measure("Latest period", SERIES, DAY, "First day of the last selected period that has a value.", LATEST_PERIOD),
    Measure(
        "Latest value", SERIES, NUMBER, "Value in the latest period; blank unless one series is selected.", LATEST_VALUE
    ),
    Measure("Index", SERIES, "0.0", "Latest value, base date = 100; without a base date the first period is.", INDEX),
    Measure(PERIOD_AGO, CHANGES, NUMBER, "Value of the period before the latest one.", _before(STEP)),
    Measure(YEAR_AGO, CHANGES, NUMBER, "Value of the same period a year before the latest one.", _before("12")),
    Measure("Change on period", CHANGES, SIGNED, "Latest value less that of the period before.", _change(PERIOD_AGO)),
    Measure(
        "Change on period %", CHANGES, PERCENT, "Change on period, of the value before.", _change(PERIOD_AGO, True)
    ),
    Measure("Change on year", CHANGES, SIGNED, "Latest value less that of a year before.", _change(YEAR_AGO)),
    Measure(
        "Change on year %", CHANGES, PERCENT, "Change on year, of the value a year before.", _change(YEAR_AGO, True)
    ),
    Measure("Number of series", COUNTS, COUNT, "Series of all selected time-series tables.", NUMBER_OF_SERIES),
    Measure(
        "Cells",
        COUNTS,
        COUNT,
        "Loaded cells, those without a value too.",
        "COUNTROWS ( 'observations' ) + COUNTROWS ( 'cross_sectional' )",
    ),
    Measure("Missing cells", QUALITY, COUNT, "Cells where SingStat sent a marker such as na or -.", _cells(IS_MARKER)),
    Measure("Missing %", QUALITY, SHARE, "Missing cells, of all cells.", "DIVIDE ( [Missing cells], [Cells] )"),
    Measure(
        "Rejected cells",
        QUALITY,
        COUNT,
        "Cells whose text is neither a number nor a marker; see value_text.",
        "VAR withoutValue = " + _cells("ISBLANK ( '{table}'[value] )") + "\nRETURN withoutValue - [Missing cells]",
    ),
)
TABLES = (
    Measure("Tables", COUNTS, COUNT, "Published SingStat tables.", "COUNTROWS ( 'tables' )"),
    Measure("Newest vintage", COUNTS, DAY, "Last day on which SingStat updated a table.", "MAX ( 'tables'[vintage] )"),
    Measure(
        "Published cells",
        QUALITY,
        COUNT,
        "Cells as counted and verified before publication.",
        "SUM ( 'tables'[observations] )",
    ),
    Measure(
        "Cells not loaded",
        QUALITY,
        "#,0;-#,0;0",
        "Published less loaded cells: 0, or refresh.",
        "[Published cells] - [Cells]",
    ),
)
REVISED = (
    Measure(
        "Revisions",
        REVISIONS,
        COUNT,
        "Cells that differ between two consecutive editions.",
        "COUNTROWS ( 'revisions' )",
    ),
    *(
        Measure(
            f"{kind.capitalize()} cells",
            REVISIONS,
            COUNT,
            f"Revisions of the kind {kind}.",
            f"CALCULATE ( [Revisions], KEEPFILTERS ( 'revisions'[kind] = \"{kind}\" ) )",
        )
        for kind in ("revised", "new", "deleted")
    ),
    Measure(
        "Tables with revisions",
        REVISIONS,
        COUNT,
        "Tables that have a revision.",
        "DISTINCTCOUNT ( 'revisions'[table_id] )",
    ),
    Measure(
        "Largest revision",
        REVISIONS,
        NUMBER,
        "Largest distance between an old and a new value, in the unit of the series.",
        "MAXX ( FILTER ( 'revisions', 'revisions'[kind] = \"revised\" ),"
        " ABS ( 'revisions'[new_value] - 'revisions'[old_value] ) )",
    ),
    Measure(
        "Largest revision %",
        REVISIONS,
        "0.0%",
        "Largest distance between an old and a new value, of the old.",
        SHARE_REVISED,
    ),
)
COST = (
    Measure(
        "Billed",
        COSTS,
        MONEY,
        "What AWS billed, in the currency of the bill.",
        "CALCULATE ( SUM ( 'costs'[amount] ), KEEPFILTERS ( 'costs'[kind] = \"bill\" ) )",
    ),
    Measure(
        "Estimated",
        COSTS,
        MONEY,
        "Our estimates of the runs, in USD.",
        "CALCULATE ( SUM ( 'costs'[amount] ), KEEPFILTERS ( 'costs'[kind] = \"estimate\" ) )",
    ),
)
