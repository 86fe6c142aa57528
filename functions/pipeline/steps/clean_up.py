"""Remove staged rows that nobody needs any more: docs/decisions/0023."""

from datetime import datetime
from functools import cache

from pipeline.aws import data_bucket, step_functions
from pipeline.contracts import keys
from pipeline.run.leftovers import Named, aged, leftovers, prefixes


def clean_up(now: datetime) -> int:
    """Remove them as of `now`; the number of files. The catalogue keeps their partitions, which are empty then."""
    folders = aged(data_bucket.list_objects(f"{keys.STAGED}/"), now)
    found = leftovers(folders, _records(), cache(step_functions.ended_before), now) if folders else []
    data_bucket.delete(found)
    return len(found)


def _records() -> dict[str, Named]:
    """By table id, what its publication and the audits of its rollbacks name."""
    found = [key for zone in (keys.PUBLICATIONS, keys.AUDIT) for key in data_bucket.list_keys(f"{zone}/")]
    records: dict[str, Named] = {}
    for key, (body, changed) in zip(found, data_bucket.read_dated(found), strict=True):
        table_id = key.split("/")[1].removesuffix(".json")
        known = records.get(table_id, Named(frozenset(), changed))
        records[table_id] = Named(known.prefixes | prefixes(body), max(known.changed, changed))
    return records
