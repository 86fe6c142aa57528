"""The rooms and who may import whom: every import goes from a room to one that stands before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each room may import those before it. The rules come first, then what talks to AWS, then what puts both together.
RULES = (
    "pipeline.errors",
    "pipeline.frequency",
    "pipeline.wording",
    "pipeline.rendering",
    "pipeline.contracts",
    "pipeline.source",
    "pipeline.table",
    "pipeline.publication",
    "pipeline.run",
    "pipeline.costs",
    "pipeline.mail",
    "pipeline.billing",
    "pipeline.report",
    "pipeline.metadata",
)
FUNCTIONS = (*RULES, "pipeline.handler", "pipeline.api", "pipeline.aws", "pipeline.steps", "pipeline.worker")
LAPTOP = (
    "local.cloud.account",
    "local.cloud.cache",
    "local.cloud.moto_core",
    "local.cloud.moto_costs",
    "local.cloud.documented_limits",
    "local.cloud.wsgi",
    "local.cloud.lock",
    "local.cloud.sql",
    "local.cloud.iam",
    "local.cloud.moto_app",
    "local.cloud.front",
    "local.cloud.lambdas",
    "local.cloud.ec2",
    "local.cloud.machine",
    "local.cloud.services",
    "local.cloud.stack",
    "local.cloud.aws",
    "local.cloud.api",
    "local.replay",
    "local.cli",
)
OUTSIDE = {"boto3", "botocore", "os", "time", "urllib3"}
HTTP = {"pipeline.source.client", "pipeline.source.deadline"}  # whoever makes a client says where SingStat is


def modules(folder: str) -> dict[str, Path]:
    """Every module below a folder by its dotted name."""
    files = (ROOT / folder).rglob("*.py")
    return {".".join(path.relative_to((ROOT / folder).parent).with_suffix("").parts): path for path in files}


PIPELINE, LOCAL = modules("functions/pipeline"), modules("local")
ALL = PIPELINE | LOCAL


def imports(path: Path) -> Iterator[str]:
    """What a module imports, by full name: a module where one is meant."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in ALL else node.module


def room(module: str, rooms: tuple[str, ...]) -> int:
    """The place of a module's room in the order."""
    found = [number for number, name in enumerate(rooms) if module == name or module.startswith(f"{name}.")]
    assert found, f"{module} lies in no room: name its room here, after all that it imports"
    return found[0]


def uphill(rooms: tuple[str, ...], among: dict[str, Path]) -> list[str]:
    """Every import of a room that stands later."""
    top = rooms[0].split(".")[0]
    return [
        f"{module} imports {imported}"
        for module, path in among.items()
        if path.name != "__init__.py"
        for imported in imports(path)
        if imported.startswith(f"{top}.") and room(imported, rooms) > room(module, rooms)
    ]


def test_the_functions_import_downhill():
    assert not uphill(FUNCTIONS, PIPELINE)


def test_the_laptop_imports_downhill():
    assert not uphill(LAPTOP, LOCAL)


def test_an_import_uphill_is_found(tmp_path):
    (tmp_path / "odd.py").write_text("from pipeline.aws import glue\n")

    assert uphill(FUNCTIONS, {"pipeline.table.odd": tmp_path / "odd.py"}) == [
        "pipeline.table.odd imports pipeline.aws.glue"
    ]


@pytest.mark.parametrize("module", [name for name in PIPELINE if name.startswith(RULES)])
def test_rules_know_neither_aws_nor_clock_nor_environment(module):
    imported = {name.split(".")[0] for name in imports(PIPELINE[module])}

    assert not imported & (OUTSIDE - ({"urllib3", "time"} if module in HTTP else set()))
    assert "now(" not in PIPELINE[module].read_text("utf-8")


def test_the_functions_know_nothing_of_the_laptop():
    assert not [name for name, path in PIPELINE.items() if any(each.startswith("local") for each in imports(path))]


def test_nothing_knows_the_package_for_python():
    assert not [name for name, path in ALL.items() if any(each.split(".")[0] == "singstat" for each in imports(path))]
