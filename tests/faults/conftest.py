"""The seed of everything that is drawn in these tests: FAULT_SEED in the environment, 0 by default."""

import os
import random
from itertools import groupby

import pytest

SEED = int(os.environ.get("FAULT_SEED", "0"))


def pytest_report_header() -> str:
    return f"faults: FAULT_SEED={SEED}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Another seed than 0 shuffles the tests of each module; the same in every process."""
    if SEED:
        shuffled = []
        for module, tests in groupby(items, lambda item: item.path):
            own = list(tests)
            if module.parent.name == "faults":
                random.Random(SEED).shuffle(own)
            shuffled += own
        items[:] = shuffled
