"""Equality of two values: unknown if a NULL in their rows or arrays decides it, and false of NaN."""

from local.cloud.sql.errors import QueryError
from local.cloud.sql.types import Type

NESTED = ("array", "map", "row")
ONE_BY_ONE = {*NESTED, "double"}  # compared in another way than DuckDB does in IN and CASE
# DuckDB takes NaN for equal to itself and greater than other numbers; in Athena no comparison with it but <> is true.
NOT_A_NUMBER = dict.fromkeys(("=", "<", "<=", ">", ">="), "({sql} AND NOT isnan({a}) AND NOT isnan({b}))") | {
    "<>": "({sql} OR isnan({a}) OR isnan({b}))"
}


def equal(left: str, right: str, kind: Type) -> str:
    """`left = right` of two DuckDB expressions of a type. Raises `QueryError` for maps."""
    if kind.name == "row":
        pairs = ((f"struct_extract({left}, {key})", f"struct_extract({right}, {key})", part) for key, part in kind.keys)
        return f"({' AND '.join(equal(*pair) for pair in pairs)})"
    if kind.name == "array":
        items = f"list_transform(list_zip({left}, {right}), lambda e: {equal('e[1]', 'e[2]', kind.args[0])})"
        return f"(len({left}) = len({right}) AND all_true({items}))"
    if kind.name == "map":
        raise QueryError("not on the laptop: the comparison of maps; compare their keys and values")
    sql = f"({left} = {right})"
    return NOT_A_NUMBER["="].format(sql=sql, a=left, b=right) if kind.name == "double" else sql
