"""Columns whose keys are known are read as a whole, and as any parser reads them; nothing odd is missed."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pipeline.errors import SourceContract, SourceError, SourceMalformed
from pipeline.source import layout
from pipeline.source.layout import read_known
from pipeline.source.responses import read_page

RESPONSES = Path(__file__).parents[2] / "local" / "replay" / "recordings" / "responses"
HEADER = {"id": "M1", "title": "t", "frequency": "Annual", "dataLastUpdated": "01/02/2026"}
KEYS = ("2019", "2020", "a: é")
Cells = list[tuple[tuple[str, ...], str]]

texts = st.from_regex(r"-?[0-9]{1,3}(\.[0-9])?", fullmatch=True) | st.text(max_size=5) | st.just('"},{"key":"')


def page(columns: str) -> bytes:
    row = f'{{"seriesNo":"1","rowText":"a","columns":{columns}}}'
    data = json.dumps(HEADER, separators=(",", ":"))[:-1] + f',"row":[{row}]}}'
    return f'{{"Data":{data},"StatusCode":200}}'.encode()


def compact(cells: list[tuple[str, str]]) -> str:
    listed = [{"key": key, "value": text} for key, text in cells]
    return json.dumps(listed, separators=(",", ":"), ensure_ascii=False)


def read(columns: str) -> Cells | tuple[type[Exception], str]:
    try:
        return [cell for row in read_page(page(columns)).rows for cell in row.cells()]
    except SourceError as error:
        return type(error), error.cause


def known(columns: str) -> bool:
    return read_known(msgspec.Raw(columns.encode())) is not None


@pytest.fixture(autouse=True)
def _learned():
    layout._forms.clear()
    read(compact([(key, "1") for key in KEYS]))
    yield
    layout._forms.clear()


def test_a_page_of_the_same_keys_is_known():
    assert known(compact(list(zip(KEYS, ("-12.5", "na", ""), strict=True))))
    assert not known(compact([("2019", "1"), ("2020", "2")]))


@pytest.mark.parametrize("path", sorted(RESPONSES.glob("*.tabledata.json")), ids=lambda path: path.name)
def test_what_singstat_sends_is_known_at_the_second_time(path):
    body = path.read_bytes()
    read_page(body)

    rows = msgspec.json.decode(body)["Data"]["row"]
    assert all(known(compact([(each["key"], each["value"]) for each in row["columns"]])) for row in rows)


@given(st.tuples(texts, texts, texts))
@example(("1", '","value":"', "2"))
@example(("\\", "\n", "é"))
def test_known_columns_have_the_texts_that_a_parser_finds(found):
    columns = compact(list(zip(KEYS, found, strict=True)))

    assert read(columns) == [((each["key"],), each["value"]) for each in json.loads(columns)]


@given(st.text('{}[]":,\\u0031key"value', max_size=24), st.integers(0, 100), st.integers(0, 30))
@example('","n":"', 25, 0)  # a further key
@example("", 13, 14)  # no value
@example("K", 3, 1)  # no key
@example("\\u0031", 24, 1)
def test_whatever_is_changed_in_known_columns_counts_as_in_unknown_ones(noise, start, length):
    whole = compact(list(zip(KEYS, ("1.5", "na", "-3"), strict=True)))
    damaged = whole[:start] + noise + whole[start + length :]
    assume(damaged != whole)
    kept = dict(layout._forms)
    found = read(damaged)
    layout._forms.clear()

    assert found == read(damaged)
    layout._forms.clear()
    layout._forms.update(kept)


@pytest.mark.parametrize(
    ("changed", "by", "error", "why"),
    [
        ('"value":"2"', '"value":"2","value":"3"', SourceMalformed, "'value' twice"),
        ('"},{"key":"a', '","key":"a', SourceMalformed, "twice"),
        ('"2"', f'"{"2" * 1001}"', SourceContract, r"row\[0\]\.columns\[1\]\.value"),
        ('"3"', f'"{"3" * 1001}"', SourceContract, r"row\[0\]\.columns\[2\]\.value"),
    ],
)
def test_odd_columns_of_known_keys_are_refused(changed, by, error, why):
    columns = compact(list(zip(KEYS, ("1", "2", "3"), strict=True)))
    assert changed in columns

    with pytest.raises(error, match=why):
        read_page(page(columns.replace(changed, by)))


@pytest.mark.parametrize("lengths", [(1000, 0, 1000), (1000, 1000, 1000), (0, 0, 0), (499, 1000, 500)])
def test_known_texts_may_be_as_long_as_allowed(lengths):
    columns = compact([(key, "1" * length) for key, length in zip(KEYS, lengths, strict=True)])

    assert [len(text) for _, text in read(columns)] == list(lengths)


def rows(body: bytes) -> list[Cells] | tuple[type[Exception], str]:
    try:
        return [list(row.cells()) for row in read_page(body).rows]
    except SourceError as error:
        return type(error), error.cause


KNOWN = compact([(key, "1") for key in KEYS])
NESTED = f'[{{"key":"Males","columns":{KNOWN}}}]'


@pytest.mark.parametrize(
    "columns",
    [
        [KNOWN, KNOWN],
        [KNOWN, compact([("2019", "1")]), KNOWN],
        [KNOWN, NESTED],
        [NESTED, NESTED],
        ["0", KNOWN],
        [KNOWN, "0"],
        [KNOWN, f'{KNOWN},"columns":0'],
        [f'0,"columns":{KNOWN}'],
        [f'{KNOWN},"more":{{"columns":{KNOWN}}}'],
        [f'0,"more\\"columns":{KNOWN}'],
        [f'{KNOWN},"footnote":"\\"columns\\":["', KNOWN],
        [f'{KNOWN},"footnote":"a]b: c"', KNOWN],
        [KNOWN.replace('"1"', '"1\n2"', 1)],
        [KNOWN.replace('"1"', '"1\x1f2"', 1)],
        [KNOWN.replace('"1"', '"1]"', 1), KNOWN],
        [KNOWN.replace('"1"', '"1,5"', 1), KNOWN],
        [KNOWN, KNOWN[:-1]],
        [f"{KNOWN}]"],
        [],
    ],
)
def test_a_page_is_read_alike_whether_its_columns_are_known_or_not(columns):
    listed = ",".join(f'{{"seriesNo":"{n}","rowText":"a","columns":{each}}}' for n, each in enumerate(columns))
    body = page(KNOWN).replace(b'{"seriesNo":"1","rowText":"a","columns":' + KNOWN.encode() + b"}", listed.encode())
    found = rows(body)
    layout._forms.clear()

    assert found == rows(body)


def test_known_columns_are_taken_out_of_a_page():
    rest, known = layout.take_known(page(KNOWN))

    assert rest == page("0")
    assert [each.texts for each in known] == [["1", "1", "1"]]


def test_no_more_layouts_are_kept_than_a_table_needs():
    for number in range(2 * layout.LAYOUTS):
        read(compact([(str(number), "1")]))

    assert len(layout._forms) <= layout.LAYOUTS
