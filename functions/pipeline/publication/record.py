"""Which vintage of a table readers see, and every vintage they can still ask for."""

from msgspec import Struct, field, structs

from pipeline.errors import StaleVintage
from pipeline.frequency import Frequency
from pipeline.source.answers import Header
from pipeline.table.manifest import Manifest


class Edition(Struct, frozen=True, forbid_unknown_fields=True):
    """One published state of a table. `edition` is vintage and number: a correction on the same day is a new one."""

    edition: str
    vintage: str
    run_id: str
    location: str
    observations: int
    checksum: str


class Publication(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`publications/<table_id>.json`, a row of `tables`. `verified_by` is the Athena query that proved its numbers."""

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
    """Whether `header` announces the very edition that is published. Raises `StaleVintage` when it is an older one."""
    vintage = header.vintage.isoformat()
    if vintage < published.vintage:
        raise StaleVintage(f"SingStat serves the vintage {vintage}, {published.vintage} is published")
    return (vintage, header.total) == (published.vintage, published.total)


def has_content(published: Publication | None, manifest: Manifest) -> bool:
    """Whether what is published is, cell by cell, what `manifest` describes."""
    return published is not None and (published.vintage, published.checksum) == (
        manifest.header.vintage.isoformat(),
        manifest.checksum,
    )


def next_publication(
    published: Publication | None, manifest: Manifest, *, location: str, verified_by: str
) -> Publication:
    """The publication that follows `published` (None: the first). Raises `StaleVintage` rather than go back in time.

    The same vintage with the same checksum stays the same edition, read from its new location.
    """
    header = manifest.header
    vintage = header.vintage.isoformat()
    if published and vintage < published.vintage:
        raise StaleVintage(f"the run has the vintage {vintage}, {published.vintage} is published")
    earlier = published.editions if published else []
    if published and has_content(published, manifest):
        earlier = [edition for edition in earlier if edition.edition != published.edition]
    number = 1 + sum(edition.vintage == vintage for edition in earlier)
    edition = Edition(
        edition=f"{vintage}.{number}",
        vintage=vintage,
        run_id=manifest.run_id,
        location=location,
        observations=manifest.observations,
        checksum=manifest.checksum,
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
