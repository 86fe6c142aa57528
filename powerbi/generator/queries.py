"""The sources of the rows: parameters and functions in M, queries of the tables in M and DAX."""

from textwrap import dedent, indent

from pipeline.report.series import STEPS

from powerbi.generator.declare import Column, Expression, m_types

FREQUENCIES = tuple(frequency for frequency, months in STEPS.items() if months)


def _parameter(
    name: str, value: str, description: str, choices: tuple[str, ...] = (), optional: bool = False
) -> Expression:
    among = ", ".join(f'"{choice}"' for choice in choices)
    fields = [
        "IsParameterQuery = true",
        *([f"List = {{{among}}}", f'DefaultValue = "{value}"'] if choices else []),
        'Type = "Text"',
        f"IsParameterQueryRequired = {'false' if optional else 'true'}",
    ]
    return Expression(name, description, f'"{value}" meta [{", ".join(fields)}]', "Text")


PUBLISHED = """
    (name as text, types as list) as table =>
        let
            names = List.Transform(types, each _{0}),
            catalogue = () => AmazonAthena.Databases(AthenaDsn, null, []){[Name = "AwsDataCatalog"]}[Data],
            athena = () => catalogue(){[Name = AthenaDatabase]}[Data]{[Name = name]}[Data],
            isExported = (file as record) as logical =>
                file[Extension] = ".parquet"
                    and (file[Name] = name & ".parquet" or Text.EndsWith(file[Folder Path], "\\" & name & "\\")),
            files = () => Table.SelectRows(Folder.Files(ExportFolder), isExported)[Content],
            exported = () => Table.Combine(List.Transform(files(), each Parquet.Document(_)), names),
            found = if DataSource = "Athena" then athena() else exported()
        in
            Table.TransformColumnTypes(Table.SelectColumns(found, names), types)
"""

EXPRESSIONS = (
    _parameter("DataSource", "Athena", "The source of the data.", ("Athena", "Export folder")),
    _parameter("AthenaDsn", "SingStat", "The ODBC data source name of Amazon Athena on this computer."),
    _parameter("AthenaDatabase", "transformed_singstat_data", "The published database in the Glue Data Catalog."),
    _parameter("ExportFolder", "C:\\SingStat\\export", "Output directory of `singstat export --format parquet`."),
    _parameter(
        "CostsFolder",
        "",
        "Folder with a copy of the daily cost reports. If empty, so is the table costs.",
        optional=True,
    ),
    Expression(
        "Published",
        "A published table with the given columns and types, from Athena or the export folder.",
        dedent(PUBLISHED).strip(),
        "Function",
    ),
)


def published(name: str, columns: tuple[Column, ...]) -> str:
    """The M query of one published table."""
    return f'Published("{name}", {m_types(columns)})'


def observations(columns: tuple[Column, ...]) -> str:
    """The M query that appends the published time series and adds `frequency` and `series_label`."""
    names = ", ".join(f'"{frequency}"' for frequency in FREQUENCIES)
    return _let(
        types=m_types(columns),
        ofFrequency="(frequency as text) as table =>\n"
        '    Table.AddColumn(Published(frequency, types), "frequency", each frequency, type text)',
        appended=f"Table.Combine(List.Transform({{{names}}}, ofFrequency))",
        labelled='Table.AddColumn(appended, "series_label", each [series_no] & " " & [series], type text)',
    )


def revisions(columns: tuple[Column, ...]) -> str:
    """The M query of the revisions with two more columns: `revised_on`, the vintage, and `relative_change`."""
    return _let(
        found=published("revisions", columns),
        dated='Table.AddColumn(found, "revised_on", each Date.FromText(Text.Start([edition], 10)), type date)',
        change="(row as record) as nullable number =>\n"
        "    if row[old_value] = null or row[old_value] = 0 then null\n"
        "    else (row[new_value] - row[old_value]) / Number.Abs(row[old_value])",
        changed='Table.AddColumn(dated, "relative_change", change, type number)',
    )


def costs(columns: tuple[Column, ...]) -> str:
    """The M query of the daily cost reports: each day from the newest report that contains it."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    return _let(
        columns=f"{{{names}}}",
        reports='if CostsFolder = "" then {}\n'
        '    else Table.ToRecords(Table.SelectRows(Folder.Files(CostsFolder), each [Name] = "costs.csv"))',
        rows="(report as record) as table => Table.AddColumn(\n"
        '    Table.PromoteHeaders(Csv.Document(report[Content], [Delimiter = ",", Encoding = 65001])),\n'
        '    "reported", each report[Folder Path], type text\n)',
        appended='Table.Combine(List.Transform(reports, rows), columns & {"reported"})',
        newest="(rows as table) as table => let last = List.Max(rows[reported]) in\n"
        "    Table.SelectRows(rows, each [reported] = last)",
        byDay='Table.Group(appended, {"day", "kind"}, {{"rows", newest, type table}})',
        kept="Table.Combine(byDay[rows], columns)",
        typed=f'Table.TransformColumnTypes(kept, {m_types(columns)}, "en-US")',
    )


DATES = """
VAR firstDay = COALESCE ( MIN ( 'observations'[period_start] ), TODAY () )
VAR lastDay = MAX ( MAX ( 'observations'[period_start] ), TODAY () )
RETURN
    SELECTCOLUMNS (
        CALENDAR ( DATE ( YEAR ( firstDay ), 1, 1 ), DATE ( YEAR ( lastDay ), 12, 31 ) ),
        "date", [Date],
        "year", YEAR ( [Date] ),
        "quarter", YEAR ( [Date] ) & " Q" & QUARTER ( [Date] ),
        "month", FORMAT ( [Date], "yyyy-mm" ),
        "month_name", FORMAT ( [Date], "mmm", "en-US" ),
        "month_number", MONTH ( [Date] )
    )
""".strip()

BASE_DATES = """
SELECTCOLUMNS ( DISTINCT ( 'observations'[period_start] ), "base_date", 'observations'[period_start] )
""".strip()


def _let(**steps: str) -> str:
    bound = ",\n".join(
        f"{name} =\n{indent(step, '    ')}" if "\n" in step else f"{name} = {step}" for name, step in steps.items()
    )
    return f"let\n{indent(bound, '    ')}\nin\n    {list(steps)[-1]}"
