"""Every recording is flattened to the same bytes as when its hash was noted, before series were flattened at once."""

import hashlib
from email.message import Message
from types import MappingProxyType
from unittest.mock import patch

import pytest
from pipeline.source.responses import Header, Page, read_metadata, read_page
from pipeline.table import flatten_series
from pipeline.table.flatten import Count
from pipeline.table.observations import Table
from pipeline.table.paging import fetch_table

from local.replay.recordings import load_recordings
from local.replay.rules import ROOT, Request, respond

TABLES = MappingProxyType(load_recordings())
AGENT = Message()
AGENT["User-Agent"], AGENT["Accept"] = "test/1.0", "application/json"
# Half of the SHA-256 of the lines, digest, sum and number of cells
NOTED = {
    "16622": ("4e0d0c45093bc35795e8ad9599a403ff", "-16648995434781773704", "276337.5", 1936),
    "8233": ("5ae9c6307e88e7a5c8d3223d557ee277", "12668414429812629390", "16813.1", 150),
    "8358": ("18431e14d9b4dfa16fbf435e8b92de70", "-19685507837585521308", "47176.2", 1755),
    "M015661": ("f06ade691d2e27130d86ce6d5ddd34ec", "-2511740844860841826", "12304757.4", 206),
    "M183891": ("734d8ea2049042a7668b890307cff6ee", "8821359493023604707", "2665800", 142),
    "M211251": ("58f6c7c6ef989d549b32a411d8bfbbe5", "-19541877746927746984", "310013.15", 1585),
    "M212161": ("eade321dc6bb05a6a47800ace8915fcc", "-5141821975744748183", "15369.0", 146),
    "M212261": ("3a09c38b54226ef64b9298f9ed08d411", "7063407156474467894", "19238.3", 206),
    "M212311": ("3bee639d2d37e33418f43c95bac93360", "-6523377518878812172", "14974.4", 146),
    "M213751": ("893e41f2b96b3161c4562bc5f7f82866", "-36305094726724309559", "380569.987", 5000),
    "M213801": ("b9239baf17f6a2cda1fadadafb8728f8", "45205460678068890580", "252888.531", 3036),
    "M400391": ("4c07686744672679901951445d245732", "8193949546978617072", "7775711", 133),
    "M400751": ("3b1810561caca71dde66161b199127f2", "-7074001466618003562", "26369595", 27),
    "M400841": ("7f1e6b11220d1b17b706f032f8f62666", "6212134761970713237", "36501399", 154),
    "M550002": ("b524d92e53bc9b3ce79e13e453bc1a19", "997477320763246911", "760057367", 12122),
    "M601471": ("b6a90e7c3e6e5ef7e4df0d39c907efa6", "94981353168357101750", "335056217.2", 6670),
    "M700051": ("e158db08c627ca0e7c59177cff85a0c1", "-7820950200351811947", "6972.9615", 5000),
    "M810001": ("0146cc07a6a9b2c725a9836972c152d3", "-8338994369394285824", "158999148", 48),
    "M810361": ("38e57d1e41855d48d6c4a5b75fcceb0c", "6589070044650371046", "195742", 26),
    "M810371": ("60465c28d880fd346b7ef95ec12b5279", "527089347041256188", "43162700", 44),
}


def get(path: str, cells_per_page: int, **query: int | None) -> bytes:
    sent = {name: str(number) for name, number in query.items() if number}
    return respond(Request(f"{ROOT}/{path}", sent, AGENT), TABLES, cells_per_page).body


def fetched(table_id: str, cells_per_page: int) -> Table:
    def header() -> Header:
        return read_metadata(get(f"metadata/{table_id}", cells_per_page))

    def page(_: Header, __: int, offset: int, limit: int | None) -> Page:
        return read_page(get(f"tabledata/{table_id}", cells_per_page, offset=offset, limit=limit))

    return fetch_table(header(), header, page)


@pytest.mark.parametrize("table_id", sorted(TABLES))
def test_lines_digest_and_sum_are_as_noted_for_any_page_size_and_cell_by_cell(table_id):
    counts = [Count() for _ in range(3)]
    tables = [fetched(table_id, size) for size in (5000, 700, 5000)]
    lines = [list(count.lines(table.series())) for count, table in zip(counts[:2], tables, strict=False)]
    with patch.object(flatten_series, "flatten", return_value=None):
        lines.append(list(counts[2].lines(tables[2].series())))

    assert b"".join(lines[0]) == b"".join(lines[1]) == b"".join(lines[2])
    assert counts[0] == counts[1] == counts[2]
    count = counts[0]
    hashed, total = hashlib.sha256(b"".join(lines[0])).hexdigest()[:32], format(count.total_value, "f")
    assert (hashed, count.digest, total, sum(count.by_meaning.values())) == NOTED[table_id]


@pytest.mark.parametrize("table_id", sorted(TABLES))
def test_every_series_of_a_recording_is_flattened_at_once(table_id):
    assert all(flatten_series.flatten(series) for series in fetched(table_id, 5000).series())
