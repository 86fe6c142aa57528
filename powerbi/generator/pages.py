"""The pages of the report and their visuals, on a grid of 12 columns."""

from dataclasses import dataclass

from powerbi.generator.visuals import Field, Head, Place, Visual, cards, chart, column, heading, measure, slicer, table


@dataclass(frozen=True)
class Page:
    """A page with its visuals in reading order; rows where a field has the value in `without` are filtered out."""

    name: str
    visuals: tuple[Visual, ...]
    without: tuple[Field, str] | None = None


TITLE = column("tables", "title", "Table")
TABLE_ID = column("tables", "table_id", "ID")
FREQUENCY = column("tables", "frequency", "Frequency")
VINTAGE = column("tables", "vintage", "Vintage")
AGENCY = column("tables", "source_agency", "Agency")
PERIOD = column("observations", "period_start", "Period")
LABEL = column("observations", "series_label", "Series")
DATE = column("date", "date", "Date")
KIND = column("revisions", "kind", "Kind")
EDITION = column("revisions", "edition", "Edition")
SERVICE = column("costs", "service", "Service")
CURRENCY = column("costs", "currency", "Currency")

CARDS, CHOICES, BODY = (80, 96), (80, 88), (192, 504)


def _row(top: int, height: int) -> Place:
    return Place(0, 12, top, height)


OVERVIEW = Page(
    "Overview",
    (
        heading("Overview", "Published tables and their vintages."),
        cards(
            Head(
                "counts",
                _row(*CARDS),
                "",
                "Number of tables, series and cells, newest vintage and number of revisions.",
            ),
            measure("Tables"),
            measure("Number of series", "Series"),
            measure("Cells"),
            measure("Newest vintage"),
            measure("Revisions"),
        ),
        chart(
            Head("byTheme", Place(0, 4, *BODY), "Cells by theme", "Bar chart: number of published cells by theme."),
            "clusteredBarChart",
            column("tables", "theme", "Theme"),
            measure("Published cells", "Cells"),
        ),
        table(
            Head(
                "published",
                Place(4, 8, *BODY),
                "Published tables",
                "Each published table with frequency, vintage, number of cells and agency.",
            ),
            TITLE,
            TABLE_ID,
            FREQUENCY,
            VINTAGE,
            measure("Published cells", "Cells"),
            AGENCY,
            sort=(VINTAGE, "Descending"),
        ),
    ),
)

SERIES = Page(
    "Series",
    (
        heading(
            "Series", "Select a table and its series. Values are never aggregated: each point is a published value."
        ),
        slicer(Head("table", Place(0, 4, *CHOICES), "Table", "Select one table."), TITLE, single=True),
        slicer(Head("series", Place(4, 3, *CHOICES), "Series", "Select series of the table."), LABEL),
        slicer(Head("dates", Place(7, 3, *CHOICES), "Dates", "Select the dates."), DATE, mode="Between"),
        slicer(
            Head("base", Place(10, 2, *CHOICES), "Base of the index", "Select the period in which the index is 100."),
            column("base_date", "base_date", "Base date"),
        ),
        chart(
            Head("values", Place(0, 6, 184, 272), "Values", "Line chart: values of each selected series by date."),
            "lineChart",
            PERIOD,
            measure("Latest value", "Value"),
            LABEL,
        ),
        chart(
            Head(
                "index",
                Place(6, 6, 184, 272),
                "Index, base = 100",
                "Line chart: each selected series as an index of its value at the base date.",
            ),
            "lineChart",
            PERIOD,
            measure("Index"),
            LABEL,
        ),
        table(
            Head(
                "latest",
                _row(472, 224),
                "Latest values and changes",
                "Each series with its unit, latest period and value, and changes on the previous period and year.",
            ),
            LABEL,
            column("observations", "unit", "Unit"),
            measure("Latest period"),
            measure("Latest value"),
            measure("Change on period"),
            measure("Change on period %"),
            measure("Change on year"),
            measure("Change on year %"),
            sort=(LABEL, "Ascending"),
        ),
    ),
    without=(FREQUENCY, "cross_sectional"),
)

