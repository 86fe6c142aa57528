"""Links to reports, for mails and pages. The API opens them for ReportDays."""

import os
from datetime import UTC, date, datetime, timedelta

from pipeline.api import link_token
from pipeline.aws import kms

URL = os.environ["LINKS_URL"]
DAYS = int(os.environ["REPORT_DAYS"])


def link(key: str) -> str:
    """A URL that opens the report at `key`."""
    return f"{URL}/{link_token.create(key, datetime.now(UTC), DAYS, kms.sign)}"


def expiry_date() -> date:
    """The last day (UTC) on which a link created now opens."""
    return (datetime.now(UTC) + timedelta(days=DAYS)).date()
