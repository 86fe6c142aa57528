"""The pictures of the README and of docs/ show what the state machine, a run, a report and a chart look like now."""

import json

import pytest

from tools import pictures
from tools.machine_picture import draw

DRAWN = json.loads(pictures.DIGESTS.read_bytes())
MACHINE = json.loads((pictures.ROOT / "statemachine" / "pipeline.asl.json").read_bytes())


@pytest.fixture(scope="module")
def now(published) -> dict[str, str]:
    return pictures.digests(published[0])


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_as_new_as_what_it_shows(name, now):
    assert DRAWN[name] == now[name], f"{name} shows what is no longer so: `make pictures`"


def test_every_picture_is_compared_small_and_shown_on_a_page(now):
    pages = [page.read_text("utf-8") for page in (pictures.ROOT / "README.md", *pictures.ROOT.glob("docs/*.md"))]

    assert {path.name for path in pictures.IMAGES.iterdir() if path.suffix in (".png", ".svg")} == now.keys()
    for name in now:
        assert (pictures.IMAGES / name).stat().st_size < 300_000
        assert any(f"images/{name})" in page for page in pages)


def test_another_state_transition_or_error_is_another_picture():
    graph = draw(MACHINE)

    for path, value in [
        (("Notify",), {"Type": "Fail"}),
        (("Notify", "Next"), "UnknownStatus"),
        (("Notify", "Catch", 0, "ErrorEquals"), ["States.Timeout"]),
        (("AnythingNew?", "Choices", 0, "NumericGreaterThan"), 1),
    ]:
        changed = json.loads(json.dumps(MACHINE))
        *way, last = path
        place = changed["States"]
        for step in way:
            place = place[step]
        place[last] = value

        assert draw(changed) != graph, path


def test_the_picture_has_every_state_and_transition():
    graph = draw(MACHINE)

    def check(states):
        for name, state in states.items():
            assert f'"{name}" [' in graph or f'"cluster {name}" {{' in graph
            if state["Type"] == "Map":
                check(state["ItemProcessor"]["States"])
            targets = [state.get("Next"), state.get("Default"), *(c["Next"] for c in state.get("Choices", []))]
            for there in filter(None, [*targets, *(c["Next"] for c in state.get("Catch", []))]):
                ends = {f'-> "{there}"', f'lhead="cluster {there}"', f'-> "{name} to {there}"'}
                assert any(end in graph for end in ends), (name, there)

    check(MACHINE["States"])
