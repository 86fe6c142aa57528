"""Athena queries over a lake of real files: results are compared value by value, in Athena's text form."""

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.services import athena_api
from local.cloud.sql import athena, catalogue
from local.cloud.sql.library import connect
from tests.support import lakes, waiting

DB = "singstat"
COLUMNS = {"series_no": "string", "period_start": "date", "value": "decimal(38,18)"}


def rows(lake: Path, sql: str, *parameters: str) -> list[tuple[str | None, ...]]:
    return athena.run(sql, DB, parameters, lake).rows


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two registered partitions of `monthly`, one in another location, and one unregistered folder."""
    lakes.parquet(
        tmp_path,
        "data/m/run=r1/table_id=M1/a.parquet",
        "SELECT * FROM (VALUES ('1', DATE '2024-01-01', 0.1::DECIMAL(38,18)), ('1.10', DATE '2024-02-01', 0.2), "
        "('2', DATE '2024-02-01', NULL)) t(series_no, period_start, value)",
    )
    lakes.parquet(
        tmp_path,
        "data/elsewhere/b.parquet",
        "SELECT '1' AS series_no, DATE '2025-03-31' AS period_start, "
        "'99999999999999999999.999999999999999999'::DECIMAL(38,18) AS value",
    )
    lakes.parquet(tmp_path, "data/m/run=r1/table_id=M9/c.parquet", "SELECT 'unregistered' AS series_no")
    lakes.text(tmp_path, "data/elsewhere/_SUCCESS", "not Parquet")
    lakes.text(
        tmp_path,
        "data/publications/M1.json",
        '{"title": "Prices", "vintage": "2024-03-01", "checksum": "0.300000000000000000", "observations": 3, "x": {}}',
    )
    lakes.text(tmp_path, "data/publications/M2.json", '{"title": "Trade \\"net\\"", "checksum": "-7.5"}\n')
    revisions = "SELECT m.series_no, max(value) AS latest FROM monthly m WHERE table_id = 'M1' GROUP BY 1"
    document = json.dumps({"originalSql": revisions, "catalog": "awsdatacatalog", "schema": DB})
    lakes.catalogue(
        tmp_path,
        singstat={
            "monthly": lakes.table(
                COLUMNS,
                "s3://data/m/",
                {"table_id": "string"},
                {("M1",): "s3://data/m/run=r1/table_id=M1/", ("M2",): "s3://data/elsewhere"},
            ),
            "tables": lakes.table(
                {"title": "string", "vintage": "date", "checksum": "decimal(38,18)", "observations": "bigint"},
                "s3://data/publications/",
                serde="json",
            ),
            "latest": {
                "input": {
                    "TableType": "VIRTUAL_VIEW",
                    "ViewOriginalText": f"/* Presto View: {base64.b64encode(document.encode()).decode()} */",
                    "StorageDescriptor": {"Columns": [{"Name": "series_no", "Type": "string"}]},
                },
                "partitions": [],
            },
            "new": lakes.table({**COLUMNS, "unit": "string"}, "s3://data/none/", {"table_id": "string"}),
        },
        other={"monthly": lakes.table({"series_no": "string"}, "s3://data/elsewhere/")},
    )
    return tmp_path


def test_decimals_are_exact(lake: Path) -> None:
    assert rows(lake, "SELECT sum(value) FROM monthly WHERE table_id = 'M1'") == [("0.300000000000000000",)]
    assert rows(lake, "SELECT value FROM monthly WHERE table_id = 'M2'") == [
        ("99999999999999999999.999999999999999999",)
    ]
    result = athena.run(
        "SELECT sum(value) AS s, count(*), 7 / 2, max(period_start) FROM monthly m WHERE table_id = 'M1'", DB, (), lake
    )
    assert result.columns == [("s", "decimal(38,18)"), ("_col1", "bigint"), ("_col2", "integer"), ("_col3", "date")]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST('2' AS decimal(38,18)) / 3", "0.666666666666666667"),
        ("CAST('-2' AS decimal(38,18)) / CAST('3' AS decimal(38,18))", "-0.666666666666666667"),
        ("CAST('98765432109876.1' AS decimal(38,18)) / DECIMAL '12345678901234.123456789'", "8.000000072900252756"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7e0 / 2", "3.5"),
        ("(SELECT avg(value) FROM monthly WHERE table_id = 'M1')", "0.150000000000000000"),
        (
            "(SELECT avg(value) FILTER (WHERE series_no = '1') FROM monthly WHERE table_id = 'M1')",
            "0.100000000000000000",
        ),
        ("(SELECT avg(value) FROM monthly WHERE false)", None),
        ("(SELECT avg(x) FROM (VALUES 1, 2) t(x))", "1.5"),
        ("DECIMAL '0.25'", "0.25"),
        ("1.5 / 2", "0.8"),
        ("DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29"),
        ("date_trunc('month', DATE '2024-02-29')", "2024-02-01"),
        ("date_trunc('hour', TIMESTAMP '2024-02-29 10:30:00')", "2024-02-29 10:00:00.000"),
        ("(SELECT sum(value) / count(*) FROM monthly WHERE table_id = 'M1')", "0.100000000000000000"),
        (
            "(SELECT avg(g) / 3 FROM (SELECT avg(value) AS g FROM monthly WHERE table_id = 'M1'))",
            "0.050000000000000000",
        ),
        ("CAST(2.5 AS decimal)", "3"),
        ("format('%s-%d: %s%%', DATE '2024-01-31', 7, DECIMAL '0.50')", "2024-01-31-7: 0.50%"),
        ("TIMESTAMP '2024-01-31 10:00:00'", "2024-01-31 10:00:00.000"),
        ("date_format(DATE '2024-01-31', '%Y-%m')", "2024-01"),
        ("date_add('month', 1, DATE '2024-01-31')", "2024-02-29"),
        ("date_diff('day', DATE '2024-01-31', DATE '2024-03-01')", "30"),
        ("1 = 1", "true"),
        ("1e10", "1.0E10"),
        ("2.5e-4", "2.5E-4"),
        ("ARRAY[1, NULL, 3]", "[1, null, 3]"),
        ("CAST(NULL AS varchar)", None),
    ],
)
def test_expressions_have_athenas_semantics(lake: Path, expression: str, expected: str | None) -> None:
    assert rows(lake, f"SELECT {expression}") == [(expected,)]


def test_average_over_a_window_stays_decimal(lake: Path) -> None:
    sql = "SELECT avg(value) OVER (PARTITION BY table_id) FROM monthly WHERE table_id = 'M1' LIMIT 1"
    assert rows(lake, sql) == [("0.150000000000000000",)]


def test_unnamed_columns_are_numbered(lake: Path) -> None:
    sql = "SELECT m.*, CAST(value AS varchar), count(*) OVER () AS n, 1 FROM monthly m"
    names = [name for name, _ in athena.run(sql, DB, (), lake).columns]
    assert names == ["series_no", "period_start", "value", "table_id", "_col4", "n", "_col6"]
    assert [name for name, _ in athena.run("VALUES (1, 'a')", DB, (), lake).columns] == ["_col0", "_col1"]


def test_types_are_known_through_subqueries(lake: Path) -> None:
    latest = "(SELECT max_by(value, period_start) AS x, count(*) AS n FROM monthly WHERE value = 0.2)"
    sql = f"SELECT max(x) / 3, avg(x), max(n) / 3 FROM {latest}"
    assert rows(lake, sql) == [("0.066666666666666667", "0.200000000000000000", "0")]


def test_growth_is_decimal(lake: Path) -> None:
    sql = """WITH y AS (SELECT *, lag(value) OVER (ORDER BY period_start) AS before FROM monthly WHERE table_id = 'M1')
        SELECT (value - before) / before * 100 FROM y WHERE series_no = '1.10'"""
    assert rows(lake, sql) == [("100.000000000000000000",)]


def test_partitions_are_read_from_their_catalogued_locations(lake: Path) -> None:
    sql = "SELECT table_id, count(*) FROM monthly GROUP BY table_id ORDER BY table_id"
    assert rows(lake, sql) == [("M1", "3"), ("M2", "1")]
    assert rows(lake, "SELECT * FROM monthly WHERE table_id = 'M2'") == [
        ("1", "2025-03-31", "99999999999999999999.999999999999999999", "M2")
    ]
    assert rows(lake, "SELECT count(*) FROM monthly WHERE table_id = 'M9'") == [("0",)]


def test_only_the_selected_partitions_are_scanned(lake: Path) -> None:
    size = (lake / "data/elsewhere/b.parquet").stat().st_size
    for where in ("table_id = ?", "value > 0 AND m.table_id IN (?, 'M7')", "table_id BETWEEN ? AND 'M7'"):
        sql = f"SELECT * FROM monthly m WHERE {where}"
        assert athena.run(sql, DB, ["'M2'"], lake).bytes_scanned == size
    for where in (
        "table_id = 'M2' OR value = 0.1",
        "table_id NOT BETWEEN 'M3' AND 'M7' AND value > 0.15 OR value = 0.1",
    ):
        more = athena.run(f"SELECT * FROM monthly WHERE {where}", DB, (), lake)
        assert len(more.rows) > 1
        assert more.bytes_scanned > size


def test_a_table_without_files_has_its_columns(lake: Path) -> None:
    result = athena.run("SELECT * FROM new", DB, (), lake)
    assert [name for name, _ in result.columns] == ["series_no", "period_start", "value", "unit", "table_id"]
    assert result.rows == []


def test_a_column_missing_from_files_is_null(lake: Path) -> None:
    kept = json.loads((lake / "catalogue.json").read_bytes())
    kept[DB]["tables"]["monthly"]["input"]["StorageDescriptor"]["Columns"].append({"Name": "unit", "Type": "string"})
    (lake / "catalogue.json").write_text(json.dumps(kept))
    assert rows(lake, "SELECT unit, table_id FROM monthly WHERE table_id = 'M2'") == [(None, "M2")]


def test_json_documents_are_rows(lake: Path) -> None:
    assert rows(lake, "SELECT * FROM tables ORDER BY title") == [
        ("Prices", "2024-03-01", "0.300000000000000000", "3"),
        ('Trade "net"', None, "-7.500000000000000000", None),
    ]


def test_nulls_sort_last_both_ways(lake: Path) -> None:
    for order, expected in (("ASC", ["1", "1.10", "2"]), ("DESC", ["1.10", "1", "2"])):
        sql = f"SELECT series_no FROM monthly WHERE table_id = 'M1' ORDER BY value {order}"
        assert [row[0] for row in rows(lake, sql)] == expected


def test_a_view_is_expanded(lake: Path) -> None:
    assert rows(lake, "SELECT latest FROM latest l WHERE l.series_no = '1'") == [("0.100000000000000000",)]


def test_names_may_be_qualified_and_shadowed_by_a_with(lake: Path) -> None:
    assert rows(lake, 'SELECT other.monthly.series_no FROM "awsdatacatalog"."other".monthly') == [("1",)]
    sql = "WITH monthly AS (SELECT series_no FROM monthly WHERE table_id = 'M1') SELECT count(*) FROM monthly"
    assert rows(lake, sql) == [("3",)]


def test_parameters_fill_question_marks_in_order(lake: Path) -> None:
    sql = "SELECT '?', 'é', ? - ?, CAST(? AS varchar), ? -- ?\n FROM tables WHERE title = ?"
    assert rows(lake, sql, "7", "-2", "DATE '2024-01-31'", "'it''s'", "'Prices'") == [
        ("?", "é", "9", "2024-01-31", "it's")
    ]


@pytest.mark.parametrize("parameter", ["M1", "1 OR 1=1", "'a' --", "(SELECT 1)", "1; SELECT 2", ""])
def test_a_parameter_is_a_literal_or_an_error(lake: Path, parameter: str) -> None:
    if parameter == "'a' --":
        assert rows(lake, "SELECT ?, 1", parameter) == [("a", "1")]
        return
    with pytest.raises(athena.QueryError, match="not an SQL literal"):
        rows(lake, "SELECT ?", parameter)


def test_the_number_of_parameters_must_match(lake: Path) -> None:
    with pytest.raises(athena.QueryError, match="2 question marks but 1 parameters"):
        rows(lake, "SELECT ?, ?", "1")


def test_listings(lake: Path) -> None:
    assert rows(lake, "SHOW TABLES") == [("latest",), ("monthly",), ("new",), ("tables",)]
    assert rows(lake, "show tables in other") == [("monthly",)]
    assert rows(lake, "SHOW PARTITIONS monthly;") == [("table_id=M1",), ("table_id=M2",)]
    assert rows(lake, "DESCRIBE other.monthly") == [("series_no", "string", "")]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO monthly SELECT 1",
        "DROP TABLE monthly",
        "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO 'x'",
        "ATTACH 'x.db'",
        "PRAGMA version",
        "SELECT 1; DROP TABLE monthly",
        "SELECT * FROM read_csv('/etc/hosts')",
        "SELECT * FROM tables, LATERAL read_text('/etc/hosts')",
        "SELECT (SELECT content FROM read_text('/etc/hosts'))",
        "SELECT * FROM TABLE(read_text('/etc/hosts'))",
        "",
    ],
)
def test_statements_that_are_not_read_only_are_refused(lake: Path, sql: str) -> None:
    with pytest.raises(athena.QueryRefused) as refusal:
        rows(lake, sql)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT * FROM monthl", r"table singstat\.monthl does not exist; existing: latest, monthly, new, tables"),
        ("SELECT * FROM nowhere.monthly", "database nowhere does not exist; existing: other, singstat"),
        ("SELECT * FROM hive.other.monthly", "catalogue hive does not exist"),
        ("SELECT valeu FROM monthly", "column valeu does not exist; similar: .*value"),
        ("SELECT m.valeu FROM monthly m", "column valeu does not exist"),
        ("SELECT value FROM 'monthly.csv'", r"table singstat\.monthly\.csv does not exist"),
        ("SELECT FROM WHERE", "SYNTAX_ERROR: line 1"),
        ("SELECT 'open", "SYNTAX_ERROR"),
        (
            "SELECT CAST(title AS date) FROM tables WHERE title = 'Prices'",
            "INVALID_CAST_ARGUMENT: Cannot cast 'Prices' to DATE",
        ),
        ("SELECT sum(value) FROM monthly WHERE no_function(1) = 2", "no_function"),
    ],
)
def test_errors_are_one_line_and_name_the_cause(lake: Path, sql: str, message: str) -> None:
    with pytest.raises(athena.QueryError, match=message) as error:
        rows(lake, sql)
    assert "\n" not in str(error.value)


def test_a_catalogue_outlives_moto(lake: Path) -> None:
    before = catalogue.load(lake)
    with lakes.aws() as client:
        catalogue.restore(lake)
        client("glue").create_table(DatabaseName=DB, TableInput={"Name": "later"})
        catalogue.save(lake)
    after = catalogue.load(lake)
    assert after.databases["other"] == before.databases["other"]
    assert after.databases[DB]["monthly"] == before.databases[DB]["monthly"]
    assert "later" in after.databases[DB]


def test_glue_refuses_a_stale_version_and_a_duplicate_partition(lake: Path) -> None:
    catalogue.install()
    with lakes.aws() as client:
        catalogue.restore(lake)
        glue = client("glue")
        version = glue.get_table(DatabaseName=DB, Name="new")["Table"]["VersionId"]
        update: dict[str, Any] = {"DatabaseName": DB, "TableInput": {"Name": "new", "Description": "mine"}}
        glue.update_table(**update, VersionId=version)
        with pytest.raises(ClientError, match="ConcurrentModificationException"):
            glue.update_table(**update, VersionId=version)
        answer = glue.batch_create_partition(
            DatabaseName=DB, TableName="monthly", PartitionInputList=[{"Values": ["M1"]}, {"Values": ["M3"]}]
        )
        assert [(error["PartitionValues"], error["ErrorDetail"]["ErrorCode"]) for error in answer["Errors"]] == [
            (["M1"], "AlreadyExistsException")
        ]
        assert len(glue.get_partitions(DatabaseName=DB, TableName="monthly")["Partitions"]) == 3


def ended(client: Any, identity: str) -> dict[str, Any]:
    described: dict[str, Any] = {}

    def is_over() -> bool:
        described.update(client.get_query_execution(QueryExecutionId=identity)["QueryExecution"])
        return described["Status"]["State"] not in ("QUEUED", "RUNNING")

    waiting.wait_for(is_over)
    return described


def test_the_api_runs_a_query(lake: Path) -> None:
    athena_api.install(lake, lakes.put_into(lake))
    with lakes.aws() as client:
        catalogue.restore(lake)
        service = client("athena")
        service.create_work_group(
            Name="verify", Configuration={"ResultConfiguration": {"OutputLocation": "s3://results/athena/"}}
        )
        asked: dict[str, Any] = {
            "QueryString": "SELECT series_no, value, 'a,\"b\"' AS note FROM monthly WHERE table_id = ? ORDER BY 1",
            "ExecutionParameters": ["'M1'"],
            "QueryExecutionContext": {"Database": DB},
            "WorkGroup": "verify",
            "ClientRequestToken": "t" * 40,
        }
        identity = service.start_query_execution(**asked)["QueryExecutionId"]
        assert service.start_query_execution(**asked)["QueryExecutionId"] == identity
        described = ended(service, identity)
        assert described["Status"]["State"] == "SUCCEEDED"
        size = (lake / "data/m/run=r1/table_id=M1/a.parquet").stat().st_size
        assert described["Statistics"]["DataScannedInBytes"] == size
        assert described["ResultConfiguration"]["OutputLocation"] == f"s3://results/athena/{identity}.csv"

        first = service.get_query_results(QueryExecutionId=identity, MaxResults=2)
        rest = service.get_query_results(QueryExecutionId=identity, MaxResults=2, NextToken=first["NextToken"])
        assert "NextToken" not in rest
        found = [
            [cell.get("VarCharValue") for cell in row["Data"]]
            for page in (first, rest)
            for row in page["ResultSet"]["Rows"]
        ]
        assert found == [
            ["series_no", "value", "note"],
            ["1", "0.100000000000000000", 'a,"b"'],
            ["1.10", "0.200000000000000000", 'a,"b"'],
            ["2", None, 'a,"b"'],
        ]
        info = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][1]
        assert (info["Type"], info["Precision"], info["Scale"]) == ("decimal", 38, 18)
        stored = (lake / f"results/athena/{identity}.csv").read_text()
        assert list(csv.reader(io.StringIO(stored))) == [[cell or "" for cell in row] for row in found]


def test_the_api_returns_the_reason_of_a_failed_query(lake: Path) -> None:
    athena_api.install(lake, lakes.put_into(lake))
    with lakes.aws() as client:
        catalogue.restore(lake)
        service = client("athena")
        identity = service.start_query_execution(
            QueryString="SELECT * FROM nothing",
            QueryExecutionContext={"Database": DB},
            ResultConfiguration={"OutputLocation": "s3://results/"},
        )["QueryExecutionId"]
        status = ended(service, identity)["Status"]
        assert status["State"] == "FAILED"
        assert "table singstat.nothing does not exist" in status["StateChangeReason"]
        with pytest.raises(ClientError, match="FAILED"):
            service.get_query_results(QueryExecutionId=identity)
        with pytest.raises(ClientError, match="No output location"):
            service.start_query_execution(QueryString="SELECT 1")


def test_the_api_sees_partitions_created_after_its_start(lake: Path) -> None:
    athena_api.install(lake, lakes.put_into(lake))
    with lakes.aws() as client:
        catalogue.restore(lake)
        location = {"Location": "s3://data/elsewhere/"}
        client("glue").create_partition(
            DatabaseName=DB, TableName="monthly", PartitionInput={"Values": ["M3"], "StorageDescriptor": location}
        )
        service = client("athena")
        identity = service.start_query_execution(
            QueryString="SHOW PARTITIONS monthly",
            QueryExecutionContext={"Database": DB},
            ResultConfiguration={"OutputLocation": "s3://results/"},
        )["QueryExecutionId"]
        assert ended(service, identity)["Status"]["State"] == "SUCCEEDED"
        answer = service.get_query_results(QueryExecutionId=identity)["ResultSet"]["Rows"]
        assert [row["Data"][0]["VarCharValue"] for row in answer] == ["table_id=M1", "table_id=M2", "table_id=M3"]


def test_no_progress_is_printed_into_what_a_command_prints() -> None:
    with connect() as con:
        assert con.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]
