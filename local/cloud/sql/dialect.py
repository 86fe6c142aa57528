"""Athena's SQL for sqlglot, with every function call as it is written, so that each is looked up by its name."""

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.parsers.trino import TrinoParser

KEPT = (
    "EXTRACT",
    "LISTAGG",
    "OVERLAY",
    "POSITION",
    "SUBSTRING",
    "TRIM",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_TABLE",
    "JSON_VALUE",
)


def _explicit(self: Any, *, safe: bool) -> exp.Expr:
    """`CAST(x AS t)`, unlike the literal `t 'x'`."""
    node: exp.Expr = self._parse_cast(not safe, safe=safe)
    node.meta["is_cast"] = True
    return node


class AthenaSQL(Trino):
    """Trino's dialect without the meaning of functions."""

    INDEX_OFFSET = 0  # subscripts as they are written

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            **{name: parser for name, parser in TrinoParser.FUNCTION_PARSERS.items() if name in KEPT},
            "CAST": lambda self: _explicit(self, safe=False),
            "TRY_CAST": lambda self: _explicit(self, safe=True),
        }
