"""Athena's queries as DuckDB's: their relations, their clauses, and the names and types of their columns."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import NamedTuple

from sqlglot import exp

from local.cloud.sql import calls
from local.cloud.sql.casts import coerced
from local.cloud.sql.errors import QueryError, QueryRefused
from local.cloud.sql.expressions import condition, translate
from local.cloud.sql.scope import Output, Scope, Value
from local.cloud.sql.statements import athena_sql
from local.cloud.sql.types import BIGINT, Type, common, quoted

CATALOGUE = "awsdatacatalog"
UNNAMED = re.compile(r"_\d[\d_]*")
CLAUSES = {
    "with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "windows", "order", "limit",
    "offset", "operation_modifiers",
}  # fmt: skip
Columns = list[tuple[str, Type]]
Test = Callable[[str], bool]


class Reference(NamedTuple):
    """A table that a query references; `wanted` has tests by column, which the strings that it selects pass."""

    database: str
    table: str
    wanted: dict[str, list[Test]]


class Relation(NamedTuple):
    """The DuckDB view of a table: its name, and the names and types of its columns."""

    name: str
    columns: Columns


class Translator:
    """Translates the queries of a database; `bind` gives the relation of a table."""

    def __init__(self, database: str, bind: Callable[[Reference], Relation]) -> None:
        self.database, self.bind, self.serial = database, bind, count()
        self.common: dict[str, Columns] = {}  # of WITH

    def query(self, node: exp.Expr, outer: Scope | None = None) -> Output:
        """A query in DuckDB's SQL. Raises `QueryError` if it is wrong, `QueryRefused` if it reads no table."""
        before = dict(self.common)
        try:
            head = self._with(node.args.get("with_"), outer)
            output = self._body(node, outer)
        finally:
            self.common = before
        return Output(head + output.sql, output.columns)

    def _body(self, node: exp.Expr, outer: Scope | None) -> Output:
        if isinstance(node, exp.Select):
            return self._select(node, outer)
        if isinstance(node, exp.Values):
            return self._values(node, outer)
        if isinstance(node, exp.SetOperation):
            return self._combined(node, outer)
        if isinstance(node, exp.Subquery) and not node.args.get("joins"):
            inner = self.query(node.this, outer)
            return Output(f"({inner.sql}){self._ending(node, inner.columns, self._outside(outer))}", inner.columns)
        raise QueryError(f"not on the laptop: {athena_sql(node)}")

    def _with(self, clause: exp.With | None, outer: Scope | None) -> str:
        definitions = []
        for definition in clause.expressions if clause else []:
            name = definition.alias.lower()
            names = [column.name.lower() for column in definition.args["alias"].columns]
            base: Columns | None = None
            if clause and clause.recursive and isinstance(definition.this, exp.SetOperation):
                base = self.query(definition.this.this, outer).columns
                self.common[name] = _renamed(base, names)
            output = self.query(definition.this, outer)
            if base is not None and base != output.columns and _reads(definition.this.expression, name):
                raise QueryError(f"TYPE_MISMATCH: the recursion step of {name} has other types than its base")
            self.common[name] = _renamed(output.columns, names)
            columns = ", ".join(quoted(column) for column, _ in self.common[name])
            definitions.append(f"{quoted(name)} ({columns}) AS ({output.sql})")
        if clause is None:
            return ""
        return f"WITH {'RECURSIVE ' if clause.recursive else ''}{', '.join(definitions)} "

    def _values(self, node: exp.Values, outer: Scope | None) -> Output:
        scope = self._outside(outer)
        rows = [[translate(cell, scope) for cell in _cells(row)] for row in node.expressions]
        if len({len(row) for row in rows}) != 1:
            raise QueryError("SYNTAX_ERROR: Values rows have mismatched sizes")
        kinds = [_one_type([row[n] for row in rows], "Values rows") for n in range(len(rows[0]))]
        lines = ", ".join(
            f"({', '.join(_typed(cell, kind) for cell, kind in zip(row, kinds, strict=True))})" for row in rows
        )
        columns = [(f"_col{n}", kind) for n, kind in enumerate(kinds)]
        names = ", ".join(quoted(name) for name, _ in columns)
        sql = f"SELECT * FROM (VALUES {lines}) AS v ({names})"  # noqa: S608
        return Output(sql + self._ending(node, columns, scope), columns)

    def _combined(self, node: exp.SetOperation, outer: Scope | None) -> Output:
        sides = [self.query(side, outer) for side in (node.this, node.expression)]
        if len(sides[0].columns) != len(sides[1].columns):
            raise QueryError(f"TYPE_MISMATCH: {node.key.upper()} query has different number of fields")
        pairs = zip(sides[0].columns, sides[1].columns, strict=True)
        columns = [
            (a, _one_type([Value(a, x), Value(b, y)], f"column {a} of {node.key.upper()}")) for (a, x), (b, y) in pairs
        ]
        word = node.key.upper() + ("" if node.args.get("distinct") else " ALL")
        sql = f" {word} ".join(f"({_as_types(side, columns)})" for side in sides)
        return Output(sql + self._ending(node, columns, self._outside(outer)), columns)

    def _select(self, node: exp.Select, outer: Scope | None) -> Output:
        if unknown := [name for name, part in node.args.items() if part and name not in CLAUSES]:
            raise QueryError(f"not on the laptop: the clause {unknown[0].strip('_').upper()} of SELECT")
        scope = self._outside(outer)
        source = self._from(node, scope)
        parts = [f" WHERE {condition(node.args['where'].this, scope)}"] if node.args.get("where") else []
        columns, selected = self._selected(node, scope)
        if group := node.args.get("group"):
            parts.append(f" GROUP BY {self._group(group, scope, selected)}")
        if having := node.args.get("having"):
            parts.append(f" HAVING {condition(having.this, scope)}")
        if windows := node.args.get("windows"):
            named = (f"{quoted(window.this.name.lower())} AS {calls.window(window, scope)}" for window in windows)
            parts.append(f" WINDOW {', '.join(named)}")
        distinct = node.args.get("distinct")
        if distinct and distinct.args.get("on"):
            raise QueryError("SYNTAX_ERROR: Athena has no DISTINCT ON")
        if distinct and node.args.get("order"):
            self._check_distinct(node.args["order"], scope, columns, selected)
        items = ", ".join(
            f"{value.sql} AS {quoted(name)}" for name, value in zip(_unique(columns), selected, strict=True)
        )
        sql = f"SELECT {'DISTINCT ' if distinct else ''}{items}{source}{''.join(parts)}"
        return Output(sql + self._ending(node, columns, scope, selected), columns)

    def _from(self, node: exp.Select, scope: Scope) -> str:
        clause = node.args.get("from_")
        if clause is None:
            return ""
        return f" FROM {self._relation(clause.this, scope)}" + "".join(
            self._join(join, scope) for join in node.args.get("joins") or []
        )

    def _join(self, join: exp.Join, scope: Scope) -> str:
        if join.method or join.kind.upper() not in ("", "CROSS", "INNER", "OUTER"):
            raise QueryError(f"not on the laptop: {join.method or join.kind} JOIN; write the condition with ON")
        before = list(scope.relations)
        relation = self._relation(join.this, scope, side=join.side, on=join.args.get("on"))
        if not relation.startswith("LATERAL ") and not (join.args.get("on") or join.args.get("using")):
            return f" CROSS JOIN {relation}"
        if relation.startswith("LATERAL "):
            if join.side.upper() not in ("", "LEFT"):
                raise QueryError(f"not on the laptop: {join.side} JOIN of UNNEST")
            return f" {join.side.upper()} JOIN {relation} ON true"
        if using := join.args.get("using"):
            names = [name.name.lower() for name in using]
            for name in names:
                self._merge(name, scope, before, join.side.upper())
            return f" {join.side} JOIN {relation} USING ({', '.join(map(quoted, names))})"
        return f" {join.side} JOIN {relation} ON {condition(join.args['on'], scope)}"

    def _merge(self, name: str, scope: Scope, before: list[tuple[str, Columns]], side: str) -> None:
        """The one column of JOIN ... USING."""
        left = Scope(self.query, translate, None, before, dict(scope.merged)).column(name)
        right = Scope(self.query, translate, None, scope.relations[len(before) :]).column(name)
        kind = _one_type([left, right], f"column {name} of USING")
        first, second = _typed(left, kind), _typed(right, kind)
        sql = f"coalesce({first}, {second})" if side == "FULL" else second if side == "RIGHT" else first
        scope.merged[name] = Value(sql, kind)

    def _relation(self, node: exp.Expr, scope: Scope, side: str = "", on: exp.Expr | None = None) -> str:
        """A table, subquery, VALUES or UNNEST of FROM; it is added to the scope."""
        for extra in ("sample", "version", "pivots", "joins", "laterals", "hints"):
            if node.args.get(extra):
                raise QueryError(f"not on the laptop: {athena_sql(node)}")
        if isinstance(node, exp.Unnest):
            if on and on.sql().upper() != "TRUE":
                raise QueryError("not on the laptop: JOIN UNNEST with another condition than ON TRUE")
            return self._unnest(node, scope)
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Lateral):
            if not isinstance(node.this, exp.Subquery):
                raise QueryRefused(f"{athena_sql(node.this)} is not a catalogue table")
            output, lateral = self.query(node.this.this, scope), "LATERAL "
        elif isinstance(node, exp.Subquery | exp.Values):
            output, lateral = self.query(node.this if isinstance(node, exp.Subquery) else _bare(node), scope.outer), ""
        else:
            raise QueryRefused(f"{athena_sql(node)} is not a catalogue table")
        columns = self._named(node, output.columns, scope)
        return f"{lateral}({output.sql}) AS {self._alias(scope)} ({', '.join(quoted(name) for name, _ in columns)})"

    def _named(self, node: exp.Expr, columns: Columns, scope: Scope) -> Columns:
        alias = node.args.get("alias")
        names = [column.name.lower() for column in alias.columns] if alias else []
        columns = _renamed(columns, names)
        scope.relations.append((node.alias.lower() or f"relation {next(self.serial)}", columns))
        return list(zip(_unique(columns), (kind for _, kind in columns), strict=True))

    @staticmethod
    def _alias(scope: Scope) -> str:
        return quoted(scope.relations[-1][0])

    def _table(self, node: exp.Table, scope: Scope) -> str:
        if isinstance(node.this, exp.JSONTable):
            calls.call("json_table", [], scope)
        if not isinstance(node.this, exp.Identifier):
            raise QueryRefused(f"{athena_sql(node.this)} is not a catalogue table")
        if node.catalog and node.catalog.lower() != CATALOGUE:
            raise QueryError(f"CATALOG_NOT_FOUND: catalogue {node.catalog} does not exist: the only one is {CATALOGUE}")
        name = node.name.lower()
        if not node.db and name in self.common:
            relation = Relation(name, self.common[name])
        else:
            relation = self.bind(Reference((node.db or self.database).lower(), name, _wanted(node)))
        if not node.alias:
            node.set("alias", exp.TableAlias(this=node.this))
        columns = self._named(node, relation.columns, scope)
        return f"{quoted(relation.name)} AS {self._alias(scope)} ({', '.join(quoted(name) for name, _ in columns)})"

    def _unnest(self, node: exp.Unnest, scope: Scope) -> str:
        """Arrays side by side; a map gives two columns, an array of rows one for each field."""
        items: list[tuple[str, Type]] = []
        lengths = []
        for value in (translate(one, scope) for one in node.expressions):
            lengths.append(f"len({value.sql})" if value.type.name == "array" else f"cardinality({value.sql})")
            items += _unnested(value)
        offset = node.args.get("offset")
        columns = [(f"_col{n}", kind) for n, (_, kind) in enumerate(items)]
        texts = [f"unnest({sql})" for sql, _ in items]
        if offset:
            columns.append(("ordinality", BIGINT))
            texts.append(f"unnest(range(1, greatest({', '.join(f'coalesce({one}, 0)' for one in lengths)}) + 1))")
        alias = node.args.get("alias")
        if alias and alias.columns and isinstance(offset, exp.Identifier):
            alias.append("columns", offset.copy())
        columns = self._named(node, columns, scope)
        names = ", ".join(quoted(name) for name, _ in columns)
        return f"LATERAL (SELECT {', '.join(texts)}) AS {self._alias(scope)} ({names})"

    def _selected(self, node: exp.Select, scope: Scope) -> tuple[Columns, list[Value]]:
        columns: Columns = []
        values: list[Value] = []
        for item in node.expressions:
            if item.is_star:
                found = _starred(item, scope)
            else:
                joined = UNNAMED.fullmatch(item.alias) and not item.args["alias"].args.get("quoted")
                if joined and isinstance(item.this, exp.Literal):
                    raise QueryError(f"SYNTAX_ERROR: {item.this.name}{item.alias}: write a number without underscores")
                value = translate(item.unalias(), scope)
                named = item.alias_or_name if isinstance(item, exp.Alias | exp.Column | exp.Dot) else ""
                found = [(named.lower() or f"_col{len(columns)}", value)]
            columns += [(name, value.type) for name, value in found]
            values += [value for _, value in found]
        return columns, values

    def _group(self, group: exp.Group, scope: Scope, selected: list[Value]) -> str:
        if group.args.get("all"):
            raise QueryError("not on the laptop: GROUP BY ALL and AUTO; name the columns")
        return ", ".join(self._grouping(one, scope, selected) for one in _grouped(group))

    def _grouping(self, node: exp.Expr, scope: Scope, selected: list[Value]) -> str:
        words: dict[type[exp.Expr], str] = {exp.Rollup: "ROLLUP", exp.Cube: "CUBE", exp.GroupingSets: "GROUPING SETS"}
        if word := words.get(type(node)):
            return f"{word} ({', '.join(self._grouping(one, scope, selected) for one in node.expressions)})"
        if isinstance(node, exp.Tuple):
            return f"({', '.join(self._grouping(one, scope, selected) for one in node.expressions)})"
        if isinstance(node, exp.Literal) and node.is_int:
            return _position(node, len(selected))
        return translate(node, scope).sql

    def _outside(self, outer: Scope | None) -> Scope:
        return Scope(self.query, translate, outer)

    def _ending(self, node: exp.Expr, columns: Columns, scope: Scope, selected: Sequence[Value] = ()) -> str:
        """ORDER BY, OFFSET and LIMIT. ORDER BY sees the names of the result before those of the relations.

        DuckDB does so only for a name that stands alone: in an expression the selected value stands for it.
        """
        ending = ""
        if order := node.args.get("order"):
            alone = {name: Value(quoted(name), kind) for name, kind in columns}
            pairs = zip(columns, selected, strict=False)
            within = alone | {name: value for (name, _), value in pairs if scope.has(name)}
            items = (
                self._ordered(one, scope.inside(alone if _is_name(one.this) else within), columns)
                for one in order.expressions
            )
            ending += f" ORDER BY {', '.join(items)}"
        limit = node.args.get("limit")
        number = limit and limit.expression
        if isinstance(limit, exp.Fetch):
            options = limit.args["limit_options"].args
            if options.get("with_ties") or options.get("percent"):
                raise QueryError("not on the laptop: FETCH FIRST ... WITH TIES; rank() OVER (ORDER BY ...)")
            number = limit.args.get("count") or exp.Literal.number(1)
        if number is not None and number.sql().upper() != "ALL":
            ending += f" LIMIT {_number(number)}"
        if offset := node.args.get("offset"):
            ending += f" OFFSET {_number(offset.expression)}"
        return ending

    @staticmethod
    def _check_distinct(order: exp.Order, scope: Scope, columns: Columns, selected: list[Value]) -> None:
        names = {name: Value(quoted(name), kind) for name, kind in columns}
        known = {value.sql for value in (*names.values(), *selected)}
        for item in (one.this for one in order.expressions):
            if not isinstance(item, exp.Literal) and translate(item, scope.inside(names)).sql not in known:
                raise QueryError(
                    "EXPRESSION_NOT_IN_DISTINCT: For SELECT DISTINCT, ORDER BY expressions must appear in select list"
                )

    @staticmethod
    def _ordered(node: exp.Ordered, scope: Scope, columns: Columns) -> str:
        for call in filter(calls.is_aggregate, node.find_all(exp.Anonymous)):
            names = {column.name.lower() for column in call.find_all(exp.Column) if _is_name(column)}
            if names & dict(columns).keys() and call.parent_select is node.parent_select:
                raise QueryError(f"COLUMN_NOT_FOUND: {athena_sql(call)} in ORDER BY is of a column of the result")
        if isinstance(node.this, exp.Literal) and node.this.is_int:
            return f"{_position(node.this, len(columns))} {calls.direction(node)}"
        return calls.ordered(node, scope)


