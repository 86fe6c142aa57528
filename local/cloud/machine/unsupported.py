"""Definitions that moto would run in another way than AWS are refused by name when a state machine is created."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

# Moto tolerates every failure of a distributed Map, writes no results, and has no evaluator of JSONata.
REFUSED = {
    "Assign": "workflow variables",
    "ItemBatcher": "batches of a Map",
    "ItemReader": "a distributed Map",
    "ResultWriter": "a distributed Map",
    "ToleratedFailureCount": "tolerated failures of a Map",
    "ToleratedFailureCountPath": "tolerated failures of a Map",
    "ToleratedFailurePercentage": "tolerated failures of a Map",
    "ToleratedFailurePercentagePath": "tolerated failures of a Map",
}


@cache
def repair() -> None:
    """Install the refusal, once per process."""
    original = AmazonStateLanguageParser.parse

    def parse(definition: str) -> Any:
        for feature in _refused(json.loads(definition)):
            raise ValueError(f"not on the laptop: {feature}")
        return original(definition)

    AmazonStateLanguageParser.parse = staticmethod(parse)


def _refused(machine: dict[str, Any]) -> Iterator[str]:
    """What the laptop refuses of a state machine or of one inside of it."""
    for one in (machine, *machine["States"].values()):
        if one.get("QueryLanguage") == "JSONata":
            yield "JSONata"
    for state in machine["States"].values():
        processor = state.get("ItemProcessor") or state.get("Iterator")
        yield from (feature for field, feature in REFUSED.items() if field in state)
        if processor and processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
            yield "a distributed Map"
        for inner in (*state.get("Branches", []), *([processor] if processor else [])):
            yield from _refused(inner)
