"""Parallel calls whose results are consumed in order."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
CHECK_SECONDS = 1


def map_in_order(
    pool: Executor, function: Callable[[int], T], numbers: range, window: int, check: Callable[[], None]
) -> Iterator[T]:
    """`function` of each number, in order, with at most `window` results pending or not yet consumed.

    `check` is called every second while waiting and before each result; an exception from it ends the iteration.
    (`Executor.map` has such a window, `buffersize`, from Python 3.14 on.)
    """
    remaining = iter(numbers)
    futures = deque(pool.submit(function, number) for number in islice(remaining, window))
    while futures:
        while wait([futures[0]], timeout=CHECK_SECONDS).not_done:
            check()
        check()
        result = futures.popleft().result()
        futures.extend(pool.submit(function, number) for number in islice(remaining, 1))
        yield result
