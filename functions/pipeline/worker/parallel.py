"""Work done side by side, its results taken in order."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
LOOK_SECONDS = 1


def in_order(
    pool: Executor, task: Callable[[int], T], numbers: range, window: int, check: Callable[[], None]
) -> Iterator[T]:
    """`task` of each number, in order; at most `window` of them are under way or done and not yet taken.

    While a result is waited for, `check` is called every second: what it raises ends the waiting.
    """
    ahead = iter(numbers)
    futures = deque(pool.submit(task, number) for number in islice(ahead, window))
    while futures:
        while wait([futures[0]], timeout=LOOK_SECONDS).not_done:
            check()
        check()
        result = futures.popleft().result()
        futures.extend(pool.submit(task, number) for number in islice(ahead, 1))
        yield result
