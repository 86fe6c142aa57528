"""The entry point of `singstat`."""

import os
import signal
from typing import NoReturn

INTERRUPTED = 130  # exit code
ADVICE = "interrupted; the same command starts again"


def main() -> None:
    """Run the command. Ctrl-C ends it in one line also while the commands are imported, when nothing has begun."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background job ignores it
        signal.signal(signal.SIGINT, _leave)
    from local.cli import app  # noqa: PLC0415 - takes a while

    app.main()


def _leave(*_: object) -> NoReturn:
    os.write(2, f"singstat: {ADVICE}\n".encode())
    os._exit(INTERRUPTED)
