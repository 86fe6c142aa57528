"""What Athena does with its caller's permissions: look up tables, read their data, store the result."""

from collections.abc import Iterator

from local.cloud.account import ACCOUNT, REGION
from local.cloud.iam.calls import Call, UnknownCallError
from local.cloud.iam.facts import Facts
from local.cloud.iam.policy import Need
from local.cloud.iam.storage import arn, listing, with_key
from local.cloud.sql.errors import QueryError

START, RESULTS = "athena:StartQueryExecution", "athena:GetQueryResults"
BY_ATHENA = {"aws:CalledVia": "athena.amazonaws.com"}


def catalogued(operation: str, database: str, table: str = "", implied_by: str = "") -> Iterator[Need]:
    """A catalogue call: Glue requires the action on the database and the catalogue as well as on the table."""
    above = ["catalog", f"database/{database}", *([f"table/{database}/{table}"] if table else [])]
    for resource in above:
        yield Need(f"glue:{operation}", f"arn:aws:glue:{REGION}:{ACCOUNT}:{resource}", implied_by=implied_by)


def run(call: Call, facts: Facts, group: str) -> Iterator[Need]:
    """Permissions to run a query. Raises `UnknownCallError` for SHOW and DESCRIBE."""
    yield from map(_by_athena, _run(call, facts, group))


def read_result(facts: Facts, group: str) -> Iterator[Need]:
    """Permissions to fetch the result of a query of a workgroup."""
    yield from map(_by_athena, _read_result(facts, group))


def _by_athena(need: Need) -> Need:
    return need._replace(context={**need.context, **BY_ATHENA})


def _run(call: Call, facts: Facts, group: str) -> Iterator[Need]:
    given = call.parameters
    database = given.get("QueryExecutionContext", {}).get("Database", "default")
    yield from _read(given["QueryString"], given.get("ExecutionParameters", []), database, facts)
    bucket, _, key = facts.results.get(group, "").removeprefix("s3://").partition("/")
    yield Need("s3:GetBucketLocation", arn(bucket), implied_by=START)
    yield Need("s3:PutObject", arn(bucket, f"{key}*"), implied_by=START)
    yield from with_key(facts, bucket, ("GenerateDataKey",), START)


def _read_result(facts: Facts, group: str) -> Iterator[Need]:
    bucket, _, key = facts.results.get(group, "").removeprefix("s3://").partition("/")
    yield Need("s3:GetObject", arn(bucket, f"{key}*"), implied_by=RESULTS)
    yield from with_key(facts, bucket, ("Decrypt",), RESULTS)


def _read(sql: str, parameters: list[str], database: str, facts: Facts) -> Iterator[Need]:
    from sqlglot import exp  # noqa: PLC0415 - with the next, 0.1 s

    from local.cloud.sql.statements import Listing, parse_statement  # noqa: PLC0415

    try:
        statement = parse_statement(sql, parameters)
    except QueryError:
        return  # Athena rejects the statement before it reads anything
    if isinstance(statement, Listing):
        raise UnknownCallError(f"local/cloud/iam/queries.py has no permissions for {statement.kind}")
    own = {common.alias.lower() for common in statement.find_all(exp.CTE)}
    asked = {(table.db.lower(), table.name.lower()) for table in statement.find_all(exp.Table)}
    for named, name in sorted(asked - {("", name) for name in own}):
        yield from _table(named or database, name, facts)


def _table(database: str, name: str, facts: Facts) -> Iterator[Need]:
    yield from catalogued("GetDatabase", database, implied_by=START)
    yield from catalogued("GetTable", database, name, START)
    table = facts.table(database, name)
    if table is None:
        return
    if table.view:
        yield from _read(table.view, [], database, facts)
        return
    if table.partition_keys:
        for operation in ("BatchGetPartition", "GetPartition", "GetPartitions"):
            yield from catalogued(operation, database, name, START)
    bucket, _, prefix = table.location.removeprefix("s3://").partition("/")
    yield Need("s3:GetBucketLocation", arn(bucket), implied_by=START)
    yield listing(bucket, prefix, implied_by=START)
    yield Need("s3:GetObject", arn(bucket, f"{prefix}*"), implied_by=START)
    yield from with_key(facts, bucket, ("Decrypt",), START)
