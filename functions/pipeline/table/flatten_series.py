"""Flattens a series of ordinary texts as a whole: the same as `flatten_cells.flatten`, without a step for each cell.

Ordinary are numbers without white space and lower-case markers, in a layout that names each period or column once.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec

from pipeline.errors import SourceContract
from pipeline.frequency import Frequency
from pipeline.source.layout import LAYOUTS, ColumnPath, Layout
from pipeline.source.responses import label
from pipeline.table.digest import netstrings
from pipeline.table.flatten_cells import Flattened
from pipeline.table.observations import NO_LEVELS, Series
from pipeline.table.periods import period_start
from pipeline.table.sample import Places, place
from pipeline.table.values import EXACT, MARKERS, MAX_DECIMALS, MAX_DIGITS, Meaning

if sys.version_info >= (3, 12):
    from math import sumprod
else:
    from operator import mul

    def sumprod(p: list[int], q: list[int]) -> int:
        """As `math.sumprod`."""
        return sum(map(mul, p, q))


# The shape of a text, with 0 for each digit, tells whether that is a number, and how many decimals it has.
TO_SHAPE = str.maketrans("123456789", "0" * 9)
DECIMALS = {
    f"{sign}{'0' * digits}{'.' if decimals else ''}{'0' * decimals}": decimals
    for sign in ("", "-")
    for digits in range(1, MAX_DIGITS + 1)
    for decimals in range(MAX_DECIMALS + 1)
}
ORDINARY = DECIMALS.keys() | MARKERS
LENGTHS = [f"{length}:" for length in range(max(map(len, ORDINARY)) + 1)]
BETWEEN_LINES, BEFORE_TEXT = "\0", '","value_text":"'

_LIST = msgspec.json.Decoder(list[int])
Order = Callable[[Sequence[Any]], Sequence[Any]]


class Template(NamedTuple):
    """What the series of one layout share, in ascending order of the periods, `digested` in the order of the digest.

    Its lists are to be copied and filled in.
    """

    ascending: Order  # from the order in which the cells are listed
    lines: list[str]  # for each cell: the fields from `period` to the start of `value`, "", `value_text`, ""
    sorting: Order  # from the ascending order
    digested: list[str]  # for each cell: its key, "", ""
    places: Places
    first_period: str
    last_period: str


def flatten(series: Series) -> Flattened | None:
    """The cells of a series; None if they are not ordinary."""
    header, row = series.header, series.row
    template = _template(series.layout, header.frequency)
    if template is None:
        return None
    texts = template.ascending(series.texts)
    shapes = "\n".join(texts).translate(TO_SHAPE).split("\n")
    kinds = set(shapes)
    if len(shapes) != len(texts) or not kinds <= ORDINARY:
        return None
    missing, values, numbers = 0, list(texts), list(texts)
    for marker in kinds & MARKERS:
        for position in _positions(marker, texts):
            missing += 1
            values[position], numbers[position] = "", "0"
    labels = (row.series_no, label(row.series), label(row.unit), label(row.footnote))
    start = _json(
        table_id=header.table_id,
        frequency=header.frequency,
        series_no=labels[0],
        series=labels[1],
        unit=labels[2],
        footnote=labels[3],
    )
    end = _json(vintage=header.vintage.isoformat())
    return Flattened(
        lines=_lines(f"{{{start},", template.lines, values, texts, f'",{end}}}\n'),
        meanings={Meaning.PARSED: len(texts) - missing, Meaning.MISSING: missing},
        first_period=template.first_period,
        last_period=template.last_period,
        total=_total(numbers, shapes, kinds),
        odd="",
        text=netstrings(*labels) + _sorted_cells(template, texts),
        label=labels[1],
        places=template.places,
        texts=texts,
    )


def _positions(text: str, texts: Sequence[str]) -> Iterator[int]:
    with suppress(ValueError):
        position = -1
        while True:
            position = texts.index(text, position + 1)
            yield position


def _lines(start: str, template: list[str], values: Sequence[str], texts: Sequence[str], end: str) -> list[bytes]:
    parts = template.copy()
    parts[1::4], parts[3::4] = values, texts
    lines = "".join(parts).encode().replace(BETWEEN_LINES.encode(), (end + start).encode())
    return [start.encode(), lines, end.encode()]


def _sorted_cells(template: Template, texts: Sequence[str]) -> str:
    parts, in_order = template.digested.copy(), template.sorting(texts)
    parts[1::3], parts[2::3] = map(LENGTHS.__getitem__, map(len, in_order)), in_order
    return "".join(parts)


def _total(numbers: Iterable[str], shapes: list[str], kinds: Iterable[str]) -> Decimal:
    """The exact sum, from integers: the numbers without their points, brought to the same number of decimals."""
    decimals = {shape: DECIMALS.get(shape, 0) for shape in kinds}
    most = max(decimals.values())
    scales = {shape: 10 ** (most - number) for shape, number in decimals.items()}
    total = sumprod(_integers(",".join(numbers)), list(map(scales.__getitem__, shapes)))
    return EXACT.scaleb(Decimal(total), -most)


def _integers(numbers: str) -> list[int]:
    """Numbers, separated by commas, without their points. JSON, three times faster than `int`, has no leading zeros."""
    with suppress(msgspec.DecodeError):
        return _LIST.decode(f"[{numbers.replace('.', '')}]")
    with suppress(msgspec.DecodeError):
        return _LIST.decode(
            f"[{numbers}]".replace("[0.", "[.").replace(",0.", ",.").replace("-0.", "-.").replace(".", "")
        )
    return [int(number) for number in numbers.replace(".", "").split(",")]


@lru_cache(LAYOUTS)
def _template(layout: Layout, frequency: Frequency) -> Template | None:
    try:
        listed = [_cell(path, frequency) for path in layout.paths]
    except SourceContract:
        return None
    order = sorted(range(len(listed)), key=lambda n: listed[n].start)
    cells = [listed[n] for n in order]
    if len({(each.start, each.levels) for each in cells}) < len(cells):
        return None
    keys = [each.key for each in cells]
    by_key = sorted(range(len(cells)), key=keys.__getitem__)
    lines = list(chain.from_iterable((BETWEEN_LINES + each.fields, "", BEFORE_TEXT, "") for each in cells))
    lines[0] = cells[0].fields
    return Template(
        ascending=_order(order),
        lines=lines,
        sorting=_order(by_key),
        digested=list(chain.from_iterable((keys[n], "", "") for n in by_key)),
        places=Places(each.place for each in cells),
        first_period=cells[0].start,
        last_period=cells[-1].start,
    )


class _Cell(NamedTuple):
    start: str
    levels: tuple[str, ...]
    fields: str
    key: str
    place: int


@lru_cache(8192)  # layouts of one table differ in some of their cells
def _cell(path: ColumnPath, frequency: Frequency) -> _Cell:
    if frequency == "cross_sectional":
        period, start, columns = "", "", tuple(map(label, path))
    elif len(path) == 1:
        period, start, columns = path[0], period_start(path[0], frequency), ()
    else:
        raise SourceContract("nested columns")
    levels = columns + NO_LEVELS[len(columns) :]
    names = {f"column_{number}": level for number, level in enumerate(levels, start=1)}
    return _Cell(
        start=start,
        levels=levels,
        fields=_json(period=period, period_start=start, **names) + ',"value":"',
        key=netstrings(period, start, *levels),
        place=place(*levels) if levels[0] else place(period),
    )


def _order(positions: list[int]) -> Order:
    return list if positions == list(range(len(positions))) else itemgetter(*positions)


def _json(**texts: str) -> str:
    """Fields of a JSON object, without its braces."""
    return msgspec.json.encode(texts).decode()[1:-1]