REVISIONS = Page(
    "Revisions",
    (
        heading("Revisions", "Every cell and series that differs between two consecutive editions of a table."),
        slicer(Head("table", Place(0, 8, *CHOICES), "Table", "Select tables."), TITLE),
        slicer(
            Head("kind", Place(8, 4, *CHOICES), "Kind", "Select revised, new or deleted cells, or changes of series."),
            KIND,
        ),
        cards(
            Head(
                "counts",
                _row(184, 96),
                "",
                "Number of revisions by kind, tables with revisions, and the largest revision in per cent.",
            ),
            measure("Revised cells", "Revised"),
            measure("New cells", "New"),
            measure("Deleted cells", "Deleted"),
            measure("Changed series"),
            measure("Tables with revisions"),
            measure("Largest revision %"),
        ),
        chart(
            Head(
                "byVintage",
                Place(0, 4, 296, 400),
                "Revisions by vintage",
                "Column chart: number of cells and series that each vintage changed, by kind.",
            ),
            "columnChart",
            column("revisions", "revised_on", "Vintage"),
            measure("Revisions"),
            KIND,
        ),
        table(
            Head(
                "cells",
                Place(4, 8, 296, 400),
                "Revisions",
                "Each changed cell or series: table, series, period, kind, old and new text, change and edition.",
            ),
            TITLE,
            column("revisions", "series_no", "No."),
            column("revisions", "series", "Series"),
            column("revisions", "cell", "Cell"),
            KIND,
            column("revisions", "old_text", "Old"),
            column("revisions", "new_text", "New"),
            column("revisions", "relative_change", "Change"),
            EDITION,
            sort=(EDITION, "Descending"),
        ),
    ),
)

COSTS = Page(
    "Costs",
    (
        heading("Costs", "The AWS bill and our estimates, from the daily reports. Empty until CostsFolder is set."),
        cards(
            Head(
                "sums", Place(0, 6, *CARDS), "", "Total of the bill and total of the estimates for the selected days."
            ),
            measure("Billed"),
            measure("Estimated"),
        ),
        slicer(Head("days", Place(6, 4, *CARDS), "Days", "Select the days."), DATE, mode="Between"),
        slicer(Head("currency", Place(10, 2, *CARDS), "Currency", "Select the currency."), CURRENCY),
        chart(
            Head(
                "byDay",
                Place(0, 8, *BODY),
                "Bill by day and service",
                "Column chart: cost of each AWS service by day.",
            ),
            "columnChart",
            column("costs", "day", "Day"),
            measure("Billed"),
            SERVICE,
        ),
        table(
            Head("services", Place(8, 4, *BODY), "Bill by service", "Cost of each AWS service on the selected days."),
            SERVICE,
            measure("Billed"),
            CURRENCY,
            sort=(measure("Billed"), "Descending"),
        ),
    ),
)

QUALITY = Page(
    "Quality",
    (
        heading("Quality", "Verified, loaded and missing cells."),
        cards(
            Head(
                "cells",
                _row(*CARDS),
                "",
                "Number of verified, loaded, not loaded, missing and rejected cells.",
            ),
            measure("Published cells", "Verified cells"),
            measure("Cells", "Loaded cells"),
            measure("Cells not loaded", "Not loaded"),
            measure("Missing cells", "Missing"),
            measure("Rejected cells", "Rejected"),
        ),
        chart(
            Head(
                "missing",
                Place(0, 4, *BODY),
                "Missing cells by agency",
                "Bar chart: share of missing cells by source agency.",
            ),
            "clusteredBarChart",
            AGENCY,
            measure("Missing %"),
        ),
        table(
            Head(
                "tables",
                Place(4, 8, *BODY),
                "Tables",
                "Each table with verified, loaded, not loaded, missing and rejected cells, edition, time of download.",
            ),
            TITLE,
            TABLE_ID,
            measure("Published cells", "Verified"),
            measure("Cells", "Loaded"),
            measure("Cells not loaded", "Not loaded"),
            measure("Missing %", "Missing"),
            measure("Rejected cells", "Rejected"),
            column("tables", "edition", "Edition"),
            column("tables", "fetched_at", "Fetched"),
            sort=(measure("Cells not loaded"), "Descending"),
        ),
    ),
)

PAGES = (OVERVIEW, SERIES, REVISIONS, COSTS, QUALITY)
