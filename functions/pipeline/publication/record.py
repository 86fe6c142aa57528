"""The published vintage of a table, and all editions that can still be queried."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field, structs

from pipeline.contracts import keys
from pipeline.errors import StaleVintage
from pipeline.frequency import Frequency
from pipeline.source.responses import Header
from pipeline.table.manifest import Manifest


class Edition(Struct, frozen=True, forbid_unknown_fields=True):
    """One published state of a table. `edition` is vintage and number: a correction on the same day is a new one.

    Times are in UTC and ISO 8601 to the second. `withdrawn_at` is when a rollback took it from readers, "" if none did.
    `published_at` and `verified_by` are empty in a record older than the fields, `accepted` says why a gate was passed.
    """

    edition: str
    vintage: str
    run_id: str
    location: str
    observations: int
    checksum: str
    published_at: str = ""
    verified_by: str = ""
    accepted: str = ""
    withdrawn_at: str = ""

    @property
    def frequency(self) -> str:
        """The table's frequency in this edition: `<frequency>_vintages` has its rows."""
        return keys.staged_frequency(self.location)

    @property
    def number(self) -> int:
        """The number of the edition among those of its vintage."""
        return int(self.edition.rpartition(".")[2])


class Grounds(NamedTuple):
    """When and on which grounds an edition is published, in the fields of `Edition`."""

    published_at: str
    verified_by: str
    accepted: str = ""


class Publication(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`publications/<table_id>.json`, a row of `tables`; the fields before `editions` are those of the current edition.

    `verified_by` is the Athena query that verified it, `accepted` why a gate was passed. Editions are in the order of
    vintage and number. The object of a table that is no longer published is empty.
    """

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
    accepted: str = ""
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
    published: Publication | None, manifest: Manifest, *, location: str, grounds: Grounds
) -> Publication:
    """The publication that replaces `published` (None for the first).

    The same vintage and checksum keep their edition, its `published_at` and `accepted`, at the new location.
    Raises `StaleVintage` if the manifest's vintage is older than the published one.
    """
    vintage = manifest.header.vintage.isoformat()
    if published and vintage < published.vintage:
        raise StaleVintage(f"the run has the vintage {vintage}, {published.vintage} is published")
    earlier = complete_editions(published) if published else []
    edition = Edition(
        edition=next_name(earlier, vintage),
        vintage=vintage,
        run_id=manifest.run_id,
        location=location,
        observations=manifest.observations,
        checksum=manifest.checksum,
        **grounds._asdict(),
    )
    if published and has_content(published, manifest):
        shown = next(each for each in earlier if each.edition == published.edition)
        earlier.remove(shown)
        edition = structs.replace(
            edition, edition=shown.edition, published_at=shown.published_at, accepted=shown.accepted
        )
    return publication_of(edition, [*earlier, edition], manifest)


def next_name(editions: Iterable[Edition], vintage: str) -> str:
    """The name of a further edition with this vintage."""
    return f"{vintage}.{1 + max((each.number for each in editions if each.vintage == vintage), default=0)}"


def publication_of(shown: Edition, editions: Iterable[Edition], manifest: Manifest) -> Publication:
    """The record of a table whose readers see the edition `shown`, which was made from `manifest`."""
    header = manifest.header
    of_header = structs.asdict(header).keys() & set(Publication.__struct_fields__)
    of_edition = structs.asdict(shown).keys() & set(Publication.__struct_fields__)
    return Publication(
        **{name: getattr(header, name) for name in of_header} | {name: getattr(shown, name) for name in of_edition},
        fetched_at=manifest.fetched_at,
        source_url=manifest.source_url,
        editions=sorted(editions, key=lambda each: (each.vintage, each.number)),
    )


def complete_editions(published: Publication) -> list[Edition]:
    """The editions, each with `published_at`; the view `editions` applies the same rule.

    In a record older than the field it is the first known time: the download of the current edition, midnight UTC of
    the vintage for the earlier ones.
    """
    known = {published.edition: published.fetched_at}
    checked = {published.edition: published.verified_by}
    return [
        structs.replace(
            edition,
            published_at=edition.published_at or known.get(edition.edition, f"{edition.vintage}T00:00:00+00:00"),
            verified_by=edition.verified_by or checked.get(edition.edition, ""),
        )
        for edition in published.editions
    ]
