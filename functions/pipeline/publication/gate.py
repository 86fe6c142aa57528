"""Which downloads are not published without a person's consent (`accept`)."""

from collections.abc import Iterator
from datetime import date

from pipeline.errors import EditionWithdrawn, ImplausibleChange, SourceError, SourceIncomplete
from pipeline.publication.record import Publication
from pipeline.table.manifest import Manifest

FEWEST_COMMON = 10  # cells of both samples from which it is inferred that no value is as it was
MISSING = "00000000"  # a missing value in a sample


def objections(
    published: Publication | None, before: Manifest | None, manifest: Manifest, lost_percent: int
) -> Iterator[SourceError]:
    """Why `manifest` should not replace `published`, whose manifest is `before`; nothing if it may."""
    if manifest.doubt:
        unproven = SourceIncomplete(manifest.doubt)
        unproven.next_step = ImplausibleChange.next_step  # to repeat the download proves nothing
        yield unproven
    try:
        check_withdrawn(published, manifest.header.vintage, manifest.checksum)
    except EditionWithdrawn as error:
        yield error
    if before:
        yield from _implausible(before, manifest, lost_percent)


def check_withdrawn(published: Publication | None, vintage: date, checksum: str = "") -> None:
    """Raises `EditionWithdrawn` if a rollback took this vintage from readers, or this content of their vintage."""
    if published is None:
        return
    for edition in published.editions:
        was_here = edition.withdrawn_at and edition.vintage == vintage.isoformat()
        if was_here and (edition.vintage > published.vintage or edition.checksum == checksum):
            raise EditionWithdrawn(f"readers were rolled back from the vintage {vintage} at {edition.withdrawn_at}")


def _implausible(before: Manifest, after: Manifest, lost_percent: int) -> Iterator[ImplausibleChange]:
    same_periods = before.header.frequency == after.header.frequency
    what = "observations" if same_periods else "series"
    had, has = getattr(before, what), getattr(after, what)
    if (had - has) * 100 > had * lost_percent:
        yield ImplausibleChange(f"{has} {what} would replace {had}: more than {lost_percent} % would be gone")
    common = before.sample.keys() & after.sample.keys() if same_periods else ()
    pairs = [(before.sample[key], after.sample[key]) for key in common]
    numbers = [(old, new) for old, new in pairs if (old, new) != (MISSING, MISSING)]
    if len(numbers) >= FEWEST_COMMON and all(old != new for old, new in numbers):
        yield ImplausibleChange(f"all values would change: none of {len(numbers)} compared is as it was")
