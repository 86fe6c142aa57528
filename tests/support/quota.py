"""A source that allows a number of calls in each window of time, and answers 429 without Retry-After to the others."""

import threading
import time
from collections.abc import Callable

from local.replay.server import Answer, Request


def limited(answer: Callable[[Request], Answer], calls: int, seconds: float) -> Callable[[Request], Answer]:
    """`answer` with a quota. A window begins with the first call after the last one ended."""
    lock, began, allowed = threading.Lock(), 0.0, 0

    def limit(request: Request) -> Answer:
        nonlocal began, allowed
        with lock:
            now = time.monotonic()
            if now - began >= seconds:
                began, allowed = now, calls
            allowed -= 1
            refused = allowed < 0
        return Answer(429, b"", "text/html") if refused else answer(request)

    return limit
