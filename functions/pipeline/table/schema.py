"""The declared columns; tests keep the recipe, the template's Glue tables and the SQL consistent with them."""

from collections.abc import Sequence

from pipeline.errors import CatalogueFailed

TEXT, DAY, EXACT, WHOLE = "string", "date", "decimal(38,18)", "bigint"
LABELS = {"series_no": TEXT, "series": TEXT, "unit": TEXT, "footnote": TEXT}
PERIOD = {"period": TEXT, "period_start": DAY}
LEVELS = {f"column_{level}": TEXT for level in range(1, 6)}
VALUE = {"value": EXACT, "value_text": TEXT, "vintage": DAY}

TIME_SERIES = LABELS | PERIOD | VALUE
CROSS_SECTIONAL = LABELS | LEVELS | VALUE
STAGED = LABELS | PERIOD | LEVELS | VALUE
STAGED_PARTITIONS = {"run": TEXT, "frequency": TEXT, "table_id": TEXT}
PUBLISHED_PARTITIONS = {"table_id": TEXT}

ABOUT = ("theme", "subject", "topic", "source_agency", "footnote")
PROOF = ("checksum", "run_id", "fetched_at", "source_url", "verified_by", "location", "accepted")
TABLES = (
    {"table_id": TEXT, "title": TEXT, "frequency": TEXT}
    | dict.fromkeys(ABOUT, TEXT)
    | {"vintage": DAY, "edition": TEXT, "observations": WHOLE}
    | dict.fromkeys(PROOF, TEXT)
)
EDITIONS = {"table_id": TEXT, "edition": TEXT, "vintage": DAY, "published_at": TEXT} | {
    "observations": WHOLE,
    "checksum": TEXT,
    "run_id": TEXT,
    "withdrawn_at": TEXT,
}
CELL = {"table_id": TEXT, "previous_edition": TEXT, "edition": TEXT, "series_no": TEXT, "series": TEXT, "cell": TEXT}
REVISIONS = CELL | {"kind": TEXT, "old_value": EXACT, "new_value": EXACT, "old_text": TEXT, "new_text": TEXT}


Columns = Sequence[tuple[str, str]]


def matches(table: tuple[Columns, Columns] | None) -> bool:
    """Whether a Glue table (columns, partition keys) has the staged columns, in any order, and the partition keys."""
    if table is None:
        return False
    columns, partitions = table
    return dict(columns) == STAGED and list(partitions) == list(STAGED_PARTITIONS.items())


def check_crawled(table: tuple[Columns, Columns] | None) -> None:
    """Compare the crawler's table with the declared schema. Raises `CatalogueFailed` naming each difference."""
    if matches(table):
        return
    if table is None:
        raise CatalogueFailed("the crawler created no table")
    columns, partitions = table
    found, declared = dict([*columns, *partitions]), STAGED | STAGED_PARTITIONS
    odd = sorted(name for name in found.keys() | declared.keys() if found.get(name) != declared.get(name))
    differences = ", ".join(f"{name}: {found.get(name, 'absent')}, not {declared.get(name, 'there')}" for name in odd)
    raise CatalogueFailed(f"the crawler's schema differs: {differences or 'partition keys in another order'}")
