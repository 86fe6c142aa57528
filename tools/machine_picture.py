"""The state machine as a graph in Graphviz's DOT, from its definition alone: every state, every transition."""

from collections.abc import Iterator, Mapping
from typing import Any

# Phases of a run: the state that each begins with, in the order of the definition, with its column and title.
PHASES = {
    "PlanRun": (1, "1 Download"),
    "TallyDownloads": (2, "2 Transform: DataBrew"),
    "StagePartitions": (2, "3 Catalogue: Glue"),
    "VerifyAll": (3, "4 Verify: Athena"),
    "PublishTables": (3, "5 Publish, report, mail"),
}
FONT = 'fontname="Helvetica,Arial,sans-serif"'
DEFAULTS = (
    f'graph [{FONT}, compound=true, nodesep=0.16, ranksep=0.22, bgcolor="#ffffff", pad=0.1, labeljust=l]',
    f'node [{FONT}, fontsize=11, height=0.28, margin="0.16,0.03", penwidth=1.1, shape=box, style="rounded,filled"]',
    f'edge [{FONT}, fontsize=9.5, color="#55616d", fontcolor="#3d4852", arrowsize=0.6]',
)
STYLES = {
    "Task": 'fillcolor="#d9efec", color="#0f766e"',
    "Choice": 'fillcolor="#fff4d6", color="#b7791f", shape=hexagon, margin="0.02,0.02", style=filled',
    "Wait": 'fillcolor="#eef1f4", color="#8a97a5"',
    "Pass": 'fillcolor="#ffffff", color="#8a97a5"',
    "Succeed": 'fillcolor="#cdeccf", color="#2f7d32"',
    "Fail": 'fillcolor="#f9d6d5", color="#b3261e"',
}
PHASE = 'style=rounded; color="#cfd7de"; fontsize=13'
MAP = 'style="rounded,filled"; fillcolor="#f6f8fa"; color="#8a97a5"; fontsize=11'
CAUGHT = 'style=dashed, color="#b3261e", fontcolor="#b3261e"'
ELSEWHERE = 'shape=plaintext, style="", fontsize=10, fontcolor="#3d4852", height=0.2, margin="0.02,0.02"'
States = Mapping[str, Mapping[str, Any]]


def draw(machine: Mapping[str, Any]) -> str:
    """A definition in the Amazon States Language as a graph in DOT, in three columns."""
    states = machine["States"]
    column, phases = dict[str, int](), dict[str, dict[str, Any]]()
    for name, state in states.items():
        head = name if name in PHASES else next(reversed(phases))
        column[name] = PHASES[head][0]
        phases.setdefault(head, {})[name] = state
    lines = ["digraph {", *DEFAULTS]
    for head, phase in phases.items():
        lines += [f'subgraph "cluster {head}" {{', f'label="  {PHASES[head][1]}"; {PHASE}']
        lines += [*_nodes(phase), *_exits(phase, column), "}"]
    return "\n".join([*lines, *_edges(states, column), "}"])


def _nodes(states: States) -> Iterator[str]:
    for name, state in states.items():
        if state["Type"] == "Map":
            inner = state["ItemProcessor"]["States"]
            yield f'subgraph "cluster {name}" {{ label="  {name}"; {MAP}'
            yield from (*_nodes(inner), *_edges(inner, dict.fromkeys(inner, 0)))
            yield "}"
        else:
            yield f'"{name}" [{STYLES[state["Type"]]}]'


def _exits(states: States, column: Mapping[str, int]) -> Iterator[str]:
    """The names of the states in other columns that `states` lead to; that of a Default stands beside."""
    for name, state in states.items():
        for there, _, _ in _next(state):
            if column[there] != column[name]:
                yield f'"{name} to {there}" [label="to {there}", {ELSEWHERE}]'
                if there == state.get("Default"):
                    yield f'{{rank=same; "{name}"; "{name} to {there}"}}'


def _edges(states: States, column: Mapping[str, int]) -> Iterator[str]:
    order = list(states)
    for name, state in states.items():
        tail = _within(states, name, last=True)
        for there, label, caught in _next(state):
            head = _within(states, there) if column[there] == column[name] else f"{name} to {there}"
            options = [f'label="  {label} "'] if label else []
            options += [CAUGHT] if caught else []
            options += [f'ltail="cluster {name}"'] if tail != name else []
            if states[there]["Type"] == "Map":  # below what else the tail leads to, not beside it
                options += [f'lhead="cluster {there}"', f"minlen={2 * len(state.get('Choices', ())) or 1}"]
            options += [] if order.index(there) > order.index(name) else ["constraint=false"]
            yield f'"{tail}" -> "{head}" [{", ".join(options)}]'


def _within(states: States, name: str, *, last: bool = False) -> str:
    """The state itself, or the first or last one within a Map, as edges are between nodes."""
    while states[name]["Type"] == "Map":
        processor = states[name]["ItemProcessor"]
        states = processor["States"]
        name = list(states)[-1] if last else processor["StartAt"]
    return name


def _next(state: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """The states that may follow, on which condition or error, and whether it is an error."""
    for choice in state.get("Choices", ()):
        yield choice["Next"], _condition(choice), False
    for name in ("Next", "Default"):
        if name in state:
            yield state[name], "", False
    for catch in state.get("Catch", ()):
        errors = ",\\n".join(each.removeprefix("States.") for each in catch["ErrorEquals"])
        yield catch["Next"], errors.replace("ALL", "any error"), True


def _condition(choice: Mapping[str, Any]) -> str:
    """A rule of a Choice in a few words."""
    variable = str(choice.get("Variable", "")).rpartition(".")[2]
    match choice:
        case {"Or": parts} | {"And": parts}:
            return f" {'or' if 'Or' in choice else 'and'}\\n".join(dict.fromkeys(filter(None, map(_condition, parts))))
        case {"IsPresent": _}:
            return ""
        case {"StringEquals": value}:
            return str(value)
        case {"NumericGreaterThan": value}:
            return f"{variable} > {value}"
        case {"IsNull": False} | {"BooleanEquals": True}:
            return variable
    raise ValueError(f"no words for {choice}")
