"""E-mails that SNS would deliver, stored as text files in the lake."""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from local.cloud.iam.calls import Environ, read_call, signed
from local.cloud.wsgi import Response

FOLDER = "mails"


class KeptMail(NamedTuple):
    """A stored e-mail; the first line of its file is the subject."""

    path: Path
    sent: datetime
    subject: str


class Mailbox:
    """Stores every message published to SNS, whether or not the topic has subscribers."""

    def __init__(self, lake: Path) -> None:
        self._folder = lake / FOLDER

    def route(self, environ: Environ) -> Response | None:
        """Store a published message; always None, so moto's SNS answers."""
        signature = signed(environ)
        call = read_call(environ, "sns") if signature and signature[1] == "sns" else None
        if call and call.operation == "Publish":
            self._folder.mkdir(exist_ok=True)
            file = self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.txt"
            file.write_text(f"{call.parameters['Subject']}\n\n{call.parameters['Message']}", "utf-8")
        return None


def mails(lake: Path) -> list[KeptMail]:
    """All e-mails in a lake, oldest first."""
    files = sorted((lake / FOLDER).glob("*.txt"))
    return [KeptMail(file, _sent(file), file.read_text("utf-8").partition("\n")[0]) for file in files]


def _sent(file: Path) -> datetime:
    return datetime.strptime(file.stem, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
