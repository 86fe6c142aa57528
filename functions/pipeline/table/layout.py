"""Which cells a series lists. Most series of a table list the same ones: what follows is worked out once."""

from functools import lru_cache

from pipeline.source.shapes import Row

ColumnPath = tuple[str, ...]  # column keys from the outermost to the innermost; one period key in a time series
LAYOUTS = 64


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
def _flat(keys: tuple[str, ...]) -> Layout:
    return layout(tuple((key,) for key in keys))


def read_cells(row: Row) -> tuple[Layout, list[str]]:
    """The cells of a row and their texts. Raises `SourceContract` as `Row.cells`."""
    texts = [column.value for column in row.columns if column.value is not None and column.columns is None]
    if len(texts) == len(row.columns):
        return _flat(tuple([column.key for column in row.columns])), texts
    cells = list(row.cells())
    return layout(tuple(path for path, _ in cells)), [text for _, text in cells]
