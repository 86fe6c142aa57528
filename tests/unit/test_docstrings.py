"""Every public function names the errors of ours that it can raise, in its docstring, after `Raises`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(\w+)`")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """A module's functions and methods by `name` or `Class.name`, and the full names of what it imports."""

    def __init__(self, name: str, source: str) -> None:
        self.name, tree = name, ast.parse(source)
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.functions = {node.name: node for node in tree.body if isinstance(node, Function)}
        for cls in self.classes.values():
            self.functions |= {f"{cls.name}.{each.name}": each for each in cls.body if isinstance(each, Function)}
        self.imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }


class Code:
    """Modules by name, and the errors they define with their bases."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.modules = {name: Module(name, source) for name, source in sources.items()}
        classes = {name: node for module in self.modules.values() for name, node in module.classes.items()}
        self.bases: dict[str, set[str]] = {}
        while found := {name: _bases(node) for name, node in classes.items() if self._is_error(name, node)}:
            self.bases |= {
                name: bases.union(*(self.bases.get(base, set()) for base in bases)) for name, bases in found.items()
            }

    def undocumented(self) -> Iterator[str]:
        """Each public function that can raise an error that its docstring, or its class's, does not name."""
        for module in self.modules.values():
            for name in module.functions:
                if any(part.startswith("_") and part != "__init__" for part in name.split(".")):
                    continue
                if missing := self.raised(module, name, ()) - self.documented(module, name):
                    yield f"{module.name}.{name} does not name {', '.join(sorted(missing))}"

    def documented(self, module: Module, name: str) -> set[str]:
        """The errors after `Raises` in the docstring of a function, and of its class."""
        nodes = [module.functions[name], *filter(None, [module.classes.get(_first(name))])]
        texts = [(ast.get_docstring(node) or "").partition("Raises")[2] for node in nodes]
        return {error for text in texts for error in NAMED.findall(text) if error in self.bases}

    def raised(self, module: Module, name: str, above: tuple[str, ...]) -> set[str]:
        """What a function raises itself, and through the calls that can be resolved by name."""
        if name in above:
            return set()
        return {
            error
            for node, caught in _uncaught(module.functions[name].body, frozenset())
            for error in self._of(module, name, node, (*above, name))
            if not caught & {error, *self.bases[error]}
        }

    def _of(self, module: Module, name: str, node: ast.AST, above: tuple[str, ...]) -> set[str]:
        if isinstance(node, ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            named = _last(error)
            return {named} & self.bases.keys()
        if not isinstance(node, ast.Call):
            return set()
        called = ast.unparse(node.func)
        if called.startswith("self."):
            called = f"{_first(name)}.{called.removeprefix('self.')}"
        given = {_last(each) for each in node.args} & self.bases.keys()  # an error that the function is to raise
        if called in module.functions:
            if _last(node.func).startswith("_"):
                return given | self.raised(module, called, above)
            return given | self.documented(module, called)
        start, _, rest = called.partition(".")
        home, _, function = f"{module.imported.get(start, '')}{'.' if rest else ''}{rest}".rpartition(".")
        if (other := self.modules.get(home)) and function in other.functions:
            return given | self.documented(other, function)
        return set()

    def _is_error(self, name: str, node: ast.ClassDef) -> bool:
        return name not in self.bases and bool(_bases(node) & {"Exception", *self.bases})


def _uncaught(nodes: list, caught: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Every node below `nodes` with the errors caught around it; a handler with a bare `raise` catches nothing."""
    for node in nodes:
        yield node, caught
        if isinstance(node, ast.Try):
            names = {name for handler in node.handlers if not _raises_again(handler) for name in _caught(handler)}
            yield from _uncaught(node.body, caught | names)
            yield from _uncaught([*node.handlers, *node.orelse, *node.finalbody], caught)
        elif not isinstance(node, ast.Lambda):  # whoever calls it may catch its errors
            yield from _uncaught(list(ast.iter_child_nodes(node)), caught)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))


def _caught(handler: ast.ExceptHandler) -> Iterator[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return (_last(kind) if kind else "Exception" for kind in kinds)


def _bases(node: ast.ClassDef) -> set[str]:
    return {_last(base) for base in node.bases}


def _first(name: str) -> str:
    return name.partition(".")[0]


def _last(node: ast.AST | None) -> str:
    return ast.unparse(node).rpartition(".")[2] if node else ""


def ours() -> dict[str, str]:
    """The sources of `functions/` and `ec2/`, by module name."""
    folders = (ROOT / "functions", ROOT / "ec2")
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): path.read_text("utf-8")
        for folder in folders
        for path in folder.rglob("*.py")
    }


def test_every_error_is_named_where_it_can_be_raised():
    assert list(Code(ours()).undocumented()) == []


ERRORS = """
class Broken(Exception): ...
class Lost(Broken): ...
class _Private(Exception): ...
"""
OTHER = '''
def fetch():
    """Fetch. Raises `Lost` if it is gone."""
'''


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        pytest.param("def f():\n raise Lost('x')", "Lost", id="raised"),
        pytest.param("def f():\n raise errors.Lost", "Lost", id="raised by its module's name"),
        pytest.param("def f():\n 'Raises `Broken`.'\n raise Lost", "Lost", id="only its base is named"),
        pytest.param("def f():\n 'Raises `Lost`.'\n raise Lost", "", id="named"),
        pytest.param("def f():\n 'The `Lost` are found.'\n raise Lost", "Lost", id="named elsewhere"),
        pytest.param("def f():\n raise ValueError", "", id="not ours"),
        pytest.param("def f():\n raise error", "", id="an error that cannot be known"),
        pytest.param("def _f():\n raise Lost", "", id="a private function"),
        pytest.param("def f():\n _g()\ndef _g():\n raise Lost", "Lost", id="through a private function"),
        pytest.param("def f():\n _g()\ndef _g():\n _g()\n f()", "", id="recursion"),
        pytest.param("def f():\n other.fetch()", "Lost", id="through another module"),
        pytest.param("def f():\n take()", "Lost", id="through an imported function"),
        pytest.param("def f():\n take(Broken)", "Broken, Lost", id="given to a function"),
        pytest.param("def f():\n try:\n  take()\n except Lost:\n  pass", "", id="caught"),
        pytest.param("def f():\n try:\n  take()\n except (KeyError, Broken):\n  pass", "", id="caught by its base"),
        pytest.param("def f():\n try:\n  take()\n except Lost:\n  raise", "Lost", id="raised again"),
        pytest.param("def f():\n try:\n  pass\n except KeyError as e:\n  raise Lost from e", "Lost", id="in a handler"),
        pytest.param("class C:\n def f(self):\n  self._g()\n def _g(self):\n  raise Lost", "Lost", id="a method"),
        pytest.param("class C:\n 'Raises `Lost`.'\n def f(self):\n  raise Lost", "", id="named by the class"),
        pytest.param("class C:\n def __init__(self):\n  raise Lost", "Lost", id="a constructor"),
    ],
)
def test_a_planted_function_is_found(source, missing):
    imports = "from pipeline import errors, other\nfrom pipeline.errors import Broken, Lost\n"
    imports += "from pipeline.other import fetch as take\n"
    code = Code({"pipeline.errors": ERRORS, "pipeline.other": OTHER, "pipeline.planted": imports + source})

    found = list(code.undocumented())

    assert [each.partition(" does not name ")[2] for each in found] == ([missing] if missing else [])
