"""A lake with three editions of a table: `import singstat` in each kind of frame, and `singstat chart`."""

import io
import json
import os
import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib import colors
from matplotlib.image import imread
from msgspec.structs import replace
from pipeline.rendering.drawing import LIGHT
from pipeline.run.catalogue import ListedTable
from rich.console import Console

import singstat
from local.cli import chart, names
from local.cli.terminal_chart import print_chart
from singstat.frames import frame
from tests.support.laptop import SINGSTAT, Laptop, call, set_published_at

EXACT = Decimal("206.123456789012345678")  # a float keeps 16 of its digits
KINDS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table}


@pytest.fixture(scope="module")
def lake(switched_on: Laptop) -> Path:
    """M212161 in three editions, and the cross-sectional 16622 in one."""
    table = switched_on.replay.tables["M212161"]
    assert switched_on.run("M212161", "16622").status == "SUCCEEDED"
    table.revise("24/10/2026", {("1", "1990 1Q"): "24.4", ("1", "2026 3Q"): "206", ("1", "1990 2Q"): "na"})
    assert switched_on.run("M212161").status == "SUCCEEDED"
    table.revise("24/11/2026", {("1", "1990 1Q"): "24.3", ("1", "2026 3Q"): str(EXACT)})
    assert switched_on.run("M212161").status == "SUCCEEDED"
    times = (f"2026-{day}T01:00:00+00:00" for day in ("07-25", "10-30", "11-25"))
    set_published_at(switched_on.lake, "M212161", *times)
    return switched_on.lake


def rows(made: pd.DataFrame | pl.DataFrame | pa.Table) -> list[dict[str, object]]:
    """The rows of any kind of frame, in Python's types; a missing value is None."""
    if isinstance(made, pd.DataFrame):
        return [
            {str(name): None if pd.isna(each) else each for name, each in row.items()}
            for row in made.to_dict("records")
        ]
    return made.to_dicts() if isinstance(made, pl.DataFrame) else made.to_pylist()


@pytest.mark.parametrize("to", KINDS)
def test_a_table_is_a_frame_of_floats(lake, to):
    table = singstat.open_lake(lake, to=to).read("M212161")
    first, second, *_, last = rows(table)

    assert isinstance(table, KINDS[to])
    assert list(first) == [
        *("series", "period", "period_start", "series_no", "unit", "footnote"),
        *("vintage", "table_id", "value_text", "value"),
    ]
    assert (first["period"], first["value"], second["value"], second["value_text"]) == ("1990 1Q", 24.3, None, "na")
    assert (last["period"], last["value"], type(last["value"])) == ("2026 3Q", float(EXACT), float)
    assert last["period_start"] == (datetime(2026, 7, 1) if to == "pandas" else date(2026, 7, 1))  # noqa: DTZ001
    assert len(table) == 147


def test_a_float_is_the_nearest_to_its_decimal():
    texts = [f"{number * 10_000_000_019}.{number * 271_828_182_845_904_523 % 10**18:018}" for number in range(2_000)]
    values = ", ".join(f"({number}, CAST('{text}' AS DECIMAL(38, 18)))" for number, text in enumerate(texts))

    made = frame(duckdb.connect(), f"FROM (VALUES {values}) t(n, value)", "n", "arrow", exact=False)

    assert [row["value"] for row in rows(made)] == [float(text) for text in texts]


@pytest.mark.parametrize("to", KINDS)
def test_all_digits_of_a_decimal_are_kept(to):
    longest = "-99999999999999999999.999999999999999999"
    select = f"FROM (VALUES (1, CAST('{longest}' AS DECIMAL(38, 18))), (2, NULL)) t(n, value)"

    made = frame(duckdb.connect(), select, "n", to, exact=True)

    assert [row["value"] for row in rows(made)] == [Decimal(longest), None]


@pytest.mark.parametrize("to", KINDS)
def test_a_table_is_exact_on_request(lake, to):
    *_, last = rows(singstat.open_lake(lake, to=to).read("M212161", exact=True))

    assert last["value"] == EXACT


