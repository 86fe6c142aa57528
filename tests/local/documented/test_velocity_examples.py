"""API Gateway's mapping templates on the laptop are rendered as documented."""

import pytest
from airspeed import TemplateError

from local.cloud.api.velocity import Input, render
from tests.local.documented import REFUSED, rows

PARAMETERS = {"path": {"id": "a"}, "querystring": {"q": "1"}, "header": {"X": "it's"}}


@pytest.mark.parametrize("row", rows("velocity"), ids=lambda row: row["template"][:70])
def test_mapping_templates(row: dict[str, str]) -> None:
    context = {"requestId": "request-1", "responseOverride": {"header": {}}}
    try:
        found = render(row["template"], Input(row["body"], PARAMETERS), context)
    except TemplateError as error:
        found = REFUSED if f"{REFUSED}: " in str(error) else "fails"
    assert found == row["expected"]