def _reads(query: exp.Expr, name: str) -> bool:
    return any(table.name.lower() == name for table in query.find_all(exp.Table))


def _cells(row: exp.Expr) -> list[exp.Expr]:
    return row.expressions if isinstance(row, exp.Tuple) else [row]


def _bare(values: exp.Values) -> exp.Values:
    return exp.Values(expressions=values.expressions)


def _grouped(group: exp.Group) -> list[exp.Expr]:
    extra = (part for name in ("rollup", "cube", "grouping_sets") for part in group.args.get(name) or [])
    return [*group.expressions, *extra]


def _one_type(values: list[Value], what: str) -> Type:
    kind = common(*(value.type for value in values))
    if kind is None:
        kinds = ", ".join(str(value.type) for value in values)
        raise QueryError(f"TYPE_MISMATCH: {what} must be of the same type: {kinds}")
    return kind


def _typed(value: Value, kind: Type) -> str:
    return value.sql if kind.name in ("varchar", "unknown") else coerced(value, kind).sql


def _as_types(side: Output, columns: Columns) -> str:
    if all(mine.duckdb == kind.duckdb for (_, mine), (_, kind) in zip(side.columns, columns, strict=True)):
        return side.sql
    casts = ", ".join(coerced(Value(f"c{n}", side.columns[n][1]), kind).sql for n, (_, kind) in enumerate(columns))
    names = ", ".join(f"c{n}" for n in range(len(columns)))
    return f"SELECT {casts} FROM ({side.sql}) AS s ({names})"  # noqa: S608


