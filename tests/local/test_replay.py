"""The replay server over HTTP: recorded bytes come back unchanged; pages, filters and errors follow the real API."""

import csv
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local.replay.server import Answer, Replay, Request, load_recordings

RECORDINGS = Path(__file__).parents[2] / "local" / "replay" / "recordings"
RESPONSES = RECORDINGS / "responses"
VALUES = RECORDINGS / "values"
AGENT = {"User-Agent": "replay-test/1.0"}


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as server:
        yield server


def get(replay: Replay, path: str, **query: str | int) -> requests.Response:
    return requests.get(f"{replay.url}/{path}", params=query, headers=AGENT, timeout=10)


def data(replay: Replay, path: str, **query: str | int) -> Any:
    response = get(replay, path, **query)
    assert response.status_code == 200, response.text
    return response.json()["Data"]


def leaves(columns: list[dict[str, Any]], *path: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for column in columns:
        if "columns" in column:
            yield from leaves(column["columns"], *path, column["key"])
        else:
            yield (*path, column["key"]), column["value"]


def fetch_pages(replay: Replay, table_id: str) -> list[list[tuple[str, tuple[str, ...], str]]]:
    """The (row number, keys, value) cells of each page, until a page without rows."""
    pages: list[list[tuple[str, tuple[str, ...], str]]] = []
    offset = 0
    while rows := data(replay, f"tabledata/{table_id}", offset=offset)["row"]:
        numbered = [(row.get("seriesNo") or row["rowNo"], row["columns"]) for row in rows]
        pages.append([(number, *cell) for number, columns in numbered for cell in leaves(columns)])
        assert all(columns for _, columns in numbered)
        offset += len(pages[-1])
    return pages


def read_csv(name: str) -> list[list[str]]:
    with (VALUES / name).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


SERVED_AS_RECORDED = sorted(
    path.name for path in RESPONSES.glob("*.tabledata.json") if path.name != "M213751.row1.tabledata.json"
)


@pytest.mark.parametrize("name", SERVED_AS_RECORDED)
@pytest.mark.parametrize("query", [{}, {"limit": 5000}, {"limit": 20000}])
def test_recorded_tabledata_comes_back_byte_for_byte(replay: Replay, name: str, query: dict[str, int]) -> None:
    response = get(replay, f"tabledata/{name.partition('.')[0]}", **query)

    assert response.content == (RESPONSES / name).read_bytes()
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_recorded_metadata_comes_back_byte_for_byte(replay: Replay) -> None:
    assert get(replay, "metadata/M212161").content == (RESPONSES / "M212161.metadata.json").read_bytes()


def test_metadata_of_part_of_a_table_describes_that_part(replay: Replay) -> None:
    records = data(replay, "metadata/M183891")["records"]
    recorded = json.loads((RESPONSES / "M183891.metadata.json").read_bytes())["Data"]["records"]

    assert records["total"] == 142
    assert records["row"] == recorded["row"][:1]
    assert {**records, "total": 0, "row": []} == {**recorded, "total": 0, "row": []}
    assert list(records) == list(recorded)


def test_series_filter_gives_the_recorded_series(replay: Replay) -> None:
    recorded = json.loads((RESPONSES / "M213751.row1.tabledata.json").read_bytes())["Data"]

    assert data(replay, "tabledata/M213751", seriesNoORrowNo="1")["row"] == recorded["row"]
    numbers = [row["seriesNo"] for row in data(replay, "tabledata/M213801", seriesNoOrRowNo="1.01.10,1")["row"]]
    assert numbers == ["1", "1.01.10"]


def test_time_filter_keeps_the_asked_periods(replay: Replay) -> None:
    answer = data(replay, "tabledata/M212161", timeFilter="1990 1Q,2026 2Q,1989 4Q")

    assert [cell["key"] for cell in answer["row"][0]["columns"]] == ["1990 1Q", "2026 2Q"]
    assert answer["timeFilter"] == "1990 1Q,2026 2Q,1989 4Q"


@pytest.mark.parametrize("query", [{"seriesNoORrowNo": "99"}, {"timeFilter": "1066 4Q"}])
def test_nothing_matches(replay: Replay, query: dict[str, str]) -> None:
    response = get(replay, "tabledata/M212161", **query)

    assert response.status_code == 200
    assert response.content == b'{"Data":"No records found","DataCount":0,"StatusCode":200,"Message":""}'


@pytest.mark.parametrize("cells_per_page", [5000, 2000])
def test_pages_hold_every_cell_once_and_in_order(cells_per_page: int) -> None:
    header, *lines = read_csv("M550002.2024-02.stb-ingester.csv")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    periods = [(int(label[:4]), months.index(label[4:])) for label in header[1:]]
    expected = [
        (str(number), (f"{year} {months[month]}",), value)
        for number, line in enumerate(lines, start=1)
        for (year, month), value in sorted(zip(periods, line[1:], strict=True))
    ]

    with Replay(cells_per_page=cells_per_page) as replay:
        pages = fetch_pages(replay, "M550002")
        total = data(replay, "metadata/M550002")["records"]["total"]

    assert [cell for page in pages for cell in page] == expected
    assert total == len(expected) == 12_122
    assert [len(page) for page in pages[:-1]] == [cells_per_page] * (12_122 // cells_per_page)
    assert pages[0][-1][0] == pages[1][0][0], "a series begins on one page and goes on at the next"


@pytest.mark.parametrize(
    ("table_id", "levels", "count"), [("8358", 3, 1755), ("8233", 2, 150), ("16622", 1, 1936)], ids=str
)
@pytest.mark.parametrize("cells_per_page", [5000, 100])
def test_cross_sectional_tables_nest_and_page_by_leaf(
    table_id: str, levels: int, count: int, cells_per_page: int
) -> None:
    header, *lines = read_csv(f"{table_id}.stb-ingester.csv")
    expected = [
        (str(number), tuple(key.split("_")), value)
        for number, line in enumerate(lines, start=1)
        for key, value in zip(header[1:], line[1:], strict=True)
    ]

    with Replay(cells_per_page=cells_per_page) as replay:
        pages = fetch_pages(replay, table_id)

    assert [cell for page in pages for cell in page] == expected
    assert {len(keys) for page in pages for _, keys, _ in page} == {levels}
    assert all(len(page) == cells_per_page for page in pages[:-1])
    assert len(expected) == count


def test_cross_sectional_header(replay: Replay) -> None:
    records = data(replay, "metadata/16622")["records"]

    assert {"tableType", "dataSource"} <= set(records)
    assert not {"frequency", "datasource", "startPeriod", "endPeriod", "total"} & set(records)
    assert records["row"][0] == {"rowNo": "1", "rowText": "TOTAL", "uoM": "Dollar", "footnote": ""}


def test_echo_of_what_was_sent(replay: Replay) -> None:
    query = {"offset": "140", "limit": "20000", "sortBy": "key asc", "timeFilter": "", "between": "0,9", "search": "x"}
    answer = data(replay, "tabledata/M212161", **query)
    assert {name: answer[name] for name in query} == {**query, "limit": "5000", "timeFilter": None}


def test_past_the_end_is_an_empty_page(replay: Replay) -> None:
    assert data(replay, "tabledata/M212161", offset=146)["row"] == []


@pytest.mark.parametrize(("name", "value"), [("limit", "ten"), ("limit", "0"), ("offset", "-1"), ("offset", "1.5")])
def test_bad_paging_is_refused(replay: Replay, name: str, value: str) -> None:
    response = get(replay, "tabledata/M212161", **{name: value})
    body = response.json()

    assert (response.status_code, body["StatusCode"], body["DataCount"]) == (400, 400, 1)
    assert body["Data"]["title"] == "One or more validation errors occurred."
    assert list(body["Data"]["errors"]) == [name]


@pytest.mark.parametrize("path", ["tabledata/M212881", "metadata/M212881", "elsewhere", "tabledata"])
def test_unknown_is_404(replay: Replay, path: str) -> None:
    assert get(replay, path).status_code == 404


@pytest.mark.parametrize("missing", ["User-Agent", "Accept"])
def test_a_client_without_its_headers_is_refused(replay: Replay, missing: str) -> None:
    headers = {"User-Agent": "Mozilla/5.0", "Accept": "application/json"}
    del headers[missing]
    connection = http.client.HTTPConnection(urlsplit(replay.url).netloc, timeout=10)
    connection.request("GET", "/api/table/metadata/M212161", headers=headers)
    response = connection.getresponse()
    connection.close()

    assert response.status == 403


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "python-requests/2.32.5",
        "an-application/1.0 (Python-Requests)",
        "Python-urllib/3.13",
        "curl/8.5.0",
        "Java/21.0.1",
        "okhttp/4.12.0",
        "Go-http-client/1.1",
        "libwww-perl/6.77",
    ],
)
def test_the_user_agent_of_an_http_library_is_refused(replay: Replay, agent: str) -> None:
    response = requests.get(f"{replay.url}/metadata/M212161", headers={"User-Agent": agent}, timeout=10)

    assert response.status_code == 403


