"""A Frictionless data package (https://datapackage.org, version 2.0): `datapackage.json`."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import msgspec

from pipeline.metadata.files import ABOUT, MEDIA_TYPES, DataFile, tables_of, title
from pipeline.publication.record import Publication
from pipeline.report.wording import LICENCE, LICENCE_URL, STATISTICS, agency, citation, table_url
from pipeline.table import schema

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {schema.TEXT: "string", schema.DAY: "date", schema.EXACT: "number", schema.WHOLE: "integer"}
SOURCE = {"title": "SingStat Table Builder", "path": "https://tablebuilder.singstat.gov.sg"}


def package(files: Sequence[DataFile]) -> bytes:
    """The package of these files, at least one of which has the observations of a table; a resource for each."""
    tables = tables_of(files)
    document = {
        "$schema": PROFILE,
        "name": tables[0].table_id.lower() if len(tables) == 1 else "singstat",
        "title": title(tables),
        "version": max(table.vintage for table in tables),
        "created": max(table.fetched_at for table in tables),
        "licenses": [{"title": LICENCE, "path": LICENCE_URL}],
        "sources": [SOURCE],
        "contributors": [
            {"title": STATISTICS, "path": "https://www.singstat.gov.sg", "roles": ["publisher"]},
            *({"title": name, "roles": ["creator"]} for name in _agencies(tables)),
        ],
        "resources": [_resource(file, name) for file, name in zip(files, _names(files), strict=True)],
    }
    return msgspec.json.encode(document)


def _agencies(tables: Sequence[Publication]) -> list[str]:
    return sorted({agency(table.source_agency) for table in tables} - {"", STATISTICS})


def _names(files: Sequence[DataFile]) -> list[str]:
    """A name for each file: lower case, and numbered from the second of a table."""
    counters: dict[str, count[int]] = {}
    numbers = [next(counters.setdefault(file.name, count(1))) for file in files]
    return [
        file.name.lower() + (f"-{number}" if number > 1 else "") for file, number in zip(files, numbers, strict=True)
    ]


def _resource(file: DataFile, name: str) -> dict[str, Any]:
    proven = file.format != "parquet"  # frictionless 5.21 counts no bytes of Parquet and calls the file invalid
    known: dict[str, Any] = {
        "bytes": file.size if proven else None,
        "hash": f"sha256:{file.sha256}" if proven else None,
        "encoding": "utf-8" if file.format == "csv" else None,
        "dialect": file.sheet and {"sheetName": file.sheet, "excel": {"sheet": file.sheet}},
    }
    if table := file.table:
        known |= {
            "description": "\n\n".join(filter(None, (table.footnote, citation(table)))),
            "sources": [{**SOURCE, "path": table_url(table), "version": table.vintage}],
        }
    return {
        "name": name,
        "type": "table",
        "path": file.path,
        "title": file.title,
        "format": file.format,
        "mediatype": MEDIA_TYPES[file.format],
        **{name: value for name, value in known.items() if value is not None},
        "schema": _schema(file),
    }


def _schema(file: DataFile) -> dict[str, Any]:
    """Empty text is a text; an empty number or date is missing."""
    fields = [
        {"name": name, "type": TYPES[kind]}
        | ({"description": ABOUT[name]} if name in ABOUT else {})
        | ({} if kind == schema.TEXT else {"missingValues": [""]})
        for name, kind in file.columns.items()
    ]
    return {"fields": fields, "missingValues": []} | ({"primaryKey": file.key} if file.key else {})
