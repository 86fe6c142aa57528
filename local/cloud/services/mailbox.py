"""Mails that SNS would deliver, kept as text files in the lake."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from local.cloud.iam.calls import Environ, read_call, signed
from local.cloud.wsgi import Response

FOLDER = "mails"


class KeptMail(NamedTuple):
    """A mail and where it is kept; the file's first line is the subject."""

    path: Path
    sent: datetime
    subject: str


class Mailbox:
    """Keeps what is published to SNS; whether anybody has subscribed is not asked."""

    def __init__(self, lake: Path) -> None:
        self._folder = lake / FOLDER

    def route(self, environ: Environ) -> Response | None:
        """Keeps a mail that passes by; SNS itself answers."""
        found = signed(environ)
        call = read_call(environ, "sns") if found and found[1] == "sns" else None
        if call and call.operation == "Publish":
            self._folder.mkdir(exist_ok=True)
            file = self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.txt"
            file.write_text(f"{call.parameters['Subject']}\n\n{call.parameters['Message']}", "utf-8")
        return None


def mails(lake: Path) -> list[KeptMail]:
    """All mails that a lake keeps, oldest first."""
    files = sorted((lake / FOLDER).glob("*.txt"))
    return [KeptMail(file, _sent(file), file.read_text("utf-8").partition("\n")[0]) for file in files]


def _sent(file: Path) -> datetime:
    return datetime.strptime(file.stem, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