def test_python_urllib_is_refused_by_name(replay: Replay) -> None:
    request = urllib.request.Request(f"{replay.url}/metadata/M212161", headers={"Accept": "application/json"})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=10)  # noqa: S310


def test_search(replay: Replay) -> None:
    def found(keyword: str, option: str) -> list[str]:
        return [record["id"] for record in data(replay, "resourceid", keyword=keyword, searchOption=option)["records"]]

    assert found("PRICE index 2024", "title") == ["M213751", "M213801"]
    assert found("hdb flats", "variable") == ["M400751"]
    assert found("hdb flats", "title") == []
    assert "M400751" in found("hdb", "all")
    assert found("%", "all") == list(load_recordings())
    records = data(replay, "resourceid", keyword="usual hours", searchOption="all")["records"]
    assert [(record["id"], record["tableType"]) for record in records] == [("8233", "CT")]


def test_search_without_a_hit_is_as_recorded(replay: Replay) -> None:
    response = get(replay, "resourceid", keyword="residential transactions", searchOption="all")
    assert response.content == (RESPONSES / "residential_transactions.resourceid.json").read_bytes()


@pytest.mark.parametrize("query", [{}, {"keyword": "hdb"}, {"searchOption": "all"}])
def test_search_needs_both_parameters(replay: Replay, query: dict[str, str]) -> None:
    response = get(replay, "resourceid", **query)

    assert response.status_code == 400
    assert set(response.json()["Data"]["errors"]) == {"keyword", "searchOption"} - set(query)


