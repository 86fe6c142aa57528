"""Ctrl-C while DuckDB works in the main thread, where Python then handles no signal."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

SWALLOWED = "Query interrupted"  # DuckDB's words for a KeyboardInterrupt


@contextmanager
def interruptible(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A signal that Python handles ends the query of the connection, then the block with the handler's exception."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signalled, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    before = signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)

    def interrupt() -> None:
        if signalled.recv(1):
            with suppress(duckdb.Error):  # closed meanwhile
                con.interrupt()

    watching = threading.Thread(target=interrupt, daemon=True)
    watching.start()
    try:
        yield
    except RuntimeError as error:
        if str(error) == SWALLOWED:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.set_wakeup_fd(before)
        wakeup.close()
        watching.join()
        signalled.close()
