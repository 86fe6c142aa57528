"""The form of the TMDL files."""

from collections.abc import Iterator

from checks.project import Project


def tmdl_is_well_formed(project: Project) -> Iterator[str]:
    for path, document in project.documents.items():
        yield from (f"{path}, {finding}" for finding in document.findings)
