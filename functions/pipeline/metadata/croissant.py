"""A Croissant 1.0 description (https://docs.mlcommons.org/croissant): `croissant.json`.

It is JSON-LD of schema.org's `Dataset`, which data catalogues and search engines read too.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pipeline.metadata.files import ABOUT, MEDIA_TYPES, DataFile, tables_of, title
from pipeline.report.wording import LICENCE_URL, STATISTICS, agency, citation
from pipeline.table import schema

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# Croissant has no decimals: its readers make a float of `value`, and `value_text` has all digits.
TYPES = {schema.TEXT: "sc:Text", schema.DAY: "sc:Date", schema.EXACT: "sc:Float", schema.WHOLE: "sc:Integer"}
FORMATS = MEDIA_TYPES | {"parquet": "application/x-parquet"}  # the name by which Croissant's readers know it
PARTITION = "parquet"  # the id of a file set
EACH = f"{STATISTICS}. SingStat Table Builder. Each record set has its own citation."


def croissant(files: Sequence[DataFile]) -> bytes:
    """The dataset of these files, at least one of which has the observations of a table.

    Files with a SHA-256 are file objects; those without are one file set. Each table is a record set, unless its file
    is a workbook, which Croissant cannot read.
    """
    tables = tables_of(files)
    vintage = max(table.vintage for table in tables)
    agencies = sorted({agency(table.source_agency) or STATISTICS for table in tables})
    readable = {file.name: file for file in files if not file.sheet}
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": title(tables),
        "description": tables[0].footnote if len(tables) == 1 and tables[0].footnote else title(tables),
        "url": "https://tablebuilder.singstat.gov.sg",
        "license": LICENCE_URL,
        "citeAs": citation(tables[0]) if len(tables) == 1 else EACH,
        "creator": [{"@type": "Organization", "name": name} for name in agencies],
        "publisher": {"@type": "Organization", "name": STATISTICS, "url": "https://www.singstat.gov.sg"},
        "spatialCoverage": "Singapore",
        "datePublished": vintage,
        "version": ".".join(str(int(part)) for part in vintage.split("-")),
        "distribution": [*_distribution(files)],
        "recordSet": [_record_set(file) for file in readable.values()],
    }
    return msgspec.json.encode(document)


def _distribution(files: Sequence[DataFile]) -> Iterator[dict[str, Any]]:
    for file in {file.path: file for file in files if file.sha256}.values():
        yield {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path,
            "contentUrl": file.path,
            "contentSize": f"{file.size} B",
            "encodingFormat": FORMATS[file.format],
            "sha256": file.sha256,
        }
    if unhashed := [file for file in files if not file.sha256]:
        yield {
            "@type": "cr:FileSet",
            "@id": PARTITION,
            "name": PARTITION,
            "encodingFormat": FORMATS[unhashed[0].format],
            "includes": [file.path for file in unhashed],
        }


def _record_set(file: DataFile) -> dict[str, Any]:
    source = {"fileObject": {"@id": file.path}} if file.sha256 else {"fileSet": {"@id": PARTITION}}
    return {
        "@type": "cr:RecordSet",
        "@id": file.name,
        "name": file.name,
        "description": citation(file.table) if file.table else file.title,
        "key": [{"@id": f"{file.name}/{column}"} for column in file.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{file.name}/{name}",
                "name": name,
                "description": ABOUT.get(name, name),
                "dataType": TYPES[kind],
                "source": {**source, "extract": {"column": name}},
            }
            for name, kind in file.columns.items()
        ],
    }
