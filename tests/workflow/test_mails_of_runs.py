"""Which mails runs send, on the laptop's AWS: kept as files, with links that open the report."""

import re
from pathlib import Path

import requests

from local.cli.serve import serving
from local.cloud.services.mailbox import mails
from tests.support.laptop import Laptop

TABLE, OTHER, UNKNOWN = "M400751", "M810001", "M999999"


def told(lake: Path, *runs: str) -> dict[str, str]:
    """The mails about some runs: texts by subject."""
    kept = [mail for mail in mails(lake) if any(run in mail.subject for run in runs)]
    return {mail.subject: mail.path.read_text("utf-8") for mail in kept}


def test_news_are_mailed_once_with_links_that_open_and_an_unchanged_run_is_silent(laptop: Laptop) -> None:
    first = laptop.run(TABLE)
    again = laptop.run(TABLE)
    assert again.status == "SUCCEEDED"
    ((subject, text),) = told(laptop.lake, first.run_id, again.run_id).items()
    assert subject == f"SingStat: 1 table published ({first.run_id})"
    assert f"Cost: about {first.cost.usd} USD" in text
    with serving(laptop.aws, authenticated=False) as door:
        report, data = (
            requests.get(door.url + link, timeout=30).content
            for link in re.findall(r"^http://[^/]+(/links/\S+)$", text, re.M)
        )
    assert report == first.report.read_bytes()
    assert data == first.report.with_name("data.xlsx").read_bytes()


def test_a_failed_table_makes_one_mail_though_the_execution_fails(laptop: Laptop) -> None:
    result = laptop.run(OTHER, UNKNOWN)
    laptop.aws.rules.finish()

    assert result.status == "FAILED"
    ((subject, text),) = told(laptop.lake, result.run_id).items()
    assert subject == f"SingStat: 1 table failed, 1 published ({result.run_id})"
    assert f'{{"tables": ["{UNKNOWN}"]}}' in text
    assert "Next: look for its successor" in text
