"""The semantic model: tables on the column contract, relationships, measures."""

from pipeline.table import schema

from powerbi.generator import measures, queries
from powerbi.generator.declare import Column, Relationship, Table, from_contract

CONTRACT = {
    "table_id": "SingStat's id of the table, like M212881.",
    "series_no": "Number of the series in its table; a text: 1, 1.0 and 1.10 differ.",
    "series": "Name of the series.",
    "unit": "Unit of the values.",
    "footnote": "What SingStat notes about it.",
    "period": "Period as SingStat writes it, like 2026 3Q.",
    "period_start": "First day of the period.",
    **{f"column_{level}": f"Column heading, level {level} of 5." for level in range(1, 6)},
    "value": "Value with 15 digits; blank for a marker. The exact text is value_text.",
    "value_text": "What SingStat sent, untouched.",
    "vintage": "Day of SingStat's last update: the vintage.",
    "title": "Title of the table.",
    "frequency": "monthly, quarterly, half_yearly, yearly or cross_sectional.",
    "theme": "Theme in SingStat's catalogue.",
    "subject": "Subject in SingStat's catalogue.",
    "topic": "Topic in SingStat's catalogue.",
    "source_agency": "Agency that made the numbers.",
    "edition": "Vintage and number, like 2026-07-24.1.",
    "previous_edition": "The edition before.",
    "observations": "Cells, as counted and verified before publication.",
    "checksum": "Checksum over all cells.",
    "run_id": "The run that published it.",
    "fetched_at": "When it was downloaded.",
    "source_url": "Where it was downloaded from.",
    "verified_by": "The Athena query that proved its numbers.",
    "location": "Where its files are.",
    "cell": "Period or column headings of the cell.",
    "kind": "revised, new or deleted.",
    "old_value": "Value in the edition before, with 15 digits; blank for a marker.",
    "new_value": "Value in this edition, with 15 digits; blank for a marker.",
    "old_text": "Text in the edition before.",
    "new_text": "Text in this edition.",
}
TECHNICAL = frozenset({"checksum", "run_id", "location"})
JOINED = frozenset({"table_id"})


def _contract(columns: dict[str, str], hidden: frozenset[str] = JOINED) -> tuple[Column, ...]:
    return from_contract(columns, CONTRACT, hidden)


OF_OBSERVATIONS = _contract(schema.TIME_SERIES | schema.PUBLISHED_PARTITIONS)
OF_CROSS_SECTIONAL = _contract(schema.CROSS_SECTIONAL | schema.PUBLISHED_PARTITIONS)
OF_TABLES = _contract(schema.TABLES, TECHNICAL)
OF_REVISIONS = _contract(schema.REVISIONS)
OF_COSTS = (
    Column("day", "dateTime", "Day by UTC, as AWS's bills are."),
    Column("kind", "string", "bill: what AWS billed; estimate: what our runs should cost."),
    Column("service", "string", "AWS service; of an estimate the number of runs."),
    Column("amount", "double", "Amount in its currency.", format="#,0.0000"),
    Column("currency", "string", "Currency of the amount."),
)

MODEL = (
    Table(
        "observations",
        "The published time series, all four frequencies: one row for each cell.",
        (
            *OF_OBSERVATIONS,
            Column("frequency", "string", "Published table it comes from."),
            Column("series_label", "string", "Number and name of the series: unique in its table."),
        ),
        queries.observations(OF_OBSERVATIONS),
        measures.OBSERVATIONS,
    ),
    Table(
        "cross_sectional",
        "The published tables without periods: one row for each cell.",
        OF_CROSS_SECTIONAL,
        queries.published("cross_sectional", OF_CROSS_SECTIONAL),
    ),
    Table(
        "tables",
        "What is published: one row for each SingStat table.",
        OF_TABLES,
        queries.published("tables", OF_TABLES),
        measures.TABLES,
    ),
    Table(
        "revisions",
        "Every cell that differs between two consecutive editions of a table.",
        (
            *OF_REVISIONS,
            Column("revised_on", "dateTime", "Vintage of the edition."),
            Column(
                "relative_change",
                "double",
                "New value less the old, of the old; blank unless both are numbers.",
                format=measures.PERCENT,
            ),
        ),
        queries.revisions(OF_REVISIONS),
        measures.REVISED,
    ),
    Table(
        "costs",
        "What the application costs, by the daily reports in CostsFolder.",
        OF_COSTS,
        queries.costs(OF_COSTS),
        measures.COST,
    ),
    Table(
        "date",
        "Every day of the years that have observations, until this year.",
        (
            Column("date", "dateTime", "The day.", key=True),
            Column("year", "int64", "Calendar year.", format="0"),
            Column("quarter", "string", "Year and quarter, like 2026 Q3."),
            Column("month", "string", "Year and month, like 2026-09."),
            Column("month_name", "string", "Month, like Sep.", sort_by="month_number"),
            Column("month_number", "int64", "Month, 1 to 12.", hidden=True, format="0"),
        ),
        queries.DATES,
        calculated=True,
        dates=True,
    ),
    Table(
        "base_date",
        "The periods to choose the base of an index from; it filters nothing.",
        (Column("base_date", "dateTime", "First day of the period where the index is 100."),),
        queries.BASE_DATES,
        calculated=True,
    ),
)

RELATIONSHIPS = (
    Relationship("observations", "table_id", "tables", "table_id"),
    Relationship("cross_sectional", "table_id", "tables", "table_id"),
    Relationship("revisions", "table_id", "tables", "table_id"),
    Relationship("observations", "period_start", "date", "date"),
    Relationship("revisions", "revised_on", "date", "date"),
    Relationship("costs", "day", "date", "date"),
)
