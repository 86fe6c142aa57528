"""What a vintage changed against the one before: the kinds and the rule of the `revisions` view, largest first."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from pipeline.report.content import MAX_REVISIONS, Comparison, Kind, Revision
from pipeline.report.series import cell, cell_of, place
from pipeline.table.manifest import EXACT
from pipeline.table.observations import Observation

ORDER: Final[list[Kind]] = ["revised", "deleted", "new"]
Texts = Mapping[str, str]


class Comparing:
    """Compares series by series with the vintage before, whose texts are given by series and cell."""

    def __init__(self, before: str, texts: Mapping[str, Texts], names: Mapping[str, str]) -> None:
        """`before` is that vintage, `names` are its series' names."""
        self.comparison = Comparison(before)
        self._texts, self._names = dict(texts), names

    def add(self, series: Sequence[Observation]) -> None:
        """Compare one whole series."""
        number, name = series[0].series_no, series[0].series
        old = dict(self._texts.pop(number, {}))
        found = []
        for each in series:
            earlier = old.pop(place(each), None)
            if earlier != each.value_text:
                kind: Kind = "new" if earlier is None else "revised"
                found.append(
                    Revision(number, name, place(each), kind, None if earlier is None else cell_of(earlier), cell(each))
                )
        self._keep(found)
        self._delete(number, name, old)

    def finish(self) -> Comparison:
        """The comparison, with the series that are no more."""
        for number, cells in self._texts.items():
            self._delete(number, self._names[number], cells)
        return self.comparison

    def _delete(self, number: str, name: str, cells: Texts) -> None:
        self._keep([Revision(number, name, where, "deleted", cell_of(text), None) for where, text in cells.items()])

    def _keep(self, found: Iterable[Revision]) -> None:
        found = list(found)
        for revision in found:
            self.comparison.counts[revision.kind] += 1
        self.comparison.largest = sorted([*self.comparison.largest, *found], key=_rank)[:MAX_REVISIONS]


def difference(revision: Revision) -> Decimal | None:
    """New minus old, exact; None unless both are numbers."""
    old, new = (each.value if each else None for each in (revision.old, revision.new))
    return None if old is None or new is None else EXACT.subtract(new, old)


def _rank(revision: Revision) -> tuple[int, Decimal]:
    """Revised before deleted before new; among the revised, what became or ceased to be a number comes last."""
    apart = difference(revision)
    return ORDER.index(revision.kind), Decimal(1) if apart is None else -abs(apart)
