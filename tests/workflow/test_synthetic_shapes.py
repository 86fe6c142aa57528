"""Shapes of which no real answer is recorded. Everything here is synthetic: the framing and the values."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from local.replay.recordings import Row, Table

SERIES = {
    "theme": "Synthetic",
    "subject": "",
    "topic": "",
    "groupTitle": None,
    "adjustmentType": None,
    "datasource": "X",
}
CROSS = {"theme": "Synthetic", "subject": "", "topic": "", "dataSource": "X", "tableType": "Synthetic Census 2020"}
COMMON = {
    "footnote": "",
    "generatedBy": "SingStat Table Builder",
    "dataLastUpdated": "01/02/2026",
    "dateGenerated": "01/02/2026",
}


def time_series(table_id: str, frequency: str, *rows: Row) -> Table:
    header = {"id": table_id, "title": f"Synthetic {table_id}, {frequency}", "frequency": frequency}
    return Table("TS", SERIES | COMMON | header, list(rows))


def cross_sectional(table_id: str, *rows: Row) -> Table:
    return Table("CT", CROSS | COMMON | {"id": table_id, "title": f"Synthetic {table_id}"}, list(rows))


def row(
    number: str, columns: list[dict[str, object]], text: str = "Synthetic", unit: str = "", footnote: str = ""
) -> Row:
    return Row(number=number, text=text, unit=unit, footnote=footnote, columns=columns)


def leaf(key: str, value: str) -> dict[str, object]:
    return {"key": key, "value": value}


def node(key: str, *columns: dict[str, object]) -> dict[str, object]:
    return {"key": key, "columns": list(columns)}


def publish(laptop, *tables: Table):
    laptop.replay.tables.update({table.id: table for table in tables})
    return laptop.run(*(table.id for table in tables))


def test_half_yearly_in_both_spellings_and_quinquennial(laptop):
    halves = [leaf("2018 1H", "1"), leaf("2018 2H", "2"), leaf("2019 H1", "3"), leaf("2019 H2", "4")]
    result = publish(
        laptop,
        time_series("M900001", "Half-Yearly", row("1", halves)),
        time_series("M900002", "Quinquennial", row("1", [leaf("2013", "5"), leaf("2018", "6")])),
    )

    assert result.status == "SUCCEEDED"
    halves_seen = laptop.query("SELECT period_start, value_text FROM half_yearly ORDER BY 1")
    assert [tuple(each.values()) for each in halves_seen] == [
        ("2018-01-01", "1"),
        ("2018-07-01", "2"),
        ("2019-01-01", "3"),
        ("2019-07-01", "4"),
    ]
    years = laptop.query("SELECT period_start, value_text FROM yearly WHERE table_id = 'M900002' ORDER BY 1")
    assert [tuple(each.values()) for each in years] == [("2013-01-01", "5"), ("2018-01-01", "6")]


@pytest.mark.parametrize("table_id", ["C020125", "D10050"])
def test_columns_to_five_levels_with_leaves_and_nodes_mixed(laptop, table_id):
    columns = [
        leaf("Total", "10"),
        node(
            "Males", leaf("All", "4"), node("Young", node("Here", node("Work1/", leaf("Yes", "-"), leaf("No", "1.50"))))
        ),
        node("Females", leaf("All", "")),
        node("Nobody"),
    ]

    result = publish(
        laptop, cross_sectional(table_id, row("1.5", columns[:1]), row("1.6", columns, "Café\u00a0Owners "))
    )

    assert result.status == "SUCCEEDED"
    found = laptop.query(f"SELECT * FROM cross_sectional WHERE table_id = '{table_id}'")
    cells = Counter(
        (r["series_no"], r["series"], *(r[f"column_{n}"] for n in range(1, 6)), r["value_text"]) for r in found
    )
    assert cells == Counter(
        [
            ("1.6", "Café Owners", "Total", "", "", "", "", "10"),
            ("1.6", "Café Owners", "Males", "All", "", "", "", "4"),
            ("1.6", "Café Owners", "Males", "Young", "Here", "Work1/", "Yes", "-"),
            ("1.6", "Café Owners", "Males", "Young", "Here", "Work1/", "No", "1.50"),
            ("1.6", "Café Owners", "Females", "All", "", "", "", ""),
            ("1.5", "Synthetic", "Total", "", "", "", "", "10"),
        ]
    )


@pytest.mark.parametrize(
    ("table", "why"),
    [
        pytest.param(
            cross_sectional(
                "900003", row("1", [node("1", node("2", node("3", node("4", node("5", leaf("6", "7"))))))])
            ),
            "row 1.columns[0].columns[0].columns[0].columns[0].columns[0].columns[0] is nested deeper than 5 levels",
            id="six levels",
        ),
        pytest.param(
            time_series("M900004", "Monthly", row("1", [leaf("Jan-25", "1")])),
            "'Jan-25' is not a monthly period",
            id="period",
        ),
        pytest.param(
            time_series("M900005", "Weekly", row("1", [leaf("2025", "1")])),
            "'Weekly' is not a known frequency",
            id="frequency",
        ),
        pytest.param(
            time_series("M900006", "Annual", row("1", [leaf("2024", "1"), leaf("2025", "1,234")])),
            "1 of 2 values are neither numbers nor markers, like '1,234'",
            id="too many odd values",
        ),
    ],
)
def test_what_is_not_known_is_named(laptop, table, why):
    result = publish(laptop, table)

    assert (result.status, result.tables[0].published) == ("FAILED", 0)
    assert why in result.tables[0].error


def test_an_odd_value_in_a_thousand_is_kept_as_text_and_counted(laptop):
    odd = ["(5.0)", "-", "na", "\uff11", "0.1", "-0.20"]
    plain = [str(n) for n in range(2500)]
    rows = [
        row(str(n), [leaf(str(1900 + k), text) for k, text in enumerate((odd + plain)[n * 100 : n * 100 + 100])])
        for n in range(26)
    ]

    result = publish(laptop, time_series("M900007", "Annual", *rows))

    assert result.status == "SUCCEEDED"
    (path,) = laptop.lake.glob("*/untransformedsingstatdata/yearly/M900007/*/manifest.json")
    manifest = json.loads(path.read_bytes())
    assert [manifest[name] for name in ("observations", "parsed", "missing", "rejected")] == [2506, 2502, 2, 2]
    kept = laptop.query(
        "SELECT value, value_text FROM yearly WHERE table_id = 'M900007' AND series_no = '0' ORDER BY period LIMIT 6"
    )
    assert [(each["value"] and Decimal(each["value"]), each["value_text"]) for each in kept] == [
        (None, "(5.0)"),
        (None, "-"),
        (None, "na"),
        (None, "\uff11"),
        (Decimal("0.1"), "0.1"),
        (Decimal("-0.20"), "-0.20"),
    ]


def test_labels_that_would_break_json_csv_or_a_terminal(laptop):
    label = 'He said "it\\s"\t\u202eevil, <b>bold</b>\n=1+1'

    result = publish(laptop, time_series("M900008", "Annual", row("1.0", [leaf("2025", "1")], label, "S$'000", "a; b")))

    assert result.status == "SUCCEEDED"
    found = laptop.query("SELECT series, unit, footnote FROM yearly WHERE table_id = 'M900008'")
    assert found == [{"series": 'He said "it\\s" evil, <b>bold</b> =1+1', "unit": "S$'000", "footnote": "a; b"}]
