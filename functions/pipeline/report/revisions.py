"""The cells that differ between two vintages of a table, the largest differences first."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from heapq import nsmallest
from typing import Final, NamedTuple

from pipeline.publication.identity import LabelChange
from pipeline.publication.revisions import Kind, revision_kind
from pipeline.report.content import MAX_REVISIONS, Comparison, Revision
from pipeline.report.series import Series, cell_name, parse_cell
from pipeline.table.values import EXACT

ORDER: Final[list[Kind]] = ["revised", "deleted", "new"]


class PreviousSeries(NamedTuple):
    """A series of the previous vintage: its labels, and its texts by cell name."""

    name: str
    unit: str
    footnote: str
    texts: dict[str, str]


Previous = Mapping[str, PreviousSeries]


def previous_series(series: Iterable[Series]) -> dict[str, PreviousSeries]:
    """What a comparison needs of the previous vintage, by series number."""
    return {
        each[0].series_no: PreviousSeries(
            each[0].series, each[0].unit, each[0].footnote, {cell_name(one): one.value_text for one in each}
        )
        for each in series
    }


def compare(series: Series, previous: PreviousSeries | None) -> list[Revision]:
    """The cells of a series that differ; deleted cells last. All are new if there is no previous series."""
    old = dict(previous.texts) if previous else {}
    new = {cell_name(each): each.value_text for each in series}
    names = [name for name in new if old.get(name) != new[name]]
    names += (name for name in old if name not in new)
    found = (_revision(series[0].series_no, series[0].series, name, old.get(name), new.get(name)) for name in names)
    return [revision for revision in found if revision]


def deleted(series_no: str, previous: PreviousSeries) -> list[Revision]:
    """The cells of a series that the new vintage lacks."""
    found = (_revision(series_no, previous.name, name, text, None) for name, text in previous.texts.items())
    return [revision for revision in found if revision]


def add(comparison: Comparison, found: Iterable[Revision]) -> None:
    """Count revisions and keep the largest."""
    found = list(found)
    for revision in found:
        comparison.counts[revision.kind] += 1
    comparison.largest = nsmallest(MAX_REVISIONS, [*comparison.largest, *found], key=_rank)


def add_labels(comparison: Comparison, found: Iterable[LabelChange]) -> None:
    """Count the changes of labels by kind and keep the first."""
    for change in found:
        comparison.label_counts[change.kind] = comparison.label_counts.get(change.kind, 0) + 1
        if len(comparison.labels) < MAX_REVISIONS:
            comparison.labels.append(change)


def difference(revision: Revision) -> Decimal | None:
    """New minus old, exact; None unless both are numbers."""
    old, new = (each.value if each else None for each in (revision.old, revision.new))
    return None if old is None or new is None else EXACT.subtract(new, old)


def _revision(series_no: str, series: str, name: str, old: str | None, new: str | None) -> Revision | None:
    kind = revision_kind(old, new)
    if kind is None:
        return None
    cells = (None if text is None else parse_cell(text) for text in (old, new))
    return Revision(series_no, series, name, kind, *cells)


def _rank(revision: Revision) -> tuple[int, Decimal]:
    """Revised, deleted, new; revised cells by the size of the difference, those without one last."""
    size = difference(revision)
    return ORDER.index(revision.kind), Decimal(1) if size is None else -abs(size)
