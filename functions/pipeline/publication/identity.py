"""Which series of two editions are the same, and what changed of their labels: as in the `revisions` view, in Python.

A path is the labels of a series and of those above it by dotted number: `1`, `1.1`, `1.1.2`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

Change = Literal["renumbered", "label", "unit", "footnote"]
Path = tuple[str, ...]
Key = tuple[str | None, Path | None]


class Labels(NamedTuple):
    """What an edition calls a series."""

    series_no: str
    series: str
    unit: str
    footnote: str


class LabelChange(NamedTuple):
    """A difference in what two editions call a series; `series_no` and `series` are those of the later."""

    series_no: str
    series: str
    kind: Change
    old: str
    new: str


def match(old: Sequence[Labels], new: Sequence[Labels]) -> dict[str, str]:
    """The earlier number of each series that both editions have, by its later number.

    A path that is unique in both editions is one series, whatever its number. A path that either edition repeats is
    one series where the number is the same. Two paths that the other edition lacks are one renamed series if the number
    is the same.
    """
    before, after = _paths(old), _paths(new)
    olds, news = Counter(before.values()), Counter(after.values())

    def key(number: str, path: Path) -> Key:
        unique = olds[path] == news[path] == 1
        return None if unique else number, path if olds[path] and news[path] else None

    numbers = {key(number, path): number for number, path in before.items()}
    keys = {number: key(number, path) for number, path in after.items()}
    return {number: numbers[each] for number, each in keys.items() if each in numbers}


def label_changes(old: Sequence[Labels], new: Sequence[Labels]) -> Iterator[LabelChange]:
    """The differences in number, label, unit and footnote of the series that both editions have."""
    matched, before = match(old, new), {each.series_no: each for each in old}
    for now in new:
        if now.series_no not in matched:
            continue
        kinds: tuple[Change, ...] = ("renumbered", "label", "unit", "footnote")
        for kind, was, text in zip(kinds, before[matched[now.series_no]], now, strict=True):
            if was != text:
                yield LabelChange(now.series_no, now.series, kind, was, text)


def _paths(edition: Sequence[Labels]) -> dict[str, Path]:
    labels = {each.series_no: each.series for each in edition}
    return {number: tuple(labels[each] for each in _levels(number) if each in labels) for number in labels}


def _levels(number: str) -> list[str]:
    """`1`, `1.1` and `1.1.2` of `1.1.2`."""
    parts = number.split(".")
    return [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
