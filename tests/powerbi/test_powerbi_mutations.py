"""The checks themselves: each planted mistake is found by the check it is listed under."""

from collections.abc import Callable, Iterator

import pytest

from tests.powerbi.checks import CHECKS, Project
from tests.powerbi.checks.project import MODEL, PAGES, REPORT, load

OBSERVATIONS, DATE, TABLES = (f"{MODEL}tables/{name}.tmdl" for name in ("observations", "date", "tables"))
RELATIONSHIPS, EXPRESSIONS = f"{MODEL}relationships.tmdl", f"{MODEL}expressions.tmdl"
VALUES, LATEST = (f"{PAGES}Series/visuals/{name}/visual.json" for name in ("values", "latest"))
CARDS = f"{PAGES}Overview/visuals/counts/visual.json"
THEME = f"{REPORT}StaticResources/RegisteredResources/SingStatTheme.json"
SETTINGS = f"{REPORT}definition/report.json"
PARTITION = "\tpartition observations = m\n"
COLUMN = "\t/// Name of the series.\n\tcolumn series\n"

Change = Callable[[str], str]


def replaced(old: str, new: str, times: int = 1) -> Change:
    def change(text: str) -> str:
        assert old in text, f"the file has no {old!r} to change"
        return text.replace(old, new, times)

    return change


def dropped(line: str) -> Change:
    return replaced(f"{line}\n", "")


def added(end: str) -> Change:
    return lambda text: text + end


def sorted_by(name: str) -> Change:
    def change(text: str) -> str:
        query, sort, fields = text.partition('"sortDefinition"')
        return query + sort + replaced('"Property": "period_start"', f'"Property": "{name}"')(fields)

    return change


BY_VINTAGE = "\nrelationship by-vintage\n\tfromColumn: tables.vintage\n\ttoColumn: date.date\n"

