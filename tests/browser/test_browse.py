"""The server of `singstat browse` over a real connection: what it answers, what it refuses, and how it ends."""

import csv
import http.client
import io
import json
import re
import shutil
import signal
import socket
import subprocess
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import msgspec
import openpyxl
import pytest
import requests
from pipeline.report import workbook
from pipeline.run.catalogue import ListedTable

from local.cli import chart
from local.cli.browse import server
from local.cli.browse.server import application
from local.cli.export import export
from local.cli.loopback import listening
from local.cli.names import UnknownSeries
from local.cloud.sql import athena
from local.cloud.sql.catalogue import PUBLISHED
from local.cloud.wsgi import Handler
from tests.support.laptop import SINGSTAT, call, query
from tests.support.samples import FORMULA

ROW = re.compile(
    r'<tr><th scope="row">(.*?)</th><td class="number">(?:<data value="(.*?)">|<span class="missing">(.*?)<)'
)
CODE = re.compile(r"<pre[^>]*><code>(.*?)</code>", re.DOTALL)


@pytest.fixture(scope="module")
def copied(lake, tmp_path_factory) -> Path:
    """The lake with a catalogue of SingStat: one table that is not published, and one that is retired."""
    copy = Path(shutil.copytree(lake, tmp_path_factory.mktemp("copy") / "lake"))
    (bucket,) = (path.parent for path in copy.glob("*/publications"))
    listed = ListedTable("M950001", "Synthetic GDP of Elsewhere", "time_series", "monthly", "2026-11-23")
    retired = msgspec.structs.replace(listed, table_id="M950002", retired_on="2026-11-23")
    (bucket / "catalogue").mkdir()
    (bucket / "catalogue" / "tables.jsonl").write_bytes(msgspec.json.Encoder().encode_lines([listed, retired]))
    return copy


def rows(url: str) -> list[tuple[str, str]]:
    """All observations of a page and those that follow it: period or columns, and text."""
    found: list[tuple[str, str]] = []
    while True:
        page = requests.get(url, timeout=30).text
        found += [(unescape(name), unescape(number or missing)) for name, number, missing in ROW.findall(page)]
        following = re.search(r'<a href="([^"]*)" rel="next">', page)
        if not following:
            return found
        parts = urlsplit(url)
        url = f"{parts.scheme}://{parts.netloc}{unescape(following[1])}"


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("M900001", id="time series"),
        pytest.param("M900001?from=2012+3Q&to=2020+1Q", id="some periods"),
        pytest.param("M900001?edition=2026-07-24.1&to=2011+4Q", id="an earlier edition"),
        pytest.param("M900004?series=2", id="a label that is a formula"),
        pytest.param("17560?series=3", id="cross section"),
    ],
)
def test_each_snippet_gives_the_rows_of_the_page(site, lake, address):
    page = requests.get(f"{site}/tables/{address}", timeout=30).text
    sql, pandas, duck = map(unescape, CODE.findall(page))
    shown = rows(f"{site}/tables/{address}")
    if not address.startswith("17560"):
        shown.reverse()  # on the page the newest is first
    names: dict[str, object] = {}

    exec(pandas, names)  # noqa: S102 - what a reader would paste

    answered = athena.run(sql, PUBLISHED, [], lake).rows
    framed = names["rows"][[name for name, _ in athena.run(sql, PUBLISHED, [], lake).columns]].to_numpy().tolist()
    assert len(shown) > 2
    for found in (answered, framed, duckdb.sql(duck).fetchall()):
        assert [(" / ".join(map(str, names)), text) for *names, _, text in found] == shown


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("table", ["M900001", "M900004", "17560"])
def test_a_download_is_the_file_of_an_export(site, lake, tmp_path, table, kind):
    export(lake, tmp_path / "export", kind, [table])
    answer = requests.get(f"{site}/tables/{table}.{kind}", timeout=30)

    assert answer.headers["Content-Disposition"] == f"attachment; filename={table}.{kind}"
    (written,) = (tmp_path / "export").rglob(f"{'*' if kind == 'xlsx' else table}.{kind}")
    if kind == "xlsx":
        ours, theirs = (openpyxl.load_workbook(file)[table].values for file in (io.BytesIO(answer.content), written))
        assert list(ours) == list(theirs)
    else:
        assert answer.content == written.read_bytes()


