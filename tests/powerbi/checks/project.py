"""The project's files, and its parts as the checks see them."""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.powerbi.checks.tmdl import Document, Node, parse

ROOT = Path(__file__).parents[3] / "powerbi"
ITEMS = ("SingStat.Report", "SingStat.SemanticModel")
MODEL = "SingStat.SemanticModel/definition/"
REPORT = "SingStat.Report/"
PAGES = f"{REPORT}definition/pages/"


@dataclass(frozen=True)
class Project:
    """Path and text of every file."""

    files: dict[str, str]

    @cached_property
    def json(self) -> dict[str, Any]:
        """The content of the files that are valid JSON."""
        found = {}
        for path, text in self.files.items():
            if not path.endswith(".tmdl"):
                try:
                    found[path] = json.loads(text)
                except json.JSONDecodeError:
                    continue
        return found

    @cached_property
    def documents(self) -> dict[str, Document]:
        """The parsed TMDL files."""
        return {path: parse(text) for path, text in self.files.items() if path.endswith(".tmdl")}

    def nodes(self, kind: str) -> list[Node]:
        """The top objects of a kind, of all TMDL files."""
        return [node for document in self.documents.values() for node in document.nodes if node.kind == kind]

    @cached_property
    def tables(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes("table")}

    @cached_property
    def columns(self) -> dict[tuple[str, str], Node]:
        """The columns by table and name."""
        return {(table.name, column.name): column for table in self.tables.values() for column in table.of("column")}

    @cached_property
    def measures(self) -> dict[tuple[str, str], Node]:
        """The measures by table and name."""
        return {(table.name, one.name): one for table in self.tables.values() for one in table.of("measure")}

    @cached_property
    def visuals(self) -> dict[str, Any]:
        """The content of every `visual.json` by path."""
        return {path: content for path, content in self.json.items() if path.endswith("/visual.json")}

    def pages(self) -> set[str]:
        """The names of the folders of pages."""
        return {match[1] for path in self.files if (match := re.match(rf"{PAGES}([^/]+)/", path))}


def load() -> Project:
    """The project as it is committed."""
    paths = [path for item in ITEMS for path in (ROOT / item).rglob("*") if path.is_file() and ".pbi" not in path.parts]
    paths += [*ROOT.glob("*.pbip"), *ROOT.glob("*.pbids")]
    return Project({path.relative_to(ROOT).as_posix(): path.read_bytes().decode() for path in sorted(paths)})
