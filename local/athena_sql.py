"""Athena SQL rewritten for DuckDB, so that it means there what it means on Athena."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlglot import ParseError, Token, TokenError, TokenType, exp, parse, tokenize
from sqlglot.dialects.athena import Athena
from sqlglot.dialects.duckdb import DuckDB

READS = {"SELECT", "WITH", "VALUES", "("}
SHOW_OR_DESCRIBE = re.compile(r"\s*(SHOW|DESC)", re.IGNORECASE)
SHOW_TABLES = re.compile(r'SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+[`"]?(\w+)[`"]?)?', re.IGNORECASE)
ABOUT_TABLE = re.compile(r'(SHOW\s+PARTITIONS|DESCRIBE|DESC)\s+(?:[`"]?(\w+)[`"]?\.)?[`"]?(\w+)[`"]?', re.IGNORECASE)
CATALOGUE = "awsdatacatalog"
UNNAMED = "_col"
FORMAT_MARK = re.compile(r"%[-#+ 0,(]*\d*(?:\.\d+)?([a-zA-Z])")

# Athena divides decimals to 18 digits, half up; DuckDB would divide them as doubles. A 128-bit integer has no room for
# the dividend and 18 more digits, so the quotient's fraction is found six digits at a time.
MACROS = """
CREATE MACRO unscaled(x) AS abs(CAST(replace(CAST(x AS VARCHAR), '.', '') AS HUGEINT));
CREATE MACRO long_division(a, b) AS
    a // b * 1000000000000000000::HUGEINT
    + a % b * 1000000 // b * 1000000000000::HUGEINT
    + a % b * 1000000 % b * 1000000 // b * 1000000
    + (a % b * 1000000 % b * 1000000 % b * 1000000 + b // 2) // b;
CREATE MACRO reduced_division(a, b) AS long_division(a // gcd(a, b), b // gcd(a, b));
CREATE MACRO decimal_division(a, b) AS
    CAST(sign(a) * sign(b) * reduced_division(unscaled(a), unscaled(b)) AS DECIMAL(38, 0))
    * 0.000000000000000001::DECIMAL(18, 18);
CREATE MACRO athena_divide
    (a HUGEINT, b HUGEINT) AS a // b,
    (a DOUBLE, b DOUBLE) AS a / b,
    (a DECIMAL(38, 18), b DECIMAL(38, 18)) AS decimal_division(a, b);
CREATE MACRO athena_mean
    (total DOUBLE, number BIGINT) AS total / number,
    (total DECIMAL(38, 18), number BIGINT) AS decimal_division(total, CAST(number AS DECIMAL(38, 18)));
"""


class QueryError(ValueError):
    """The query cannot be answered: one line that says why."""


class QueryRefused(QueryError):
    """The statement does not merely read catalogue tables."""


class Listing(NamedTuple):
    """A statement about the catalogue: `SHOW TABLES`, `SHOW PARTITIONS` or `DESCRIBE`; None where it names nothing."""

    kind: str
    database: str | None
    table: str | None


class Reference(NamedTuple):
    """A table as a query names it; `wanted` holds the texts that the query admits for a column."""

    database: str
    table: str
    wanted: dict[str, set[str]]


def parse_statement(sql: str, parameters: Sequence[str]) -> exp.Expr | Listing:
    """The statement with its `?` filled in order by SQL literals. Raises QueryError, and QueryRefused if it writes."""
    if listing := _listing(sql.strip().rstrip(";").rstrip()):
        return listing
    try:
        tokens = tokenize(sql, read=Athena)
        if not tokens or tokens[0].text.upper() not in READS:
            raise QueryRefused("only SELECT, WITH, VALUES, SHOW TABLES, SHOW PARTITIONS and DESCRIBE are run here")
        statements = parse(_filled(sql, tokens, parameters), read=Athena)
    except (ParseError, TokenError) as error:
        raise QueryError(f"SYNTAX_ERROR: {_fault(error)}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query | exp.Values):
        raise QueryRefused("only one statement that reads is run at a time")
    return statements[0]


def duckdb_sql(statement: exp.Expr, database: str, bind: Callable[[Reference], str]) -> str:
    """The statement for DuckDB, each catalogue table replaced by the relation that `bind` made for it.

    A result column without a name is called `_col`; Athena adds its index.
    """
    for table in list(statement.find_all(exp.Table)):
        _bind_table(table, database, bind)
    for lateral in statement.find_all(exp.Lateral):
        if not isinstance(lateral.this, exp.Subquery):
            raise QueryRefused(f"{lateral.this.sql(Athena)} is not a table of the catalogue")
    for column in statement.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    _name_columns(statement)
    while average := statement.find(exp.Avg):
        _rewrite_average(average)
    for division in list(statement.find_all(exp.Div)):
        division.replace(exp.func("athena_divide", division.this, division.expression))
    for template in list(statement.find_all(exp.Format)):
        _rewrite_format(template)
    for cast in statement.find_all(exp.Cast):
        if cast.to.this == exp.DType.DECIMAL and not cast.to.expressions:
            cast.set("to", _decimal_type(cast.this))
    return statement.sql(DuckDB)


def _listing(sql: str) -> Listing | None:
    if found := SHOW_TABLES.fullmatch(sql):
        return Listing("SHOW TABLES", found[1], None)
    if found := ABOUT_TABLE.fullmatch(sql):
        kind = "SHOW PARTITIONS" if found[1][0] in "sS" else "DESCRIBE"
        return Listing(kind, found[2], found[3])
    return None


def _filled(sql: str, tokens: list[Token], parameters: Sequence[str]) -> str:
    marks = [token for token in tokens if token.token_type is TokenType.PLACEHOLDER]
    if len(marks) != len(parameters):
        raise QueryError(f"the query has {len(marks)} question marks, but {len(parameters)} parameters were given")
    for mark, parameter in reversed(list(zip(marks, parameters, strict=True))):
        sql = sql[: mark.start] + _literal(parameter) + sql[mark.end + 1 :]
    return sql


def _literal(parameter: str) -> str:
    """The parameter rewritten from its syntax tree, so that nothing but a literal can enter the statement."""
    try:
        parsed = parse(parameter, read=Athena)
    except (ParseError, TokenError):
        parsed = []
    value = parsed[0] if len(parsed) == 1 else None
    bare = value.this if isinstance(value, exp.Neg | exp.Cast) else value
    if value is None or not isinstance(bare, exp.Literal | exp.Null | exp.Boolean):
        raise QueryError(f"parameter {parameter} is not an SQL literal: a text stands in single quotes")
    return (exp.paren(value) if isinstance(value, exp.Neg) else value).sql(Athena, comments=False)


def _fault(error: ParseError | TokenError) -> str:
    if isinstance(error, ParseError) and error.errors:
        return "line {line}:{col}: {description}".format(**error.errors[0])
    return str(error).splitlines()[0]


def _bind_table(table: exp.Table, database: str, bind: Callable[[Reference], str]) -> None:
    if not isinstance(table.this, exp.Identifier):
        raise QueryRefused(f"{table.this.sql(Athena)} is not a table of the catalogue")
    if table.catalog and table.catalog.lower() != CATALOGUE:
        raise QueryError(f"catalogue {table.catalog} is unknown: there is only {CATALOGUE}")
    if not table.db and _is_common_table(table):
        return
    relation = bind(Reference((table.db or database).lower(), table.name.lower(), _wanted(table)))
    if not table.alias:
        table.set("alias", exp.TableAlias(this=table.this))
    table.set("this", exp.to_identifier(relation, quoted=True))
    table.set("db", None)
    table.set("catalog", None)


def _is_common_table(table: exp.Table) -> bool:
    """Whether a WITH around the table defines its name; within a WITH only the definitions before it count."""
    inner: exp.Expr = table
    while outer := inner.parent:
        defined: list[exp.Expr] = []
        if isinstance(outer, exp.With):
            defined = outer.expressions if outer.recursive else outer.expressions[: inner.index]
        elif (clause := outer.args.get("with_")) and clause is not inner:
            defined = clause.expressions
        if table.name.lower() in {definition.alias.lower() for definition in defined}:
            return True
        inner = outer
    return False


def _wanted(table: exp.Table) -> dict[str, set[str]]:
    """The texts to which the query's own WHERE restricts columns of the table by `=` or `IN`."""
    select = table.parent_select
    where = select.args.get("where") if select else None
    if where is None:
        return {}
    wanted: dict[str, set[str]] = {}
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        if isinstance(condition, exp.EQ):
            column, literals = condition.this, [condition.expression]
        elif isinstance(condition, exp.In):
            column, literals = condition.this, condition.expressions
        else:
            continue
        ours = isinstance(column, exp.Column) and column.table.lower() in ("", table.alias_or_name.lower())
        if ours and literals and all(literal.is_string for literal in literals):
            texts = {literal.name for literal in literals}
            wanted[column.name.lower()] = wanted.get(column.name.lower(), texts) & texts
    return wanted


def _name_columns(statement: exp.Expr) -> None:
    while isinstance(statement, exp.SetOperation | exp.Subquery):
        statement = statement.this
    for column in statement.selects if isinstance(statement, exp.Select) else []:
        if not isinstance(column, exp.Alias | exp.Column | exp.Star):
            column.replace(exp.alias_(column.copy(), UNNAMED))


def _rewrite_average(average: exp.Avg) -> None:
    """avg(x) becomes the quotient of sum(x) and count(x), each with the FILTER and OVER that avg(x) has."""
    whole: exp.Expr = average
    while isinstance(whole.parent, exp.Filter | exp.Window) and whole.parent.this is whole:
        whole = whole.parent

    def instead(kind: type[exp.AggFunc], node: exp.Expr) -> exp.Expr:
        if node is average:
            return kind(this=average.this.copy())
        around = node.copy()
        around.set("this", instead(kind, node.this))
        return around

    whole.replace(exp.func("athena_mean", instead(exp.Sum, whole), instead(exp.Count, whole)))


def _rewrite_format(template: exp.Format) -> None:
    """Java's `%s` takes any value, DuckDB's only texts."""
    marks = FORMAT_MARK.findall(template.this.name)
    values = [
        exp.cast(value, "VARCHAR") if mark == "s" else value
        for mark, value in zip(marks, template.expressions, strict=False)
    ]
    template.replace(exp.func("printf", template.this, *values))


def _decimal_type(value: exp.Expr) -> exp.DataType:
    """Athena's bare DECIMAL has no decimals; `DECIMAL '0.25'`, a literal, has those that are written."""
    scale = len(value.name.partition(".")[2]) if value.is_string else 0
    return exp.DataType.build(f"DECIMAL(38, {scale})")