def test_a_download_has_the_chosen_edition_series_and_periods(site, lake):
    address = f"{site}/tables/M900004.csv?edition=2026-07-24.1&series=2&from=2024&to=2025"
    found = list(csv.DictReader(io.StringIO(requests.get(address, timeout=30).text)))
    stored = query("SELECT * FROM yearly_vintages WHERE table_id = 'M900004' AND edition = '2026-07-24.1'", lake)

    assert [(row["period"], row["value_text"], row["value"]) for row in found] == [
        ("2024", "-", ""),
        ("2025", "9" * 18 + ".25", "9" * 18 + ".25"),
    ]
    assert list(found[0]) == [name for name in stored[0] if name != "edition"]
    assert found[0]["series"] == f"'{FORMULA}"


def test_an_earlier_edition_is_shown_as_it_was(site):
    now = dict(rows(f"{site}/tables/M900001?from=2024+3Q"))
    before = dict(rows(f"{site}/tables/M900001?from=2024+3Q&edition=2026-07-24.1"))
    page = requests.get(f"{site}/tables/M900001?edition=2026-07-24", timeout=30).text

    assert (now["2024 4Q"], now["2025 1Q"], now["2025 2Q"]) == ("119", "120.5", "131")
    assert before["2024 4Q"] != "119"
    assert "This is the earlier edition 2026-07-24.1." in page
    assert "vintage 24 Jul 2026, accessed" in page


def test_revisions_are_those_of_the_view(site, lake):
    page = requests.get(f"{site}/tables/M900001/revisions", timeout=30).text
    stored = query(
        "SELECT cell, kind, old_text, new_text FROM revisions WHERE table_id = 'M900001' ORDER BY cell DESC", lake
    )
    found = [(unescape(name), number or missing) for name, number, missing in ROW.findall(page)]

    assert found == [(row["cell"], row["old_text"] or "none") for row in stored]
    for kind in {row["kind"] for row in stored}:
        assert f"{sum(row['kind'] == kind for row in stored)} {kind}" in page


def test_long_lists_are_paged(site):
    series = requests.get(f"{site}/tables/M900002/series", timeout=30).text
    last = requests.get(f"{site}/tables/M900002/series?page=4", timeout=30).text
    beyond = requests.get(f"{site}/tables/M900002/series?page=999", timeout=30).text
    found = requests.get(f"{site}/tables/M900002/series?q=NUMBER+20+name", timeout=30).text
    changes = requests.get(f"{site}/tables/M900002/revisions", timeout=30).text

    assert [page.count("data-series=") for page in (series, last, beyond, found)] == [50, 50, 50, 3]
    assert "151 to 200 of 200 rows" in last
    assert "151 to 200 of 200 rows" in beyond
    assert "1 to 50 of 201 changes" in changes
    assert len(requests.get(f"{site}/tables/M900002", timeout=30).content) < 150_000


def test_of_many_series_one_is_chosen_by_number_or_words(site, monkeypatch):
    monkeypatch.setattr(server, "CHOICES", 10)

    by_words = requests.get(
        f"{site}/tables/M900002", {"series": "kind of activity number 7 with a name that goes on"}, timeout=30
    ).text
    several = requests.get(f"{site}/tables/M900002", {"series": "number 20"}, timeout=30)

    assert '<input id="series" name="series" value="1.7"' in by_words
    assert several.status_code == 404
    assert "number 20 is in 3 series of M900002" in several.text


def test_a_search_finds_published_tables_and_says_how_to_get_others(copied):
    with listening(application(copied), 0, Handler) as url:
        found = requests.get(url, {"q": "GDP"}, timeout=30).text
        by_id = requests.get(url, {"q": "m900001"}, timeout=30).text
        none = requests.get(url, {"q": "gdp visitors"}, timeout=30).text
        absent = requests.get(f"{url}/tables/M950001", timeout=30)

    assert found.index('href="/tables/M900001"') < found.index("Synthetic GDP of Elsewhere")
    assert "<code>singstat run M950001 --live</code>" in found
    assert "M950002" not in found
    assert 'href="/tables/M900001"' in by_id
    assert "No table has these words in its title." in none
    assert absent.status_code == 404
    assert "<code>singstat run M950001 --live</code>" in absent.text


