"""Flattens a series of ordinary texts as a whole: the same as `flatten_cells.flatten`, without a step for each cell.

Ordinary are numbers without white space and lower-case markers, in a layout that names each period or column once.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter, mul
from typing import Any, NamedTuple

import msgspec

from pipeline.errors import SourceContract
from pipeline.frequency import Frequency
from pipeline.source.responses import label
from pipeline.table.digest import netstrings
from pipeline.table.flatten_cells import Flattened
from pipeline.table.layout import ColumnPath, Layout
from pipeline.table.observations import NO_LEVELS, Series
from pipeline.table.periods import period_start
from pipeline.table.sample import Places, place
from pipeline.table.values import EXACT, MARKERS, MAX_DECIMALS, MAX_DIGITS, Meaning

# The shape of a text is the text with 0 for each digit: it tells whether the text is a number, and how long it is.
TO_SHAPE = str.maketrans("123456789", "0" * 9)
DECIMALS = {
    f"{sign}{'0' * digits}{'.' if decimals else ''}{'0' * decimals}": decimals
    for sign in ("", "-")
    for digits in range(1, MAX_DIGITS + 1)
    for decimals in range(MAX_DECIMALS + 1)
}
LENGTHS = {shape: f"{len(shape)}:" for shape in DECIMALS.keys() | MARKERS}
BETWEEN_LINES, BEFORE_TEXT = "\0", '","value_text":"'

_LIST = msgspec.json.Decoder(list[int])
Order = Callable[[Sequence[Any]], Sequence[Any]]


class Template(NamedTuple):
    """What the series of one layout share, in ascending order of the periods, `keys` in the order of the digest."""

    ascending: Order  # from the order in which the cells are listed
    fields: list[str]  # of a line, from `period` to the start of `value`
    sorting: Order  # from the ascending order
    keys: list[str]
    places: Places
    first_period: str
    last_period: str


def flatten(series: Series) -> Flattened | None:
    """The cells of a series; None if they are not ordinary."""
    header, row = series.header, series.row
    template = _template(series.layout, header.frequency)
    if template is None:
        return None
    texts = values = numbers = template.ascending(series.texts)
    shapes = "\n".join(texts).translate(TO_SHAPE).split("\n")
    kinds, missing = set(shapes), []
    if len(shapes) != len(texts) or not kinds <= LENGTHS.keys():
        return None
    if not kinds <= DECIMALS.keys():
        missing = [position for position, shape in enumerate(shapes) if shape not in DECIMALS]
        values, numbers = list(texts), list(texts)
        for position in missing:
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
        lines=_lines(f"{{{start},", template.fields, values, texts, f'",{end}}}\n'),
        meanings={Meaning.PARSED: len(texts) - len(missing), Meaning.MISSING: len(missing)},
        first_period=template.first_period,
        last_period=template.last_period,
        total=_total(numbers, shapes),
        odd="",
        text=netstrings(*labels) + _sorted_cells(template, texts, shapes),
        label=labels[1],
        places=template.places,
        values=values,
    )


def _lines(start: str, fields: list[str], values: Sequence[str], texts: Sequence[str], end: str) -> list[bytes]:
    parts = [BETWEEN_LINES] * (5 * len(texts))
    parts[0::5], parts[1::5], parts[2::5], parts[3::5] = fields, values, [BEFORE_TEXT] * len(texts), texts
    parts.pop()
    lines = "".join(parts).encode().replace(BETWEEN_LINES.encode(), (end + start).encode())
    return [start.encode(), lines, end.encode()]


def _sorted_cells(template: Template, texts: Sequence[str], shapes: Sequence[str]) -> str:
    parts = [""] * (3 * len(texts))
    parts[0::3], parts[2::3] = template.keys, template.sorting(texts)
    parts[1::3] = map(LENGTHS.__getitem__, template.sorting(shapes))
    return "".join(parts)


def _total(numbers: Sequence[str], shapes: Sequence[str]) -> Decimal:
    """The exact sum, from integers: the numbers without their points, brought to the same number of decimals."""
    decimals = {shape: DECIMALS.get(shape, 0) for shape in set(shapes)}
    most = max(decimals.values())
    integers: Iterable[int] = _integers(",".join(numbers))
    if most != min(decimals.values()):
        scales = {shape: 10 ** (most - number) for shape, number in decimals.items()}
        integers = map(mul, integers, map(scales.__getitem__, shapes))
    return EXACT.scaleb(Decimal(sum(integers)), -most)


def _integers(numbers: str) -> list[int]:
    """Numbers, separated by commas, without their points. JSON, three times faster than `int`, has no leading zeros."""
    with suppress(msgspec.DecodeError):
        return _LIST.decode(
            f"[{numbers}]".replace("[0.", "[.").replace(",0.", ",.").replace("-0.", "-.").replace(".", "")
        )
    return [int(number) for number in numbers.replace(".", "").split(",")]


@lru_cache(16)
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
    return Template(
        ascending=_order(order),
        fields=[each.fields for each in cells],
        sorting=_order(by_key),
        keys=[keys[n] for n in by_key],
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
