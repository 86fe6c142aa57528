"""Each handler accepts its sample event and rejects an unknown field."""

import ast
from pathlib import Path

import msgspec
import pytest
from pipeline.contracts import states
from pipeline.errors import InputInvalid
from pipeline.run.plan import list_names, plan_tables

ROOT = Path(__file__).parents[2]
HANDLERS = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
TRIGGERS = ("publish_recipe", "handle_failure", "describe_run", "open_link")  # AWS defines these events
TASKS = [name for name in HANDLERS if name not in TRIGGERS]


def contract(handler: str) -> type[msgspec.Struct]:
    """The type of the handler's parameter, read from its source: importing the module would create AWS clients."""
    tree = ast.parse((ROOT / "functions" / f"{handler}.py").read_text("utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler")
    annotation = function.args.args[0].annotation
    assert isinstance(annotation, ast.Name)
    return getattr(states, annotation.id)


def test_every_function_has_a_sample_event():
    assert sorted(path.stem for path in (ROOT / "events").glob("*.json")) == HANDLERS


@pytest.mark.parametrize("handler", TASKS)
def test_the_sample_event_fits_its_handler(handler):
    sample = (ROOT / "events" / f"{handler}.json").read_bytes()

    msgspec.json.decode(sample, type=contract(handler))


@pytest.mark.parametrize("handler", TASKS)
def test_an_unknown_field_is_refused(handler):
    sample = msgspec.json.decode((ROOT / "events" / f"{handler}.json").read_bytes())

    with pytest.raises(msgspec.ValidationError, match="surprise"):
        msgspec.convert(sample | {"surprise": 1}, contract(handler))


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_handler_is_a_sentence(handler):
    assert len((ROOT / "functions" / f"{handler}.py").read_text("utf-8").splitlines()) <= 45


LISTS = {"monthly": ["M213751", "M550002"], "quarterly": ["M212161"], "yearly": ["M213801", "M212161"]}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param({"tables": ["M213751", "17560"]}, ["M213751", "17560"], id="in the order asked"),
        pytest.param({"dataset": "monthly"}, ["M213751", "M550002"], id="the earlier name of a list"),
        pytest.param({"list": "all"}, ["M213751", "M550002", "M212161", "M213801"], id="all, each once"),
    ],
)
def test_plan(request_, expected):
    assert plan_tables(msgspec.convert(request_, states.RunRequest), LISTS) == expected


def test_a_stored_list_all_is_taken_as_it_is():
    assert plan_tables(states.RunRequest(list_name="all"), LISTS | {"all": ["17560"]}) == ["17560"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"tables": ["M213751"]}, []),
        ({"list": "mine"}, ["mine"]),
        ({"list": "all"}, ["all", "monthly", "quarterly", "yearly"]),
        ({"dataset": "monthly"}, ["monthly"]),
    ],
)
def test_only_the_lists_that_a_request_needs_are_read(request_, expected):
    assert list_names(msgspec.convert(request_, states.RunRequest)) == expected


@pytest.mark.parametrize("name", ["", "Mine", "9", "a/b", "..", "a.b", "a" * 41, "mine\n", "m\u00efne"])
def test_the_name_of_a_list_is_checked_before_any_key_is_made_of_it(name):
    with pytest.raises(InputInvalid, match="is not the name of a list"):
        list_names(states.RunRequest(list_name=name))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        pytest.param({}, "either", id="neither"),
        pytest.param({"tables": ["M213751"], "dataset": "monthly"}, "either", id="both"),
        pytest.param({"tables": []}, "empty", id="an empty list"),
        pytest.param({"tables": ["M213751"], "list": "monthly"}, "either", id="tables and a list"),
        pytest.param({"list": "monthly", "dataset": "monthly"}, "either", id="both names of a list"),
        pytest.param({"list": "weekly"}, "there is no list 'weekly'", id="an unknown list"),
        pytest.param({"dataset": ""}, "there is no list ''", id="no name of a list"),
        pytest.param({"list": "empty"}, "empty", id="a list without tables"),
        pytest.param({"tables": ["../../x"]}, "not a table id", id="a path"),
        pytest.param({"tables": ["m213751"]}, "not a table id", id="lower case"),
        pytest.param({"tables": ["M213751\n"]}, "not a table id", id="a line break"),
        pytest.param({"tables": ["M\uff12\uff11\uff13\uff17\uff15\uff11"]}, "not a table id", id="full-width digits"),
        pytest.param({"tables": ["M213751", "M213751"]}, "twice", id="repeated"),
        pytest.param({"tables": [f"M{n:06}" for n in range(10_001)]}, "10001 tables are more", id="too many"),
    ],
)
def test_a_bad_request_is_refused(request_, why):
    with pytest.raises(InputInvalid, match=why):
        plan_tables(msgspec.convert(request_, states.RunRequest), LISTS | {"empty": []})
