"""Which cells a row lists. Most rows of a table list the same ones: what follows is worked out once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Raw

from pipeline.source.shapes import MAX_TEXT, Column, Row

ColumnPath = tuple[str, ...]  # column keys from the outermost to the innermost; one period key in a time series
LAYOUTS = 64
START, BEFORE_TEXT, BETWEEN, END = '[{"key":"', '","value":"', '"},{"key":"', '"}]'
COLUMNS, TAKEN = b'"columns":', b"0"
CHARACTERS = b"0123456789.-nas"  # of numbers and markers


class Layout:
    """The cells of a row in the order in which it lists them, and whether it lists each of them once."""

    def __init__(self, paths: tuple[ColumnPath, ...]) -> None:
        self.paths = paths
        self.listed_once = len(set(paths)) == len(paths)


@lru_cache(LAYOUTS)
def layout(paths: tuple[ColumnPath, ...]) -> Layout:
    """The layout of rows with these cells."""
    return Layout(paths)


@lru_cache(LAYOUTS)
def joined(first: Layout, second: Layout) -> Layout | None:
    """The layout of the cells of both, one after the other; None if they share a cell."""
    both = layout(first.paths + second.paths)
    return both if both.listed_once else None


class FlatColumns(Sequence[Column]):
    """Columns without nested ones, as their layout and their texts."""

    def __init__(self, layout: Layout, texts: list[str]) -> None:
        self.layout, self.texts = layout, texts

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, position: Any) -> Any:
        (key,) = self.layout.paths[position]
        return Column(key, self.texts[position])


class _Form(NamedTuple):
    """The JSON of columns without their texts: what precedes each text, and by how many characters the whole is longer
    than the texts joined by newlines.
    """

    layout: Layout
    heads: list[str]
    length: int


_forms: dict[tuple[int, str, str], _Form] = {}  # by number of columns, first key and last key


def take_known(body: bytes) -> tuple[bytes, list[FlatColumns]]:
    """The body with `TAKEN` in place of all columns that `read_known` reads, and these in order.

    `body` is valid JSON if and only if the rest is: it ends in a key before `TAKEN`, as quotes in a text are escaped.
    """
    rest, known, kept, end = [], [], 0, 0
    while (start := body.find(COLUMNS, end) + len(COLUMNS)) >= len(COLUMNS):
        end = body.find(b"]", start) + 1 or len(body)
        if columns := read_known(body[start:end]):
            known.append(columns)
            rest.append(body[kept:start])
            kept = end
    rest.append(body[kept:])
    return TAKEN.join(rest), known


def read_known(columns: bytes) -> FlatColumns | None:
    """The columns of a row if `learn` has seen the same but for the texts, without a step for each in Python.

    The JSON is then proved to be heads and texts and nothing else, so no object has a key twice. Texts with other
    characters than those of numbers and markers are left to the parser.
    """
    listed = str(columns, "utf-8")
    parts = _split(listed)
    form = _forms.get(_name(parts))
    if form is None or not (listed.startswith(START) and listed.endswith(END)):
        return None
    texts = list(map(str.removeprefix, parts, form.heads))
    lines = "\n".join(texts)
    ends = lines.encode().translate(None, CHARACTERS)
    if len(lines) + form.length != len(listed) or ends != b"\n" * (len(texts) - 1) or not _are_short(lines):
        return None
    return FlatColumns(form.layout, texts)


def learn(columns: Raw, read: list[Column]) -> Sequence[Column]:
    """The columns as they were read, to be known from now on if they are as compact as SingStat's and not nested."""
    texts = [column.value for column in read if column.value is not None and column.columns is None]
    if len(texts) < len(read) or not texts:
        return read
    cells = FlatColumns(layout(tuple([(column.key,) for column in read])), texts)
    heads = [f"{column.key}{BEFORE_TEXT}" for column in read]
    listed = f"{START}{BETWEEN.join(map(str.__add__, heads, texts))}{END}"
    if listed.encode() == bytes(columns):
        if len(_forms) == LAYOUTS:
            _forms.clear()
        _forms[_name(_split(listed))] = _Form(cells.layout, heads, len(listed) - len("\n".join(texts)))
    return cells


def _are_short(lines: str) -> bool:
    """Whether each half of the longest text allowed has the end of a line in it; then no line is longer than that."""
    half = MAX_TEXT // 2
    return all("\n" in lines[start : start + half] for start in range(0, len(lines) - half, half))


def _split(listed: str) -> list[str]:
    return listed[len(START) : -len(END)].split(BETWEEN)


def _name(parts: list[str]) -> tuple[int, str, str]:
    return len(parts), parts[0].partition('"')[0], parts[-1].partition('"')[0]


def read_cells(row: Row) -> tuple[Layout, list[str]]:
    """The cells of a row and their texts. Raises `SourceContract` as `Row.cells`."""
    if isinstance(row.columns, FlatColumns):
        return row.columns.layout, row.columns.texts
    cells = list(row.cells())
    return layout(tuple(path for path, _ in cells)), [text for _, text in cells]
