"""Definitions that moto would run in another way than AWS are refused by name when a state machine is created."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from local.cloud.machine.distributed import is_distributed

# Moto writes no results of a Map Run, and has no evaluator of JSONata; for the rest of a Map Run see distributed.py.
REFUSED = {
    "Assign": "workflow variables",
    "ResultWriter": "results of a Map Run in S3",
    "ToleratedFailureCountPath": "a path to tolerated failures",
    "ToleratedFailurePercentagePath": "a path to tolerated failures",
}
DISTRIBUTED_ONLY = {
    "ItemBatcher": "batches of an inline Map",
    "ItemReader": "a reader of an inline Map",
    "ToleratedFailureCount": "tolerated failures of an inline Map",
    "ToleratedFailurePercentage": "tolerated failures of an inline Map",
}
READER = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
BATCHER = {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "BatchInput"}


@cache
def repair() -> None:
    """Install the refusal, once per process."""
    original = AmazonStateLanguageParser.parse

    def parse(definition: str) -> Any:
        for feature in _refused(json.loads(definition)):
            raise ValueError(f"not on the laptop: {feature}")
        return original(definition)

    AmazonStateLanguageParser.parse = staticmethod(parse)


def _refused(machine: dict[str, Any], inside: bool = False) -> Iterator[str]:
    """What the laptop refuses of a state machine or of one inside of a Map or Parallel state."""
    for one in (machine, *machine["States"].values()):
        if one.get("QueryLanguage") == "JSONata":
            yield "JSONata"
    for state in machine["States"].values():
        processor = state.get("ItemProcessor") or state.get("Iterator")
        yield from (feature for field, feature in REFUSED.items() if field in state)
        if not is_distributed(state):
            yield from (feature for field, feature in DISTRIBUTED_ONLY.items() if field in state)
        else:
            yield from _refused_of_a_distributed_map(state, inside)
        for inner in (*state.get("Branches", []), *([processor] if processor else [])):
            yield from _refused(inner, inside=True)


def _refused_of_a_distributed_map(state: dict[str, Any], inside: bool) -> Iterator[str]:
    if inside:
        yield "a distributed Map inside of another state"
    if {name: value for name, value in state.get("ItemReader", {}).items() if name != "Parameters"} != READER:
        yield "a distributed Map whose items are not a JSON array in S3"
    if "ItemBatcher" not in state or state["ItemBatcher"].keys() - BATCHER:
        yield "a distributed Map without batches of a number of items"
    if state["ItemProcessor"]["ProcessorConfig"].get("ExecutionType") != "STANDARD":
        yield "a distributed Map of Express executions"
    if "ItemSelector" in state or "Retry" in state:
        yield "ItemSelector and Retry of a distributed Map"