def test_a_table_that_is_being_published_is_refused_for_a_moment(copied):
    (path,) = copied.glob("*/publications/M900007.json")
    record = json.loads(path.read_bytes())
    record["editions"][0]["location"] = record["location"] = "s3://elsewhere/"
    path.write_text(json.dumps(record))

    answer = application(copied).test_client().get("/tables/M900007")

    assert answer.status_code == 503
    assert "M900007 is being published right now: try again" in answer.text


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        pytest.param("/tables/M90000", 404, "did you mean M90000", id="table like others"),
        pytest.param("/tables/m900001", 404, "did you mean M900001 (GDP)", id="case"),
        pytest.param("/tables/Z1", 404, "`singstat tables` lists what is", id="table like no other"),
        pytest.param("/tables/..%2F..%2Fetc", 404, "not found", id="path"),
        pytest.param("/tables/%2A", 404, "* is not published", id="glob"),
        pytest.param("/tables/M900001?series=2", 404, "M900001 has no series 2: it has 1", id="series"),
        pytest.param("/tables/M900001.csv?series=2", 404, "M900001 has no series 2 in these", id="series of a file"),
        pytest.param(
            "/tables/M900001?edition=2020-01-01", 404, "there is no edition 2020-01-01; there are", id="edition"
        ),
        pytest.param("/tables/M900001?from=2020", 400, "'2020' is not a quarterly period", id="frequency"),
        pytest.param("/tables/M900001?from=2020+2Q&to=2020+1Q", 400, "2020 2Q is after 2020 1Q", id="order"),
        pytest.param("/tables/17560?from=2020", 400, "has columns, not periods", id="no periods"),
        pytest.param("/tables/M900001?page=0", 400, "`int` &gt;= 1 - at `$.page`", id="page"),
        pytest.param("/?q=" + "a" * 201, 400, "length &lt;= 200", id="long"),
        pytest.param("/?theme=None", 400, "no published table has the theme None", id="theme"),
        pytest.param("/?colour=red", 400, "unknown field `colour`", id="parameter"),
        pytest.param("/tables/M900001?series=<script>", 404, "no series &lt;script&gt;", id="hostile"),
        pytest.param("/nothing", 404, "not found", id="page that is not there"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(site, address, status, told):
    answer = requests.get(site + address, timeout=30)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert told in answer.text.replace("&#39;", "'")


def test_only_this_machine_may_ask_and_only_to_read(site):
    foreign = requests.get(site, headers={"Host": "evil.example"}, timeout=30)
    local = requests.get(site, headers={"Host": "localhost:1"}, timeout=30)
    head = requests.head(f"{site}/tables/M900001", timeout=30)
    others = [requests.request(method, site, timeout=30).status_code for method in ("POST", "PUT", "DELETE", "OPTIONS")]

    assert (foreign.status_code, local.status_code, head.status_code) == (400, 200, 200)
    assert "GDP" not in foreign.text
    assert head.content == b""
    assert others == [405] * 4
    for answer in (foreign, local, head):
        assert "default-src 'none'; script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_more_rows_than_excel_has_are_refused_with_the_way_round(site, monkeypatch):
    monkeypatch.setattr(workbook, "SHEET_ROWS", 10)

    answer = requests.get(f"{site}/tables/M900001.xlsx", timeout=30)

    assert answer.status_code == 400
    assert "M900001 has more rows than Excel allows (10): download it as CSV or Parquet" in answer.text


def test_a_table_without_a_number_says_so(site, lake):
    with pytest.raises(UnknownSeries, match="M900003 has no number in series 1"):
        chart.read(lake, "M900003", None)
    page = requests.get(f"{site}/tables/M900003", timeout=30).text

    assert "No chart: this series has no number in these periods." in page
    assert rows(f"{site}/tables/M900003")[0] == ("2021", "na")


def test_an_empty_lake_and_a_taken_port_are_refused_in_one_line(lake, tmp_path):
    empty = call("browse", lake=tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = call("browse", "--no-open", "--port", port, lake=lake)

    assert (empty.returncode, refused.returncode) == (1, 1)
    assert "nothing is published in" in empty.stderr
    assert "start with `singstat run`" in empty.stderr
    assert refused.stderr == (
        f"singstat: port {port} cannot be used (Address already in use): choose another with --port, or 0 for any\n"
    )


def test_ctrl_c_ends_it_with_a_word_after_the_answers_to_open_connections(lake):
    command = [SINGSTAT, "browse", "--no-open", "--port", "0", "--lake", str(lake)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        address = running.stdout.readline().split()[0]
        kept = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        kept.request("GET", "/tables/M900001")
        kept.getresponse().read()
        kept.request("GET", "/tables/M900005")
        running.send_signal(signal.SIGINT)
        told, odd = running.communicate(timeout=30)
        page = kept.getresponse().read().decode()

    assert (running.returncode, told, odd) == (0, "stopped\n", "")
    assert "Balance of Trade" in page
