"""TMDL as this project writes it: objects, properties and expressions, indented by tabs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NAME = r"(?:[A-Za-z_][\w-]*|'(?:[^']|'')+'|" + GUID + ")"
CODE, CULTURE = r".+", r"[a-z]{2}-[A-Z]{2}"


@dataclass(frozen=True)
class Kind:
    """What an object may have. `expression` is what may follow its equals sign: a pattern, or None."""

    properties: dict[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    children: frozenset[str] = frozenset()
    expression: str | None = None
    named: bool = True


LINEAGE = {"lineageTag": GUID}
KINDS = {
    "database": Kind({"compatibilityLevel": r"1[56]\d\d"}, named=False),
    "model": Kind(
        {"culture": CULTURE, "defaultPowerBIDataSourceVersion": "powerBI_V3", "sourceQueryCulture": CULTURE},
        frozenset({"discourageImplicitMeasures"}),
        frozenset({"dataAccessOptions"}),
    ),
    "dataAccessOptions": Kind(flags=frozenset({"legacyRedirects", "returnErrorValuesAsNull"}), named=False),
    "cultureInfo": Kind(),
    "annotation": Kind(expression=CODE),
    "expression": Kind(LINEAGE, children=frozenset({"annotation"}), expression=CODE),
    "relationship": Kind({"fromColumn": rf"{NAME}\.{NAME}", "toColumn": rf"{NAME}\.{NAME}"}),
    "table": Kind(
        LINEAGE | {"dataCategory": "Time"},
        frozenset({"isHidden"}),
        frozenset({"measure", "column", "partition", "annotation"}),
    ),
    "measure": Kind(LINEAGE | {"formatString": ".+", "displayFolder": r"[\w ]+(\\[\w ]+)*"}, expression=CODE),
    "column": Kind(
        LINEAGE
        | {
            "dataType": "string|dateTime|double|int64|boolean",
            "formatString": ".+",
            "summarizeBy": "none",
            "sourceColumn": r"\[\w+\]|\w+",
            "sortByColumn": NAME,
        },
        frozenset({"isHidden", "isKey", "isNameInferred"}),
        frozenset({"annotation"}),
    ),
    "partition": Kind({"mode": "import"}, children=frozenset({"source"}), expression="m|calculated"),
    "source": Kind(expression=CODE, named=False),
}
TOP = frozenset({"database", "model", "cultureInfo", "annotation", "expression", "relationship", "table"})
DECLARATION = re.compile(rf"({'|'.join(KINDS)})(?: ({NAME}))?(?: =(?: (.*))?)?")
REFERENCE = re.compile(rf"ref (table|cultureInfo) ({NAME})")
PROPERTY = re.compile(r"([A-Za-z]+): (.*)")


@dataclass
class Node:
    """An object with what it has. `expression` is the text after its equals sign, without its indentation."""

    kind: str
    name: str
    description: str
    expression: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    children: list["Node"] = field(default_factory=list)

    def of(self, kind: str) -> list["Node"]:
        """The children of a kind."""
        return [child for child in self.children if child.kind == kind]


@dataclass
class Document:
    """The objects of a file, what it refers to, and what is wrong with its form."""

    nodes: list[Node]
    references: list[tuple[str, str]]
    findings: list[str]


def unquoted(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def parse(text: str) -> Document:
    """Read a file; what does not fit the grammar is a finding with its line."""
    return _Parser(text).document


class _Parser:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.document = Document([], [], [])
        self.description = ""
        self.open: list[Node] = []
        self.number = 0
        if not text.endswith("\n") or "\r" in text:
            self.document.findings.append("lines must end with a line feed")
        while self.number < len(self.lines):
            line = self.lines[self.number]
            self.number += 1
            if line.strip():
                self._line(line)

    def _line(self, line: str) -> None:
        depth = len(line) - len(line.lstrip("\t"))
        words = line[depth:]
        if words[0] == " " or depth > len(self.open):
            self._finding("wrong indentation")
            return
        if words.startswith("///"):
            self.description += words[3:].strip()
            return
        description, self.description = self.description, ""
        del self.open[depth:]
        if match := REFERENCE.fullmatch(words):
            self.document.references.append((match[1], unquoted(match[2])))
        elif match := DECLARATION.fullmatch(words):
            self._declare(match, description, depth)
        elif description:
            self._finding("a description must stand before an object")
        elif self.open:
            self._property(words, self.open[-1])
        else:
            self._finding(f"unknown object {words!r}")

    def _declare(self, match: re.Match[str], description: str, depth: int) -> None:
        name, kind = match[1], KINDS[match[1]]
        allowed = KINDS[self.open[-1].kind].children if self.open else TOP
        node = Node(name, unquoted(match[2] or ""), description)
        if name not in allowed:
            self._finding(f"{name} is not allowed here")
        if kind.named != bool(match[2]):
            self._finding(f"{name} must {'' if kind.named else 'not '}have a name")
        node.expression = match[3] or "\n".join(self._block(depth + 2))
        if not re.fullmatch(kind.expression or "", node.expression, re.DOTALL):
            self._finding(f"{name} {node.name} has no or a wrong expression")
        (self.open[-1].children if self.open else self.document.nodes).append(node)
        self.open.append(node)

    def _block(self, depth: int) -> Iterator[str]:
        """The lines that are at least `depth` tabs deep, without these tabs; blank ones between them too."""
        while self.number < len(self.lines):
            line, *following = self.lines[self.number : self.number + 2]
            if not (line if line.strip() else "".join(following)).startswith("\t" * depth):
                return
            self.number += 1
            yield line[depth:]

    def _property(self, words: str, of: Node) -> None:
        kind = KINDS[of.kind]
        match = PROPERTY.fullmatch(words)
        name = match[1] if match else words
        if name in of.properties or name in of.flags:
            self._finding(f"{name} comes twice")
        if match and name in kind.properties:
            of.properties[name] = match[2]
            if not re.fullmatch(kind.properties[name], match[2]):
                self._finding(f"{name} cannot be {match[2]!r}")
        elif not match and name in kind.flags:
            of.flags.add(name)
        else:
            self._finding(f"{of.kind} has no property {name!r}")

    def _finding(self, words: str) -> None:
        self.document.findings.append(f"line {self.number}: {words}")
