"""The Power BI project: it is what the generator makes, and every check holds."""

from collections.abc import Callable, Iterator

import pytest

from powerbi.generator.project import project as generated
from tests.powerbi.checks import CHECKS, Project
from tests.powerbi.checks.project import load


@pytest.fixture(scope="module")
def project() -> Project:
    return load()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_powerbi_project_holds(project: Project, check: Callable[[Project], Iterator[str]]) -> None:
    assert [*check(project)] == []


def test_powerbi_project_is_what_the_generator_makes(project: Project) -> None:
    """When this fails: `.venv/bin/python powerbi/generate.py`."""
    made = generated()

    assert project.files.keys() == made.keys()
    assert [path for path, text in made.items() if project.files[path] != text] == []
