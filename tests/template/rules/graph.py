"""The graph of a state machine."""

from collections.abc import Iterable, Iterator

from tests.template.rules.application import Document, referred


def scopes(machine: Document) -> Iterator[Document]:
    """The machine and those nested in its Map and Parallel states."""
    yield machine
    for state in machine["States"].values():
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from scopes(inner)


def states(machine: Document, kind: str | None = None) -> Iterator[tuple[str, Document]]:
    """Every state, or those of one type, with its name."""
    for scope in scopes(machine):
        for name, state in scope["States"].items():
            if kind in {None, state["Type"]}:
                yield name, state


def following(state: Document) -> list[str]:
    """Names of the possible next states."""
    ways = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return [*filter(None, [way.get("Next") for way in ways]), *filter(None, [state.get("Default")])]


def reachable(scope: Document, starts: Iterable[str]) -> set[str]:
    """Names of the states reachable from `starts`, these included."""
    found: set[str] = set()
    waiting = [name for name in starts if name in scope["States"]]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in following(scope["States"][name]) if other in scope["States"]]
    return found


def substitution_of_call(state: Document) -> str | None:
    """The substitution that names the Lambda function of a task; None for another kind of task."""
    called = (
        state.get("Parameters", {}).get("FunctionName") if ":lambda:invoke" in state["Resource"] else state["Resource"]
    )
    names = referred(called)
    return names.pop() if names else None


def called_function(state: Document, pipeline: Document) -> str | None:
    """Logical id of the Lambda function that a task calls; None for another kind of task."""
    name = substitution_of_call(state)
    found = referred(pipeline["DefinitionSubstitutions"].get(name)) if name else set()
    return found.pop() if found else None