def test_revise_publishes_a_new_vintage(replay: Replay) -> None:
    before = data(replay, "tabledata/M212161")
    replay.tables["M212161"].revise(
        "24/10/2026",
        {("1", "2026 2Q"): "205.1", ("1", "1990 2Q"): None, ("1", "2026 3Q"): "207", ("1", "1989 4Q"): "24"},
    )
    after = data(replay, "tabledata/M212161")
    records = data(replay, "metadata/M212161")["records"]

    old, new = ({cell["key"]: cell["value"] for cell in answer["row"][0]["columns"]} for answer in (before, after))
    assert old["1990 2Q"] == "24.4"
    assert new == {
        **{key: old[key] for key in old if key != "1990 2Q"},
        "2026 2Q": "205.1",
        "2026 3Q": "207",
        "1989 4Q": "24",
    }
    assert list(new)[:2] == ["1989 4Q", "1990 1Q"]
    assert list(new)[-1] == "2026 3Q"
    assert after["dataLastUpdated"] == records["dataLastUpdated"] == "24/10/2026"
    assert (records["startPeriod"], records["endPeriod"], records["total"]) == ("1989 4Q", "2026 3Q", 147)
    with Replay() as other:
        assert data(other, "tabledata/M212161") == before


def test_requests_are_listed_in_order(replay: Replay) -> None:
    get(replay, "metadata/M212161")
    get(replay, "tabledata/M212161", offset=100, limit=50)

    assert replay.requests == [
        ("/api/table/metadata/M212161", {}),
        ("/api/table/tabledata/M212161", {"offset": "100", "limit": "50"}),
    ]


def test_answers_are_compressed_only_when_accepted(replay: Replay) -> None:
    url = f"{replay.url}/tabledata/M213801"
    packed = requests.get(url, headers=AGENT, timeout=10)
    plain = requests.get(url, headers=AGENT | {"Accept-Encoding": "identity"}, timeout=10)

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) == 125_814
    assert packed.content == plain.content


def test_a_wrapped_answer_makes_faults(replay: Replay) -> None:
    def in_maintenance_once(answer: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        return lambda request: Answer(502, b"<html>", "text/html") if len(replay.requests) == 1 else answer(request)

    replay.answer = in_maintenance_once(replay.answer)
    first, second = get(replay, "metadata/M212161"), get(replay, "metadata/M212161")

    assert (first.status_code, first.headers["Content-Type"], first.content) == (502, "text/html", b"<html>")
    assert second.status_code == 200


def test_an_answer_can_hang_up_or_break_off(replay: Replay) -> None:
    good = replay.answer

    def hang_up(request: Request) -> Answer:
        raise ConnectionAbortedError

    def break_off(request: Request) -> Answer:
        return Answer(200, good(request).body, headers={"Content-Length": "1000000", "Connection": "close"})

    for fault in (hang_up, break_off):
        replay.answer = fault
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            get(replay, "metadata/M212161")
    replay.answer = good
    assert get(replay, "metadata/M212161").status_code == 200


def test_connections_are_kept_and_end_with_the_server() -> None:
    with Replay() as replay:
        connection = http.client.HTTPConnection(urlsplit(replay.url).netloc, timeout=10)
        for _ in range(2):
            connection.request("GET", "/api/table/metadata/M212161", headers={"User-Agent": "test", "Accept": "*/*"})
            kept = connection.sock
            assert connection.getresponse().read()
            assert connection.sock is kept is not None
    assert kept.recv(1) == b""
    connection.close()