# By check: the name of a mistake, the file it is in, and how it changes it; None removes the file.
MISTAKES = {
    "tmdl_is_well_formed": [
        ("spaces", OBSERVATIONS, replaced("\t\tdataType", "        dataType")),
        ("too-deep", OBSERVATIONS, replaced("\t\tsummarizeBy", "\t\t\tsummarizeBy")),
        ("two-objects-on-a-line", OBSERVATIONS, replaced("column unit\n", "column unit column footnote\n")),
        ("misspelt-property", OBSERVATIONS, replaced("sourceColumn:", "sourceColum:")),
        ("misspelt-object", OBSERVATIONS, replaced("\tmeasure ", "\tmesure ")),
        ("unknown-type", OBSERVATIONS, replaced("dataType: double", "dataType: decimal(38,18)")),
        ("property-twice", OBSERVATIONS, replaced("\t\tisHidden\n", "\t\tisHidden\n\t\tisHidden\n")),
        ("name-without-quotes", OBSERVATIONS, replaced("'Latest value'", "Latest value")),
        ("measure-without-expression", TABLES, replaced("measure Tables = COUNTROWS ( 'tables' )", "measure Tables")),
        ("description-of-nothing", OBSERVATIONS, replaced("\t\tsummarizeBy", "\t\t/// Sums.\n\t\tsummarizeBy")),
        ("windows-lines", DATE, replaced("\n", "\r\n", -1)),
        ("both-directions", RELATIONSHIPS, added("\tcrossFilteringBehavior: bothDirections\n")),
    ],
    "every_table_file_is_referenced": [
        ("table-not-referenced", f"{MODEL}model.tmdl", dropped("ref table revisions")),
        ("table-not-there", f"{MODEL}tables/costs.tmdl", None),
        ("table-renamed", TABLES, replaced("\ntable tables", "\ntable table_list")),
    ],
    "names_are_unique": [
        ("column-twice", OBSERVATIONS, replaced("column footnote\n", "column unit\n")),
        ("measure-as-column", TABLES, replaced("measure Tables ", "measure Title ")),
    ],
    "everything_is_described": [
        ("no-description", OBSERVATIONS, replaced(COLUMN, "\tcolumn series\n")),
        ("parameter-without-description", EXPRESSIONS, dropped("/// The source of the data.")),
    ],
    "lineage_tags_are_unique_and_stable": [
        ("tag-changed", DATE, replaced("\t\tlineageTag: ", "\t\tlineageTag: 0")),
        ("tag-missing", TABLES, replaced("\t\tlineageTag: ", "\t\tx: ")),
    ],
    "columns_have_a_source": [
        ("no-source-column", OBSERVATIONS, dropped("\t\tsourceColumn: unit")),
        ("other-source-column", OBSERVATIONS, replaced("sourceColumn: unit", "sourceColumn: uint")),
        ("no-partition", OBSERVATIONS, replaced(PARTITION, "\tpartition other = m\n")),
    ],
    "columns_are_the_contract": [
        ("column-left-out", OBSERVATIONS, replaced("\tcolumn unit\n", "\tcolumn units\n")),
        ("value-as-text", OBSERVATIONS, replaced("dataType: double", "dataType: string")),
        ("cost-as-text", f"{MODEL}tables/costs.tmdl", replaced("double", "string")),
    ],
    "columns_sort_by_a_column": [
        ("sort-by-nothing", DATE, replaced("sortByColumn: month_number", "sortByColumn: month_no")),
        ("months-by-letter", DATE, dropped("\t\tsortByColumn: month_number")),
    ],
    "relationships_join_equal_columns": [
        ("joins-nothing", RELATIONSHIPS, replaced("tables.table_id", "tables.id")),
        ("joins-text-to-date", RELATIONSHIPS, replaced("period_start", "period")),
        ("joins-many-to-many", RELATIONSHIPS, replaced("tables.table_id", "tables.title")),
    ],
    "filters_have_one_path": [
        ("two-paths", RELATIONSHIPS, added(BY_VINTAGE)),
    ],
    "measures_have_a_folder": [
        ("no-folder", OBSERVATIONS, dropped("\t\tdisplayFolder: Counts")),
    ],
    "dax_refers_to_what_exists": [
        ("dax-table", TABLES, replaced("COUNTROWS ( 'tables' )", "COUNTROWS ( 'table' )")),
        ("dax-column", OBSERVATIONS, replaced("[period_start] )", "[start] )")),
        ("dax-measure", OBSERVATIONS, replaced("[Latest value] -", "[Last value] -")),
        ("dax-function", OBSERVATIONS, replaced("EDATE (", "ADDMONTHS (")),
        ("dax-variable", OBSERVATIONS, replaced("VAR baseDate", "VAR base")),
        ("dax-bracket", TABLES, replaced("MAX ( 'tables'[vintage] )", "MAX ( 'tables'[vintage]")),
        ("dax-of-calculated-table", DATE, replaced("'observations'[period_start]", "'observations'[starts]")),
    ],
    "m_refers_to_what_exists": [
        ("m-parameter", EXPRESSIONS, replaced("AthenaDatabase]}", "Database]}")),
        ("m-function", EXPRESSIONS, replaced("Parquet.Document(", "Parquet.Read(")),
        ("m-bracket", OBSERVATIONS, replaced("List.Transform(", "List.Transform ")),
    ],
    "queries_bring_every_column": [
        ("m-column", OBSERVATIONS, replaced('{"unit", type text}, ', "")),
    ],
    "json_is_valid": [
        ("not-json", VALUES, replaced('"visual": {', '"visual": ')),
    ],
    "json_meets_microsofts_schema": [
        ("schema-of-another-version", VALUES, replaced("visualContainer/2.4.0", "visualContainer/2.99.0")),
        ("no-schema", SETTINGS, replaced('"$schema"', '"schema"')),
        ("visual-unknown-key", VALUES, replaced('"drillFilterOtherVisuals"', '"drillFilter"')),
        ("visual-without-position", VALUES, replaced('"position"', '"place"')),
        ("page-display-option", f"{PAGES}Series/page.json", replaced("FitToPage", "Fit")),
        ("theme-version-as-text", SETTINGS, replaced('"visual": "2.4.0"', '"visual": "latest"')),
        (
            "pbism-unknown-setting",
            "SingStat.SemanticModel/definition.pbism",
            replaced('"settings": {}', '"settings": {"qna": 1}'),
        ),
        ("pbir-without-model", f"{REPORT}definition.pbir", replaced("byPath", "byName")),
        ("pbip-without-artifacts", "SingStat.pbip", replaced('"artifacts"', '"items"')),
        ("platform-without-id", f"{REPORT}.platform", replaced('"logicalId"', '"id"')),
        (
            "version-of-two-parts",
            f"{REPORT}definition/version.json",
            replaced('"version": "2.0.0"', '"version": "2.0"'),
        ),
        ("no-version", f"{REPORT}definition/version.json", None),
    ],
    "item_paths_lead_somewhere": [
        ("model-elsewhere", f"{REPORT}definition.pbir", replaced("../SingStat", "../Model")),
        ("report-elsewhere", "SingStat.pbip", replaced("SingStat.Report", "Report")),
    ],
    "data_source_files_name_a_source": [
        ("pbids-without-dsn", "athena.pbids", replaced("options", "option")),
        ("pbids-protocol", "export-folder.pbids", replaced('"folder"', '"directory"')),
    ],
    "pages_are_listed": [
        ("page-not-listed", f"{PAGES}pages.json", replaced('"Costs",', "")),
        ("page-without-json", f"{PAGES}Quality/page.json", None),
        ("visual-of-another-name", VALUES, replaced('"name": "values"', '"name": "value"')),
    ],
    "fields_are_bound": [
        ("measure-not-there", VALUES, replaced('"Property": "Latest value"', '"Property": "Last value"')),
        ("column-not-there", LATEST, replaced('"Property": "unit"', '"Property": "units"')),
        ("table-of-field-not-there", VALUES, replaced('"Entity": "observations"', '"Entity": "facts"', -1)),
        ("column-as-measure", VALUES, replaced('"Measure": {', '"Column": {')),
        ("hidden-column", OBSERVATIONS, replaced("\tcolumn unit\n", "\tcolumn unit\n\t\tisHidden\n")),
        ("column-of-filter", f"{PAGES}Series/page.json", replaced('"Source": "f"', '"Source": "g"')),
        ("measure-renamed", OBSERVATIONS, replaced("measure Index", "measure Indices")),
        (
            "other-query",
            VALUES,
            replaced('"queryRef": "observations.period_start"', '"queryRef": "observations.start"'),
        ),
    ],
    "roles_hold_the_right_fields": [
        ("unknown-role", CARDS, replaced('"Data"', '"Values"')),
        ("unknown-visual", VALUES, replaced('"lineChart"', '"linechart"')),
        ("measure-as-category", VALUES, replaced('"Y": {', '"Category": {')),
        ("column-as-value", VALUES, replaced('"Series": {', '"Y": {')),
    ],
    "sorts_are_of_shown_fields": [
        ("sort-by-what-is-not-shown", VALUES, sorted_by("vintage")),
    ],
    "settings_are_literals": [
        ("setting-without-quotes", VALUES, replaced("\"'Values'\"", '"Values"')),
    ],
    "visuals_are_titled_and_read_out": [
        ("no-title", VALUES, replaced("'Values'", "''")),
        ("no-alternative-text", CARDS, replaced('"altText"', '"alternative"')),
        ("label-twice", LATEST, replaced('"displayName": "Unit"', '"displayName": "Series"')),
    ],
    "visuals_lie_on_the_page_in_reading_order": [
        ("off-the-page", VALUES, replaced('"x": 24', '"x": 1000')),
        ("one-over-another", VALUES, replaced('"height": 272', '"height": 312')),
        ("tab-order", VALUES, replaced('"tabOrder": 5000', '"tabOrder": 9000')),
    ],
    "theme_is_registered": [
        ("theme-not-registered", SETTINGS, replaced('"path": "SingStatTheme.json"', '"path": "Theme.json"')),
        ("theme-missing", THEME, None),
    ],
    "theme_is_readable": [
        ("theme-colour", THEME, replaced("#d55e00", "orange")),
        ("theme-key", THEME, replaced('"good"', '"best"')),
        ("theme-pale", THEME, replaced("#d55e00", "#ffd54f")),
        ("theme-red-and-green", THEME, replaced("#00a4b7", "#6f8000")),
        ("theme-grey-text", THEME, replaced('"color": "#5f6368"', '"color": "#9aa0a6"')),
    ],
}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return load().files


@pytest.mark.parametrize(
    ("check", "path", "change"),
    [
        pytest.param(check, path, change, id=f"{check.__name__}-{name}")
        for check in CHECKS
        for name, path, change in MISTAKES[check.__name__]
    ],
)
def test_powerbi_mistake_is_found(
    files: dict[str, str], check: Callable[[Project], Iterator[str]], path: str, change: Change | None
) -> None:
    others = {other: text for other, text in files.items() if other != path}
    changed = others | ({path: change(files[path])} if change else {})
    assert changed != files

    assert [*check(Project(changed))] != []