@pytest.mark.parametrize("to", KINDS)
def test_a_table_as_of_a_day_is_the_edition_of_that_day(lake, to):
    opened = singstat.open_lake(lake, to=to)
    *_, last = rows(opened.read("M212161", as_of="2026-10-30"))

    assert (last["edition"], last["period"], last["value"]) == ("2026-10-24.1", "2026 3Q", 206.0)
    assert rows(opened.read("M212161", as_of=date(2026, 10, 30))) == rows(opened.read("M212161", as_of="2026-10-30"))
    assert rows(opened.read("M212161", as_of="2026-07-24")) == []


def test_a_table_in_one_edition_is_named_by_the_edition_or_its_vintage(lake):
    opened = singstat.open_lake(lake)

    for name in ("2026-10-24.1", "2026-10-24"):
        assert rows(opened.read("M212161", edition=name)) == rows(opened.read("M212161", as_of="2026-10-30"))
    with pytest.raises(singstat.UnknownEdition, match="no edition 2026-10-25; there are 2026-07-24.1, 2026-10-24.1, "):
        opened.read("M212161", edition="2026-10-25")
    with pytest.raises(ValueError, match="give either as_of or edition, not both"):
        opened.read("M212161", edition="2026-10-24", as_of="2026-10-30")


@pytest.mark.parametrize("to", KINDS)
def test_revisions_are_those_of_all_editions_in_their_order(lake, to):
    changed = rows(singstat.open_lake(lake, to=to).revisions("M212161", exact=True))

    assert [(row["edition"], row["cell"], row["kind"], row["old_text"], row["new_text"]) for row in changed] == [
        ("2026-10-24.1", "1990 1Q", "revised", "24.3", "24.4"),
        ("2026-10-24.1", "1990 2Q", "revised", "24.4", "na"),
        ("2026-10-24.1", "2026 3Q", "new", None, "206"),
        ("2026-11-24.1", "1990 1Q", "revised", "24.4", "24.3"),
        ("2026-11-24.1", "2026 3Q", "revised", "206", str(EXACT)),
    ]
    assert (changed[1]["old_value"], changed[1]["new_value"], changed[-1]["new_value"]) == (
        Decimal("24.4"),
        None,
        EXACT,
    )


def test_a_cross_sectional_table_has_columns_in_place_of_periods(lake):
    table = singstat.open_lake(lake).read("16622")

    assert list(table.columns[:6]) == ["series", *(f"column_{level}" for level in range(1, 6))]
    assert (table.columns[-1], len(table)) == ("value", 1_936)


def test_published_tables_are_listed_and_found_by_words_of_their_titles(lake):
    opened = singstat.open_lake(lake)

    assert list(opened.tables()["table_id"]) == ["16622", "M212161"]
    assert rows(opened.search("resale INDEX", "price"))[0] | {"published": None} == {
        "table_id": "M212161",
        "title": "Housing And Development Board (HDB) Resale Price Index (1Q2009 = 100), Quarterly",
        "kind": "time_series",
        "frequency": "quarterly",
        "published": None,
    }
    assert len(opened.search("resale", "visitors")) == 0
    assert list(opened.search()["kind"]) == ["cross_sectional", "time_series"]


def test_a_catalogue_finds_what_is_not_published_and_nothing_that_is_retired(lake, tmp_path):
    copy = Path(shutil.copytree(lake, tmp_path / "lake"))
    (bucket,) = (path.parent for path in copy.glob("*/publications"))
    listed = ListedTable("M1", "Price Index, Monthly", "time_series", "monthly", "2026-11-23")
    retired = replace(listed, table_id="M2", retired_on="2026-11-23")
    (bucket / "catalogue").mkdir()
    (bucket / "catalogue" / "tables.jsonl").write_bytes(msgspec.json.Encoder().encode_lines([listed, retired]))

    found = rows(singstat.open_lake(copy).search("price index"))

    assert [(row["table_id"], row["frequency"], row["published"] is None) for row in found] == [
        ("M1", "monthly", True),
        ("M212161", "quarterly", False),
    ]


def test_a_lake_older_than_the_catalogue_is_searched_too(lake, tmp_path):
    copy = Path(shutil.copytree(lake, tmp_path / "lake"))
    document, changes = (copy / "catalogue.json").read_text().split("\n", 1)
    content = json.loads(document)
    del content["transformed_singstat_data"]["tables"]["catalogue"]
    (copy / "catalogue.json").write_text(f"{json.dumps(content)}\n{changes}")

    assert [row["table_id"] for row in rows(singstat.open_lake(copy).search("resale"))] == ["M212161"]


