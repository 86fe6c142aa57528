"""Copies of the project with another state machine."""

import shutil
from pathlib import Path

from local.cloud.stack.template import TEMPLATE

DEFINITION = Path("statemachine") / "pipeline.asl.json"
LITTLE_PATIENCE = (
    '"IntervalSeconds": 5, "MaxAttempts": 15, "BackoffRate": 2.0',
    '"IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0',
)
"""With a source that refuses for ever; as deployed, ten minutes of it."""

WITHOUT_REPORT = ('"Default": "WriteReport"', '"Default": "Notify"')


def with_definition(folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of the project with texts of its state machine replaced; the path of its template."""
    for name in ("functions", "databrew", "ec2", "quicksight"):
        (folder / name).symlink_to(TEMPLATE.parent / name)
    shutil.copy(TEMPLATE, folder)
    definition = (TEMPLATE.parent / DEFINITION).read_text("utf-8")
    for old, new in changes:
        assert old in definition, old
        definition = definition.replace(old, new)
    (folder / DEFINITION).parent.mkdir()
    (folder / DEFINITION).write_text(definition, "utf-8")
    return folder / TEMPLATE.name
