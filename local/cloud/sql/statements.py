"""Parsing of Athena statements, with their parameters substituted; only statements that read are accepted."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from sqlglot import ParseError, Token, TokenError, TokenType, exp, parse, tokenize

from local.cloud.sql.dialect import AthenaSQL
from local.cloud.sql.errors import QueryError, QueryRefused

# What sqlglot takes and Athena does not, by the types of the tokens.
FOREIGN = {
    r"\bDCOLON\b": "Athena has no ::, but CAST(x AS type)",
    r"\bEQ==": "Athena has no ==, but =",
    r"\bALIAS STRING\b": "a name is in double quotes",
    r"\bLIMIT (NUMBER|ALL|PLACEHOLDER) OFFSET\b": "OFFSET stands before LIMIT",
    r"\bCOMMA (FROM|WHERE|GROUP_BY|HAVING|ORDER_BY|UNION|R_PAREN|R_BRACKET|SEMICOLON|$)": "a comma too many",
}
READS = {"SELECT", "WITH", "VALUES", "("}
SHOW_TABLES = re.compile(r'SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+[`"]?(\w+)[`"]?)?', re.IGNORECASE)
ABOUT_TABLE = re.compile(r'(SHOW\s+PARTITIONS|DESCRIBE|DESC)\s+(?:[`"]?(\w+)[`"]?\.)?[`"]?(\w+)[`"]?', re.IGNORECASE)


class Listing(NamedTuple):
    """A catalogue statement: `SHOW TABLES`, `SHOW PARTITIONS` or `DESCRIBE`; None for a part that it omits."""

    kind: str
    database: str | None
    table: str | None


def athena_sql(node: exp.Expr) -> str:
    """A part of a statement as Athena's SQL."""
    return node.sql(AthenaSQL, comments=False)


def parse_statement(sql: str, parameters: Sequence[str]) -> exp.Expr | Listing:
    """The statement with each `?` replaced by an SQL literal, in order.

    Raises `QueryError` if it is invalid, `QueryRefused` if it is not read-only.
    """
    if listing := _listing(sql.strip().rstrip(";").rstrip()):
        return listing
    try:
        tokens = tokenize(sql, read=AthenaSQL)
        if not tokens or tokens[0].text.upper() not in READS:
            raise QueryRefused("only SELECT, WITH, VALUES, SHOW TABLES, SHOW PARTITIONS and DESCRIBE are supported")
        _check_syntax(tokens)
        statements = parse(_substituted(sql, tokens, parameters), read=AthenaSQL)
    except (ParseError, TokenError) as error:
        raise QueryError(f"SYNTAX_ERROR: {_message(error)}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query | exp.Values):
        raise QueryRefused("only a single read-only statement is supported")
    return statements[0]


def _check_syntax(tokens: list[Token]) -> None:
    types = " ".join(token.token_type.name + "==" * (token.text == "==") for token in tokens)
    for pattern, message in FOREIGN.items():
        if re.search(pattern, types + " "):
            raise QueryError(f"SYNTAX_ERROR: {message}")


def _listing(sql: str) -> Listing | None:
    if found := SHOW_TABLES.fullmatch(sql):
        return Listing("SHOW TABLES", found[1], None)
    if found := ABOUT_TABLE.fullmatch(sql):
        kind = "SHOW PARTITIONS" if found[1][0] in "sS" else "DESCRIBE"
        return Listing(kind, found[2], found[3])
    return None


def _substituted(sql: str, tokens: list[Token], parameters: Sequence[str]) -> str:
    marks = [token for token in tokens if token.token_type is TokenType.PLACEHOLDER]
    if len(marks) != len(parameters):
        raise QueryError(f"the query has {len(marks)} question marks but {len(parameters)} parameters")
    for mark, parameter in reversed(list(zip(marks, parameters, strict=True))):
        sql = sql[: mark.start] + _literal(parameter) + sql[mark.end + 1 :]
    return sql


def _literal(parameter: str) -> str:
    """The parameter, generated from its syntax tree to exclude anything but a literal."""
    try:
        parsed = parse(parameter, read=AthenaSQL)
    except (ParseError, TokenError):
        parsed = []
    value = parsed[0] if len(parsed) == 1 else None
    bare = value.this if isinstance(value, exp.Neg | exp.Cast) else value
    if value is None or not isinstance(bare, exp.Literal | exp.Null | exp.Boolean):
        raise QueryError(f"parameter {parameter} is not an SQL literal: put strings in single quotes")
    return athena_sql(exp.paren(value) if isinstance(value, exp.Neg) else value)


def _message(error: ParseError | TokenError) -> str:
    if isinstance(error, ParseError) and error.errors:
        return "line {line}:{col}: {description}".format(**error.errors[0])
    return str(error).splitlines()[0]