def _renamed(columns: Columns, names: list[str]) -> Columns:
    if names and len(names) != len(columns):
        raise QueryError(
            f"SYNTAX_ERROR: Column alias list has {len(names)} entries but there are {len(columns)} columns"
        )
    return [(name, kind) for name, (_, kind) in zip(names, columns, strict=True)] if names else columns


def _unique(columns: Columns) -> Iterable[str]:
    """Names by which DuckDB can tell the columns apart."""
    seen: dict[str, int] = {}
    for name, _ in columns:
        seen[name] = seen.get(name, -1) + 1
        yield f"{name}:{seen[name]}" if seen[name] else name


def _unnested(value: Value) -> list[tuple[str, Type]]:
    if value.type.name == "map":
        key, item = value.type.args
        return [(f"map_keys({value.sql})", key), (f"map_values({value.sql})", item)]
    if value.type.name != "array":
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Cannot unnest type: {value.type}")
    (element,) = value.type.args
    if element.name != "row":
        return [(value.sql, element)]
    return [(f"list_transform({value.sql}, lambda r: struct_extract(r, {key}))", kind) for key, kind in element.keys]


def _starred(item: exp.Expr, scope: Scope) -> list[tuple[str, Value]]:
    table = item.args["table"].name.lower() if item.args.get("table") else ""
    found = [one for one in scope.relations if table in ("", one[0])]
    if not found:
        raise QueryError(f"TABLE_NOT_FOUND: {table or 'SELECT * without FROM'}")
    merged = {} if table else scope.merged
    columns = [(name, value) for name, value in merged.items()]
    for relation, kinds in found:
        names = _unique(kinds)
        for (name, kind), unique in zip(kinds, names, strict=True):
            if name not in merged:
                columns.append((name, Value(f"{quoted(relation)}.{quoted(unique)}", kind)))
    return columns


