"""Makes loopback ports reachable from containers by relaying them on the container engine's bridge."""

import re
import shutil
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

LOOPBACK = re.compile(r"http://127\.0\.0\.1:(\d+)")


@contextmanager
def seen_from(bridge: str, text: str) -> Iterator[str]:
    """`text` with each loopback address replaced by one on the bridge that works inside the block.

    Raises `OSError` if the bridge is not an interface of this machine.
    """
    with ExitStack() as open_ports:
        relayed = {port: open_ports.enter_context(_relay(bridge, int(port))) for port in set(LOOPBACK.findall(text))}
        yield LOOPBACK.sub(lambda found: f"http://{bridge}:{relayed[found[1]]}", text)


@contextmanager
def _relay(bridge: str, port: int) -> Iterator[int]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as listener:
                back = threading.Thread(target=_pump, args=(listener, self.request))
                back.start()
                _pump(self.request, listener)
                back.join()

    with socketserver.ThreadingTCPServer((bridge, 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def _pump(source: Any, target: Any) -> None:
    with source.makefile("rb", 0) as read, target.makefile("wb", 0) as written:
        shutil.copyfileobj(read, written)
    target.shutdown(socket.SHUT_WR)
