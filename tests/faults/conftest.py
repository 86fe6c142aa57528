"""The seed is printed, and another one than 0 shuffles the tests of each file."""

import random
from itertools import groupby
from pathlib import Path

import pytest

from tests.support.seed import SEED


def pytest_report_header() -> str:
    return f"FAULT_SEED={SEED}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order in every process."""
    if not SEED:
        return
    shuffled = []
    for path, tests in groupby(items, lambda item: item.path):
        own = list(tests)
        if path.parent == Path(__file__).parent:
            random.Random(SEED).shuffle(own)
        shuffled += own
    items[:] = shuffled
