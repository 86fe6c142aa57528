"""The published vintage of a table, and all editions that can still be queried."""

from msgspec import Struct, field, structs

from pipeline.errors import StaleVintage
from pipeline.frequency import Frequency
from pipeline.source.responses import Header
from pipeline.table.manifest import Manifest


class Edition(Struct, frozen=True, forbid_unknown_fields=True):
    """One published state of a table. `edition` is vintage and number: a correction on the same day is a new one.

    `published_at` is when it was published, in UTC and ISO 8601 to the second; empty in a record older than the field.
    """

    edition: str
    vintage: str
    run_id: str
    location: str
    observations: int
    checksum: str
    published_at: str = ""


class Publication(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`publications/<table_id>.json`, a row of `tables`. `verified_by` is the Athena query that verified it."""

    table_id: str
    title: str
    frequency: Frequency
    theme: str
    subject: str
    topic: str
    source_agency: str
    footnote: str
    vintage: str
    edition: str
    observations: int
    total: int | None
    checksum: str
    run_id: str
    fetched_at: str
    source_url: str
    verified_by: str
    location: str
    editions: list[Edition] = field(default_factory=list)


def is_current(published: Publication, header: Header) -> bool:
    """Whether `header` has the published vintage and size. Raises `StaleVintage` if its vintage is older."""
    vintage = header.vintage.isoformat()
    if vintage < published.vintage:
        raise StaleVintage(f"SingStat serves the vintage {vintage}, {published.vintage} is published")
    return (vintage, header.total) == (published.vintage, published.total)


def has_content(published: Publication | None, manifest: Manifest) -> bool:
    """Whether the published content equals that of `manifest`, by vintage and checksum of all cells."""
    return published is not None and (published.vintage, published.checksum) == (
        manifest.header.vintage.isoformat(),
        manifest.checksum,
    )


def next_publication(
    published: Publication | None, manifest: Manifest, *, location: str, verified_by: str, published_at: str
) -> Publication:
    """The publication that replaces `published` (None for the first).

    The same vintage and checksum keep their edition and its `published_at`, at the new location.
    Raises `StaleVintage` if the manifest's vintage is older than the published one.
    """
    header = manifest.header
    vintage = header.vintage.isoformat()
    if published and vintage < published.vintage:
        raise StaleVintage(f"the run has the vintage {vintage}, {published.vintage} is published")
    earlier = _dated_editions(published) if published else []
    if published and has_content(published, manifest):
        published_at = earlier.pop().published_at
    number = 1 + sum(edition.vintage == vintage for edition in earlier)
    edition = Edition(
        edition=f"{vintage}.{number}",
        vintage=vintage,
        run_id=manifest.run_id,
        location=location,
        observations=manifest.observations,
        checksum=manifest.checksum,
        published_at=published_at,
    )
    return Publication(
        **{name: getattr(header, name) for name in structs.asdict(header).keys() & set(Publication.__struct_fields__)}
        | {"vintage": vintage},
        edition=edition.edition,
        observations=manifest.observations,
        checksum=manifest.checksum,
        run_id=manifest.run_id,
        fetched_at=manifest.fetched_at,
        source_url=manifest.source_url,
        verified_by=verified_by,
        location=location,
        editions=[*earlier, edition],
    )


def _dated_editions(published: Publication) -> list[Edition]:
    """The editions, each with `published_at`; the view `editions` applies the same rule.

    In a record older than the field it is the first known time: the download of the current edition, midnight UTC of
    the vintage for the earlier ones.
    """
    known = {published.edition: published.fetched_at}
    return [
        structs.replace(
            edition,
            published_at=edition.published_at or known.get(edition.edition, f"{edition.vintage}T00:00:00+00:00"),
        )
        for edition in published.editions
    ]
