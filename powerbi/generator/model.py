"""The semantic model: tables with the columns of the contract, measures and relationships."""

from pipeline.table import schema

from powerbi.generator import measures, queries
from powerbi.generator.declare import Column, Relationship, Table, from_contract

CONTRACT = {
    "table_id": "SingStat's ID of the table, for example M212881.",
    "series_no": "Number of the series in its table, as text: 1, 1.0 and 1.10 are different series.",
    "series": "Name of the series.",
    "unit": "Unit of the values.",
    "footnote": "SingStat's footnote.",
    "period": "Period as SingStat writes it, for example 2026 3Q.",
    "period_start": "First day of the period.",
    **{f"column_{level}": f"Column heading, level {level} of 5." for level in range(1, 6)},
    "value": "Value with 15 significant digits; blank for a marker. value_text is exact.",
    "value_text": "Text from SingStat, unchanged.",
    "vintage": "Date of SingStat's last update (the vintage), not of publication here.",
    "title": "Title of the table.",
    "frequency": "monthly, quarterly, half_yearly, yearly or cross_sectional.",
    "theme": "Theme in SingStat's catalogue.",
    "subject": "Subject in SingStat's catalogue.",
    "topic": "Topic in SingStat's catalogue.",
    "source_agency": "Agency that produced the statistics.",
    "edition": "Vintage and number of the edition, for example 2026-07-24.1.",
    "previous_edition": "The previous edition.",
    "observations": "Number of cells, verified before publication.",
    "checksum": "Checksum of all cells.",
    "run_id": "The run that published it.",
    "fetched_at": "Time of download in UTC.",
    "source_url": "URL of the API it was downloaded from.",
    "verified_by": "ID of the Athena query that verified it.",
    "location": "S3 location of its files.",
    "accepted": "Why a gate was passed when it was published, empty for most editions.",
    "cell": "Period or column headings of the cell; empty for a change of the series itself.",
    "kind": "revised, new or deleted cell; renumbered, label, unit or footnote of a series.",
    "old_value": "Value in the previous edition, with 15 significant digits; blank for a marker.",
    "new_value": "Value in this edition, with 15 significant digits; blank for a marker.",
    "old_text": "Text in the previous edition: of the cell, or the number, label, unit or footnote of the series.",
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
    Column("day", "dateTime", "Day in UTC, as in the AWS bill."),
    Column("kind", "string", "bill: billed by AWS; estimate: estimated cost of our runs."),
    Column("service", "string", "AWS service; for an estimate, the number of runs."),
    Column("amount", "double", "Amount in its currency.", format="#,0.0000"),
    Column("currency", "string", "Currency of the amount."),
)

MODEL = (
    Table(
        "observations",
        "The published time series of all four frequencies: one row per cell.",
        (
            *OF_OBSERVATIONS,
            Column("frequency", "string", "Frequency of the series, which is the name of its published table."),
            Column("series_label", "string", "Number and name of the series, unique in its table."),
        ),
        queries.observations(OF_OBSERVATIONS),
        measures.OBSERVATIONS,
    ),
    Table(
        "cross_sectional",
        "The published cross-sectional tables: one row per cell.",
        OF_CROSS_SECTIONAL,
        queries.published("cross_sectional", OF_CROSS_SECTIONAL),
    ),
    Table(
        "tables",
        "The published SingStat tables: one row per table.",
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
                "New minus old value, relative to the old; blank unless both are numbers.",
                format=measures.PERCENT,
            ),
        ),
        queries.revisions(OF_REVISIONS),
        measures.REVISED,
    ),
    Table(
        "costs",
        "Cost of the application, from the daily reports in CostsFolder.",
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
            Column("month_name", "string", "Month, for example Sep.", sort_by="month_number"),
            Column("month_number", "int64", "Month, 1 to 12.", hidden=True, format="0"),
        ),
        queries.DATES,
        calculated=True,
        dates=True,
    ),
    Table(
        "base_date",
        "The periods available as the base of the index; not related to other tables.",
        (Column("base_date", "dateTime", "First day of the period in which the index is 100."),),
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