@pytest.mark.parametrize("name", ["M21216", "m212161", "M221161", "resale price"])
def test_an_unknown_table_says_what_was_probably_meant(lake, name):
    opened = singstat.open_lake(lake)

    for ask in (opened.read, opened.revisions):
        with pytest.raises(singstat.UnknownTable, match=rf"^{name} is not published .*did you mean M212161 \(Housing"):
            ask(name)


def test_a_table_like_no_other_is_told_where_names_are(lake):
    with pytest.raises(singstat.UnknownTable, match=r"Z1 is not published in .*: `singstat tables` lists what is"):
        singstat.open_lake(lake).read("Z1")


def test_a_record_that_cannot_be_read_is_named(lake):
    (path,) = lake.glob("*/publications/16622.json")
    kept = path.read_bytes()
    path.write_text("{")
    try:
        with pytest.raises(RuntimeError, match=r"16622.json cannot be read"):
            singstat.open_lake(lake).read("16622")
    finally:
        path.write_bytes(kept)


def test_an_empty_directory_and_an_unknown_kind_of_frame_are_refused(tmp_path, lake, monkeypatch):
    with pytest.raises(singstat.NothingPublished, match="start with `singstat run`"):
        singstat.open_lake(tmp_path)
    with pytest.raises(ValueError, match="to is pandas, polars, arrow, not R"):
        singstat.open_lake(lake, to="R")
    with pytest.raises(ValueError, match="Invalid isoformat string: 'soon'"):
        singstat.open_lake(lake).read("M212161", as_of="soon")
    monkeypatch.setattr("singstat.frames.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="to='polars' needs polars pyarrow: `uv pip install polars pyarrow`"):
        singstat.open_lake(lake, to="polars")


def test_the_line_of_the_readme_works_in_a_process_that_it_leaves_as_it_is(lake):
    line = "import singstat; print(singstat.open_lake().read('M212161').tail())"
    code = f"{line}; import gc, sys; print(gc.get_threshold()[0] < 50_000, 'OpenSSL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=lake.parent, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    *table, state = done.stdout.splitlines()
    assert any("2026 3Q" in row and "206.12" in row for row in table)
    assert state == "True False"


def printed(lake: Path, table: str, width: int = 80, series: str | None = None, *, colours: bool = False) -> list[str]:
    """The lines of a chart on a terminal of some width."""
    file = io.StringIO()
    print_chart(
        Console(file=file, width=width, force_terminal=colours, color_system="standard" if colours else None),
        chart.read(lake, table, series).chart,
    )
    return file.getvalue().splitlines()


def dots(lines: list[str]) -> str:
    return "".join(character for line in lines for character in line if "\u2801" <= character <= "\u28ff")


def test_a_chart_has_the_editions_behind_it_that_were_revised(lake):
    drawn = chart.read(lake, "M212161", None).chart

    assert (drawn.name, drawn.vintage, drawn.previous_label) == ("HDB Resale Price Index", "2026-11-24", "24 Oct 2026")
    assert (drawn.marks[0].value, drawn.marks[-1].value) == (Decimal("24.3"), EXACT)
    assert (drawn.previous[0].value, drawn.previous[1].value, drawn.previous[-1].value) == (Decimal("24.4"), None, 206)
    assert [(marks[0].value, marks[-1].label) for marks in drawn.earlier] == [(Decimal("24.3"), "2026 2Q")]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("table", ["M212161", "16622"])
def test_a_chart_fits_the_terminal(lake, table, width):
    lines = printed(lake, table, width)

    assert max(map(len, lines)) <= width
    assert max(map(len, lines)) > width * 0.8
    assert "\x1b" not in "".join(lines)


def test_a_chart_in_the_terminal_says_what_it_shows(lake):
    lines = printed(lake, "M212161", 100)

    assert lines[0] == "HDB Resale Price Index"
    assert len(dots(lines)) > 100
    assert [line.split()[0] for line in lines if line.strip()[:3] in ("50 ", "100", "150", "200")] == [
        "200",
        "150",
        "100",
        "50",
    ]
    assert any({"2000", "2010", "2020"} <= set(line.split()) for line in lines)
    assert lines[-3:] == [
        f"latest: 2026 3Q {EXACT}",
        f"revised: 2026 3Q from 206 to {EXACT}",
        "revised: 1990 1Q from 24.4 to 24.3",
    ]
    assert "Grey: vintage of 24 Oct 2026. Also grey: 1 earlier vintage." in " ".join(" ".join(lines).split())


def test_a_terminal_shows_the_newest_edition_in_blue_and_the_earlier_ones_grey(lake):
    text = "\n".join(printed(lake, "M212161", colours=True))

    assert "\x1b[94m" in text
    assert "\x1b[90m" in text


def test_a_cross_section_is_bars_of_its_columns(lake):
    lines = printed(lake, "16622", series="1")

    assert lines[0] == "TOTAL"
    assert len([line for line in lines if "█" in line]) == 11
    assert any("one bar per column" in line for line in lines)


def test_the_command_draws_without_colour_when_piped(lake):
    done = call("chart", "M212161", "resale price", lake=lake)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "revised: 1990 1Q from 24.4 to 24.3" in done.stdout


def test_a_chart_is_written_as_png_svg_or_html(lake, tmp_path):
    drawn = chart.read(lake, "M212161", None)
    picture = imread(io.BytesIO(chart.image(drawn, ".png")))
    vector = ElementTree.fromstring(chart.image(drawn, ".svg"))  # noqa: S314 - our own
    page = chart.image(drawn, ".html").decode()
    done = call("chart", "M212161", "--out", str(tmp_path / "chart.png"), lake=lake)

    for colour in (LIGHT.accent, LIGHT.before):
        assert (abs(picture[..., :3] - colors.to_rgb(colour)).max(axis=2) < 0.01).any()
    texts = [text.strip() for text in vector.itertext() if text.strip()]
    assert {"HDB Resale Price Index", "2010", str(EXACT), "24 Oct 2026"} <= set(texts)
    assert "var(" not in chart.image(drawn, ".svg").decode()
    assert page.count("<svg") == 2  # for a desktop and for a phone
    assert "<h1>HDB Resale Price Index</h1>" in page
    assert "Singapore Open Data Licence" in page
    assert not [word for word in ("src=", "<script", "@import", "url(http") if word in page]
    assert (done.stdout.strip(), done.returncode) == (str(tmp_path / "chart.png"), 0)
    assert (tmp_path / "chart.png").read_bytes() == chart.image(drawn, ".png")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["M21216"], r"did you mean M212161 \(Housing", id="table"),
        pytest.param(["M212161", "2"], r"M212161 has no series 2: it has 1$", id="number"),
        pytest.param(["M212161", "HDB Resale Price Indx"], r"did you mean 1 \(HDB Resale Price Index\)\?", id="label"),
        pytest.param(["16622", "and"], r"and is in \d+ series of 16622: [\d.]+ \(.*\) and \d+ more", id="many"),
    ],
)
def test_an_unknown_name_says_what_was_probably_meant(lake, words, message):
    with pytest.raises((names.UnknownTable, names.UnknownSeries), match=message):
        chart.read(lake, words[0], words[1] if words[1:] else None)