def _is_name(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and not node.table


def _position(node: exp.Literal, size: int) -> str:
    if not 1 <= int(node.name) <= size:
        raise QueryError(f"INVALID_COLUMN_REFERENCE: position {node.name} is not in select list")
    return node.name


def _number(node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.is_int:
        raise QueryError(f"SYNTAX_ERROR: {athena_sql(node)} must be a number")
    return node.name


def _wanted(table: exp.Table) -> dict[str, list[Test]]:
    """What the query's WHERE asks of columns of the table by `=`, `IN` or `BETWEEN` with strings."""
    select = table.parent_select
    where = select.args.get("where") if select else None
    if where is None:
        return {}
    wanted: dict[str, list[Test]] = {}
    for part in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        column, literals = part.this, _compared(part)
        ours = isinstance(column, exp.Column) and column.table.lower() in ("", table.alias_or_name.lower())
        if ours and literals and all(literal.is_string for literal in literals):
            texts = [literal.name for literal in literals]
            test = _from_to(*texts) if isinstance(part, exp.Between) else set(texts).__contains__
            wanted.setdefault(column.name.lower(), []).append(test)
    return wanted


def _compared(condition: exp.Expr) -> list[exp.Expr]:
    if isinstance(condition, exp.EQ):
        return [condition.expression]
    if isinstance(condition, exp.Between):
        return [condition.args["low"], condition.args["high"]]
    return condition.expressions if isinstance(condition, exp.In) else []


def _from_to(low: str, high: str) -> Test:
    return lambda text: low <= text <= high
