"""Wait for other threads and processes; find running workers."""

import subprocess
import time
from collections.abc import Callable

from local.cloud.aws import LocalAWS

PATIENCE = 120


def wait_for(condition: Callable[[], object]) -> None:
    """Return as soon as `condition()` is true; fail after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"the condition is still false after {PATIENCE} seconds"
        time.sleep(0.01)


def workers_at_work(aws: LocalAWS) -> list[int]:
    """Process ids of the running `worker.py` of this laptop."""
    groups = {started.instance.process_group for started in aws.instances.started.values()}
    listed = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,args="], capture_output=True, text=True, check=True).stdout
    found = [line.split(maxsplit=2) for line in listed.splitlines()]
    return [int(pid) for pid, group, words in found if int(group) in groups and "ec2/worker.py" in words]
