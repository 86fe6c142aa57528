"""DataBrew's recipe actions on the laptop do what is documented."""

import json
from decimal import Decimal

import duckdb
import pytest

from local.cloud.services.recipe import StepError, apply
from tests.local.documented import REFUSED, rows


@pytest.mark.parametrize("row", rows("recipe-actions"), ids=lambda row: row["step"][24:90])
def test_recipe_actions(row: dict[str, str]) -> None:
    """Columns of text, in any order of the rows; decimals and dates as text."""
    given = json.loads(row["given"])
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE data ({', '.join(f'{name} VARCHAR' for name in given)})")
        con.executemany(
            f"INSERT INTO data VALUES ({', '.join('?' * len(given))})", list(zip(*given.values(), strict=True))
        )
        try:
            answer = con.execute(f'FROM "{apply(con, [json.loads(row["step"])], "data")}"')
        except StepError as error:
            assert row["expected"] == (REFUSED if f"{REFUSED}: " in str(error) else "fails")
            return
        names = [column[0] for column in answer.description]
        found = sorted(answer.fetchall(), key=repr)
    expected = json.loads(row["expected"])
    texts = [
        tuple(
            one if isinstance(one, str | int | float | None) else f"{one:f}" if isinstance(one, Decimal) else str(one)
            for one in line
        )
        for line in found
    ]
    assert names == list(expected)
    assert sorted(texts, key=repr) == sorted(zip(*expected.values(), strict=True), key=repr)
