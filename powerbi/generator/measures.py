"""The measures in DAX. They never sum values of a series, and are blank if they would mix two series."""

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
    """The value of the selected series in another period, regardless of the selected dates."""
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
    """The number of cells, in both kinds of tables, that meet a condition on `value` and `value_text`."""
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
    Measure("Latest period", SERIES, DAY, "First day of the last selected period with a value.", LATEST_PERIOD),
    Measure(
        "Latest value", SERIES, NUMBER, "Value in the latest period; blank unless one series is selected.", LATEST_VALUE
    ),
    Measure(
        "Index", SERIES, "0.0", "Latest value relative to the base date = 100; by default the first period.", INDEX
    ),
    Measure(PERIOD_AGO, CHANGES, NUMBER, "Value of the period before the latest period.", _before(STEP)),
    Measure(YEAR_AGO, CHANGES, NUMBER, "Value of the same period a year before the latest period.", _before("12")),
    Measure(
        "Change on period", CHANGES, SIGNED, "Latest value minus the value of the period before.", _change(PERIOD_AGO)
    ),
    Measure(
        "Change on period %",
        CHANGES,
        PERCENT,
        "Change on period relative to the value before.",
        _change(PERIOD_AGO, True),
    ),
    Measure("Change on year", CHANGES, SIGNED, "Latest value minus the value a year before.", _change(YEAR_AGO)),
    Measure(
        "Change on year %",
        CHANGES,
        PERCENT,
        "Change on year relative to the value a year before.",
        _change(YEAR_AGO, True),
    ),
    Measure(
        "Number of series", COUNTS, COUNT, "Number of series in the selected time series tables.", NUMBER_OF_SERIES
    ),
    Measure(
        "Cells",
        COUNTS,
        COUNT,
        "Loaded cells, including those without a value.",
        "COUNTROWS ( 'observations' ) + COUNTROWS ( 'cross_sectional' )",
    ),
    Measure(
        "Missing cells",
        QUALITY,
        COUNT,
        "Cells for which SingStat published a marker such as na or -.",
        _cells(IS_MARKER),
    ),
    Measure(
        "Missing %", QUALITY, SHARE, "Missing cells as a share of all cells.", "DIVIDE ( [Missing cells], [Cells] )"
    ),
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
    Measure("Newest vintage", COUNTS, DAY, "Date of SingStat's latest update of a table.", "MAX ( 'tables'[vintage] )"),
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
        "Published minus loaded cells. If not 0, refresh.",
        "[Published cells] - [Cells]",
    ),
)
REVISED = (
    Measure(
        "Revisions",
        REVISIONS,
        COUNT,
        "Cells and series that differ between two consecutive editions.",
        "COUNTROWS ( 'revisions' )",
    ),
    *(
        Measure(
            f"{kind.capitalize()} cells",
            REVISIONS,
            COUNT,
            f"Number of {kind} cells.",
            f"CALCULATE ( [Revisions], KEEPFILTERS ( 'revisions'[kind] = \"{kind}\" ) )",
        )
        for kind in ("revised", "new", "deleted")
    ),
    Measure(
        "Changed series",
        REVISIONS,
        COUNT,
        "Changes of the number, label, unit or footnote of a series.",
        "CALCULATE ( [Revisions],"
        ' KEEPFILTERS ( \'revisions\'[kind] IN { "renumbered", "label", "unit", "footnote" } ) )',
    ),
    Measure(
        "Tables with revisions",
        REVISIONS,
        COUNT,
        "Number of tables with revisions.",
        "DISTINCTCOUNT ( 'revisions'[table_id] )",
    ),
    Measure(
        "Largest revision",
        REVISIONS,
        NUMBER,
        "Largest absolute difference between an old and a new value, in the unit of the series.",
        "MAXX ( FILTER ( 'revisions', 'revisions'[kind] = \"revised\" ),"
        " ABS ( 'revisions'[new_value] - 'revisions'[old_value] ) )",
    ),
    Measure(
        "Largest revision %",
        REVISIONS,
        "0.0%",
        "Largest absolute difference between an old and a new value, relative to the old one.",
        SHARE_REVISED,
    ),
)
COST = (
    Measure(
        "Billed",
        COSTS,
        MONEY,
        "Amount billed by AWS, in the currency of the bill.",
        "CALCULATE ( SUM ( 'costs'[amount] ), KEEPFILTERS ( 'costs'[kind] = \"bill\" ) )",
    ),
    Measure(
        "Estimated",
        COSTS,
        MONEY,
        "Estimated cost of the runs, in USD.",
        "CALCULATE ( SUM ( 'costs'[amount] ), KEEPFILTERS ( 'costs'[kind] = \"estimate\" ) )",
    ),
)
