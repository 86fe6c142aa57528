"""The notebook on a lake with three vintages: on DuckDB, and by its switch on Athena's own protocol."""

import base64
import io
from pathlib import Path

import nbformat
import pytest
from matplotlib import colors
from matplotlib.image import imread
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from local.cloud.account import REGION
from local.cloud.aws import ADMINISTRATOR
from tests.support.laptop import Laptop, set_published_at

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "singstat.ipynb"
QUERIES = 4
ON_A_LAPTOP = {"frame", "frame-revisions"}  # cells that read the lake itself


@pytest.fixture(scope="module")
def revised(switched_on: Laptop) -> Laptop:
    table = switched_on.replay.tables["M212161"]
    assert switched_on.run("M212161").status == "SUCCEEDED"
    table.revise("24/10/2026", {("1", "1990 1Q"): "24.4", ("1", "2026 3Q"): "206", ("1", "1990 2Q"): None})
    assert switched_on.run("M212161").status == "SUCCEEDED"
    table.revise("24/11/2026", {("1", "1990 1Q"): "24.3", ("1", "2026 3Q"): "206.123456789012345678"})
    assert switched_on.run("M212161").status == "SUCCEEDED"
    set_published_at(
        switched_on.lake, "M212161", *(f"2026-{day}T01:00:00+00:00" for day in ("07-25", "10-30", "11-25"))
    )
    return switched_on


@pytest.fixture(scope="module")
def place(revised: Laptop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder from which the notebook runs: the lake is beside it."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "lake").symlink_to(revised.lake)
    (folder / "notebooks").mkdir()
    return folder / "notebooks"


@pytest.fixture(scope="module")
def here(place: Path) -> dict[str, NotebookNode]:
    return execute("laptop", place)


def execute(where: str, place: Path) -> dict[str, NotebookNode]:
    """The last output of each cell, by the cell's id, with the switch at `where`."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    settings = next(cell for cell in book.cells if cell.id == "settings")
    assert 'WHERE = "laptop"' in settings.source
    settings.source = settings.source.replace('WHERE = "laptop"', f'WHERE = "{where}"')
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(place / name))
        resources = {"metadata": {"path": str(place)}}
        NotebookClient(book, kernel_name="python3", timeout=120, resources=resources).execute()
    return {cell.id: cell.outputs[-1]["data"] for cell in book.cells if cell.get("outputs")}


def rows(output: NotebookNode) -> list[list[str]]:
    """A Markdown table without its line of dashes."""
    lines = [line.strip("| ").split(" | ") for line in output["text/markdown"].splitlines()]
    return [lines[0], *lines[2:]]


def test_it_is_kept_without_outputs():
    book = nbformat.read(NOTEBOOK, as_version=4)

    nbformat.validate(book)
    assert [cell.id for cell in book.cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_it_lists_what_is_published(here):
    assert rows(here["published"]) == [
        ["table_id", "title", "frequency", "vintage", "observations"],
        [
            "M212161",
            "Housing And Development Board (HDB) Resale Price Index (1Q2009 = 100), Quarterly",
            *("quarterly", "2026-11-24", "146"),
        ],
    ]


def test_its_triangle_marks_what_each_edition_changed(here):
    assert rows(here["triangle"]) == [
        ["edition", "1990 1Q", "1990 2Q", "2025 2Q", "2025 3Q", "2025 4Q", "2026 1Q", "2026 2Q", "2026 3Q"],
        ["2026-07-24.1", "24.3", "24.4", "202.9", "203.7", "203.6", "203.4", "202.8", "none"],
        ["2026-10-24.1", "**24.4**", "**none**", "202.9", "203.7", "203.6", "203.4", "202.8", "**206**"],
        ["2026-11-24.1", "**24.3**", "none", "202.9", "203.7", "203.6", "203.4", "202.8", "**206.123456789012345678**"],
    ]


def test_it_says_what_a_reader_saw_on_a_day(here):
    shown = [row for row in rows(here["past"]) if row[0] in ("period", "1990 1Q", "1990 2Q", "2026 3Q")]

    assert shown == [
        ["period", "on 2026-10-30: 2026-10-24.1", "now: 2026-11-24.1"],
        ["1990 1Q", "24.4", "24.3"],
        ["1990 2Q", "none", "none"],
        ["2026 3Q", "206", "206.123456789012345678"],
    ]


@pytest.mark.parametrize("colour", ["#0b5394", "#757575"], ids=["newest", "first"])
def test_its_chart_shows_the_newest_edition_and_the_first(here, colour):
    picture = imread(io.BytesIO(base64.b64decode(here["chart"]["image/png"])))

    assert (abs(picture[..., :3] - colors.to_rgb(colour)).max(axis=2) < 0.01).any()


def test_by_its_switch_athena_answers_and_all_is_the_same(here, place, revised, monkeypatch):
    athena = revised.aws.client("athena")
    monkeypatch.setenv("AWS_ENDPOINT_URL", revised.aws.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name, value in ADMINISTRATOR.items():
        monkeypatch.setenv(name.upper(), value)
    asked = len(athena.list_query_executions()["QueryExecutionIds"])

    there = execute("aws", place)

    assert there == {name: output for name, output in here.items() if name not in ON_A_LAPTOP}
    assert len(athena.list_query_executions()["QueryExecutionIds"]) == asked + QUERIES


def test_it_reads_a_table_as_a_frame_of_pandas_with_exact_values(here):
    assert here["frame"]["text/plain"].splitlines() == [
        "                     series   period                   value",
        "143  HDB Resale Price Index  2026 1Q  203.400000000000000000",
        "144  HDB Resale Price Index  2026 2Q  202.800000000000000000",
        "145  HDB Resale Price Index  2026 3Q  206.123456789012345678",
    ]


def test_another_place_is_refused_by_name(place):
    with pytest.raises(CellExecutionError, match="WHERE is laptop or aws, not azure"):
        execute("azure", place)
