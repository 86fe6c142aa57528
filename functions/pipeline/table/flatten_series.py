"""Flattens a series of ordinary texts as a whole: the same as `flatten_cells.flatten`, without a step for each cell.

Ordinary are numbers without white space and lower-case markers, in a layout that names each period or column once.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import msgspec

from pipeline.errors import SourceContract
from pipeline.frequency import Frequency
from pipeline.source.layout import LAYOUTS, ColumnPath, Layout
from pipeline.source.responses import label
from pipeline.table.digest import netstrings
from pipeline.table.flatten_cells import Flattened
from pipeline.table.observations import NO_LEVELS, Series
from pipeline.table.periods import period_name, period_start
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
NUMBERS = {
    f"{sign}{'0' * digits}{'.' if decimals else ''}{'0' * decimals}": decimals
    for sign in ("", "-")
    for digits in range(1, MAX_DIGITS + 1)
    for decimals in range(MAX_DECIMALS + 1)
}
DECIMALS = NUMBERS | dict.fromkeys(MARKERS, 0)
LENGTHS = {shape: f"{len(shape)}:" for shape in DECIMALS}
BETWEEN_SHAPES, BETWEEN_LINES, BEFORE_TEXT = '","', "\0", '","value_text":"'
LINES = 128  # joined at once: memory of that size is used again, more goes back to the system each time

_SHAPES = msgspec.json.Decoder(list[Literal[*DECIMALS]])  # type: ignore[valid-type]
_INTEGERS = msgspec.json.Decoder(list[int])
Order = Callable[[Sequence[Any]], Sequence[Any]]


class Template(NamedTuple):
    """What the series of one layout share, in ascending order of the periods, `digested` in the order of the digest.

    Its lists are to be copied and filled in.
    """

    ascending: Order  # from the order in which the cells are listed
    blocks: list[list[str]]  # for each cell: the fields from `period` to the start of `value`, "", `value_text`, ""
    end: str  # of each line
    sorting: Order  # from the ascending order
    sorted: list[int]  # by the order of the digest, positions in the ascending one
    digested: list[str]  # for each cell: its key, "", ""
    places: Places
    first_period: str
    last_period: str


def flatten(series: Series) -> Flattened | None:
    """The cells of a series; None if they are not ordinary."""
    header, row = series.header, series.row
    template = _template(series.layout, header.frequency, header.vintage)
    if template is None:
        return None
    texts = template.ascending(series.texts)
    sorted_texts = template.sorting(texts)
    shapes = _shapes(sorted_texts)
    if len(shapes) != len(texts):
        return None
    kinds = set(shapes)
    values, numbers, missing = texts, sorted_texts, 0
    if markers := kinds & MARKERS:
        values, numbers = list(texts), list(sorted_texts)
        for position in _positions(markers, shapes):
            missing += 1
            values[template.sorted[position]], numbers[position] = "", "0"
    labels = (row.series_no, label(row.series), label(row.unit), label(row.footnote))
    start = _json(
        table_id=header.table_id,
        frequency=header.frequency,
        series_no=labels[0],
        series=labels[1],
        unit=labels[2],
        footnote=labels[3],
    )
    return Flattened(
        lines=_lines(template, f"{{{start},", values, texts),
        meanings={Meaning.PARSED: len(texts) - missing, Meaning.MISSING: missing},
        first_period=template.first_period,
        last_period=template.last_period,
        total=_total(numbers, shapes, kinds),
        odd="",
        text=netstrings(*labels) + _digested(template.digested, shapes, sorted_texts),
        label=labels[1],
        places=template.places,
        texts=texts,
    )


def _shapes(texts: Sequence[str]) -> list[str]:
    """The shape of each text; fewer or more if one is not ordinary, as a text with quotes reads as several.

    As JSON, each shape is one object, whose hash is known; those of `str.split` are new.
    """
    with suppress(msgspec.DecodeError):
        return _SHAPES.decode(f'["{BETWEEN_SHAPES.join(texts).translate(TO_SHAPE)}"]')
    return []


def _positions(kinds: Iterable[str], shapes: list[str]) -> Iterator[int]:
    for kind in kinds:
        position = -1
        for _ in range(shapes.count(kind)):
            position = shapes.index(kind, position + 1)
            yield position


def _lines(template: Template, start: str, values: Sequence[str], texts: Sequence[str]) -> Iterator[bytes]:
    before, after = start.encode(), template.end.encode()
    for number, block in enumerate(template.blocks):
        cells = slice(LINES * number, LINES * (number + 1))
        parts = block.copy()
        parts[1::4], parts[3::4] = values[cells], texts[cells]
        lines = "".join(parts).encode().replace(BETWEEN_LINES.encode(), after + before)
        yield b"".join((before, lines, after))


def _digested(template: list[str], shapes: Sequence[str], texts: Sequence[str]) -> str:
    parts = template.copy()
    parts[1::3], parts[2::3] = map(LENGTHS.__getitem__, shapes), texts
    return "".join(parts)


def _total(numbers: Iterable[str], shapes: list[str], kinds: Iterable[str]) -> Decimal:
    """The exact sum, from integers: the numbers without their points, brought to the same number of decimals."""
    most = max(map(DECIMALS.__getitem__, kinds))
    total = sumprod(_integers(",".join(numbers)), list(map(_scales(most).__getitem__, shapes)))
    return EXACT.scaleb(Decimal(total), -most)


@cache
def _scales(most: int) -> dict[str, int]:
    """By which a number of each shape is multiplied for it to have `most` decimals."""
    return {shape: 10 ** (most - decimals) for shape, decimals in DECIMALS.items() if decimals <= most}


def _integers(numbers: str) -> list[int]:
    """Numbers, separated by commas, without their points. JSON, twice as fast as `int`, has no leading zeros."""
    with suppress(msgspec.DecodeError):
        listed = f",{numbers}]".encode().replace(b",0.", b",.").replace(b"-0.", b"-.").translate(None, b".")
        return _INTEGERS.decode(b"[" + listed[1:])
    return list(map(int, numbers.replace(".", "").split(",")))


@lru_cache(LAYOUTS)
def _template(layout: Layout, frequency: Frequency, vintage: date) -> Template | None:
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
    blocks = [_block(cells[first : first + LINES]) for first in range(0, len(cells), LINES)]
    return Template(
        ascending=_order(order),
        blocks=blocks,
        end=f'",{_json(vintage=vintage.isoformat())}}}\n',
        sorting=_order(by_key),
        sorted=by_key,
        digested=list(chain.from_iterable((keys[n], "", "") for n in by_key)),
        places=Places(each.place for each in cells),
        first_period=cells[0].start,
        last_period=cells[-1].start,
    )


def _block(cells: list["_Cell"]) -> list[str]:
    parts = list(chain.from_iterable((BETWEEN_LINES + each.fields, "", BEFORE_TEXT, "") for each in cells))
    parts[0] = cells[0].fields
    return parts


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
        period, start, columns = period_name(path[0]), period_start(path[0], frequency), ()
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