def test_the_command_refuses_in_one_line(lake, tmp_path):
    unknown = call("chart", "M212161", "nothing like it", lake=lake)
    kind = call("chart", "M212161", "--out", "chart.pdf", lake=lake)
    empty = call("chart", "M212161", lake=tmp_path)

    assert (unknown.returncode, kind.returncode, empty.returncode) == (1, 2, 1)
    assert unknown.stderr == "singstat: M212161 has no series nothing like it: it has 1\n"
    assert kind.stderr == "singstat: --out takes a file that ends in .png, .svg, .html, not chart.pdf\n"
    assert "start with `singstat run`" in empty.stderr


@pytest.mark.parametrize(
    ("words", "place", "completed"),
    [
        pytest.param("singstat char", 1, ["chart"], id="command"),
        pytest.param("singstat chart M2", 2, ["M212161"], id="published table"),
        pytest.param("singstat rollback X", 2, [], id="no such table"),
        pytest.param("singstat chart M212161 --ou", 3, ["--out"], id="option"),
    ],
)
def test_a_shell_completes_commands_options_and_published_tables(lake, words, place, completed):
    environment = {"PATH": os.environ["PATH"], "COMP_WORDS": words, "COMP_CWORD": str(place)}
    done = subprocess.run(
        [SINGSTAT],
        cwd=lake.parent,
        env=environment | {"_SINGSTAT_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.split() == completed
