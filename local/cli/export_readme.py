"""The README.txt of an export."""

from collections.abc import Sequence
from typing import Literal

from pipeline.publication.record import Publication
from pipeline.report.wording import LICENCE, LICENCE_URL, citation
from pipeline.wording import quantity

LICENSED = f"{LICENCE}, {LICENCE_URL}"
Kind = Literal["parquet", "csv", "xlsx", "sdmx"]


def readme(kind: Kind, tables: Sequence[Publication]) -> str:
    """What the files are, their licence, and how to cite each table."""
    return ABOUT.format(
        tables=quantity(len(tables), "table"),
        layout=LAYOUTS[kind].format(kind=kind),
        described="" if kind == "sdmx" else DESCRIBED,
        meaning=COMPONENTS if kind == "sdmx" else COLUMNS.format(exactness=EXACTNESS[kind]),
        licence=LICENSED,
        citations="\n".join(citation(table) for table in tables),
    )


ABOUT = """\
Official statistics of Singapore: {tables} of the SingStat Table Builder, as published.

{layout}
{described}export.json       the files of this export with their SHA-256 hashes

{meaning}

Licence: {licence}

How to cite:
{citations}
"""
FILES = """\
tables.{kind:<10} one row per table: title, agency, vintage, edition, time of download, checksum, citation
revisions.{kind:<7} one row per cell or series that an edition changed: old, new, kind
<frequency>/      the tables, one file each, named by table ID"""
BOOKS = """\
<frequency>.xlsx  sheet tables, one row per table: title, agency, vintage, edition, time of download, checksum,
                  citation; one sheet per table, named by its ID; sheet revisions, one row per cell or series
                  that an edition changed"""
SDMX = """\
<frequency>/      the tables, two files each, named by table ID: .csv, the observations as SDMX-CSV 2.0, and .xml,
                  their structure as SDMX-ML 3.0"""
LAYOUTS = {"parquet": FILES, "csv": FILES, "xlsx": BOOKS, "sdmx": SDMX}
DESCRIBED = """\
datapackage.json  the files and their columns, for programs: a Frictionless data package
croissant.json    the same as Croissant, which is JSON-LD of schema.org
"""
COLUMNS = """\
Each row of a table is an observation. value_text is the text from SingStat; value is its exact decimal, empty for a
marker such as - or na. vintage is the date of SingStat's last update; a correction on the same date is a new edition.
{exactness}"""
COMPONENTS = """\
OBS_VALUE has the digits from SingStat. Where there is no number, such as for - or na, it is empty, OBS_STATUS is O and
VALUE_TEXT is the text from SingStat. The version of a structure is the vintage and the number of the edition. Programs
that guess types round OBS_VALUE to 15 digits."""
EXACTNESS = {
    "parquet": """\
value is a decimal(38,18); dates are dates. DuckDB's df() and the engine fastparquet round value to 15 digits.""",
    "csv": """\
The encoding is UTF-8. Text that a spreadsheet would take for a formula is prefixed with '. Programs that guess types
round value to 15 digits: read it as text, in pandas with dtype={"value": str}.""",
    "xlsx": "A number with more digits than the 15 that Excel keeps is text, and so is a date before March 1900.",
}
