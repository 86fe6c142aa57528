"""Scripts of what a source does wrong: faults that turn the right answer to a request into a wrong one."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from local.replay.rules import Answer, Request
from local.replay.server import Replay

Fault = Callable[[Request, Answer, int], Answer]
"""What is sent, by the request, the right answer, and how often this endpoint of the table was asked before."""


class Misbehaving:
    """A replay of which each table follows its script; a table without one is served as it is.

    `requests` counts by table and endpoint, `sent` has the SHA-256 of every body with status 200 by table;
    `broken` lists the scripts that failed themselves.
    """

    def __init__(self, replay: Replay) -> None:
        self.scripts: dict[str, Fault] = {}
        self.requests: Counter[tuple[str, str]] = Counter()
        self.broken: list[str] = []
        self.sent: dict[str, set[str]] = defaultdict(set)
        self._usual, self._lock = replay.answer, threading.Lock()
        replay.answer = self._answer

    def _answer(self, request: Request) -> Answer:
        *_, endpoint, table_id = request.path.split("/")
        with self._lock:
            before = self.requests[table_id, endpoint]
            self.requests[table_id, endpoint] += 1
        answer, fault = self._usual(request), self.scripts.get(table_id)
        if fault:
            try:
                answer = fault(request, answer, before)
            except ConnectionError:
                raise
            except Exception as error:
                self.broken.append(f"{table_id}: {error!r:.300}")
                raise
        if answer.status == 200:
            self.sent[table_id].add(sha256(answer.body).hexdigest())
        return answer


def on_data(fault: Fault) -> Fault:
    return lambda request, right, n: fault(request, right, n) if "/tabledata/" in request.path else right


def on_metadata(fault: Fault) -> Fault:
    return lambda request, right, n: fault(request, right, n) if "/metadata/" in request.path else right


def on_first_page(fault: Fault) -> Fault:
    return on_data(lambda request, right, n: right if request.parameter("offset") else fault(request, right, n))


def on_later_pages(fault: Fault) -> Fault:
    return on_data(lambda request, right, n: fault(request, right, n) if request.parameter("offset") else right)


def once(fault: Fault) -> Fault:
    return lambda request, right, n: right if n else fault(request, right, n)


def in_turn(*faults: Fault) -> Fault:
    """Each fault once, then the right answer."""
    return lambda request, right, n: faults[n](request, right, n) if n < len(faults) else right


def both(*faults: Fault) -> Fault:
    """One fault on what the other makes of the answer."""

    def all_of_them(request: Request, answer: Answer, n: int) -> Answer:
        for fault in faults:
            answer = fault(request, answer, n)
        return answer

    return all_of_them


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    """`headers` with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda *_: Answer(code, body, "text/html", named)


def hang_up(*_: Any) -> Answer:
    raise ConnectionResetError


def body(change: Callable[[bytes], bytes], content_type: str = "application/json", **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _, right, __: Answer(right.status, change(right.body), content_type, named)


def replacing(old: str, new: str | bytes, count: int = -1) -> Fault:
    """Replace text in the body, which must have it."""
    by = new if isinstance(new, bytes) else new.encode()

    def change(whole: bytes) -> bytes:
        assert old.encode() in whole, (old, whole)
        return whole.replace(old.encode(), by, count)

    return body(change)


def envelope(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Change the decoded body in place, or replace it by what `change` returns."""

    def apply(whole: bytes) -> bytes:
        decoded = json.loads(whole)
        changed = change(decoded)
        return json.dumps(decoded if changed is None else changed, ensure_ascii=False).encode("utf-8", "surrogatepass")

    return body(apply)


def data(change: Callable[[Any], Any]) -> Fault:
    """Change `Data` in place, or replace it by what `change` returns; the header of metadata is its `records`."""

    def apply(decoded: dict[str, Any]) -> None:
        changed = change(decoded["Data"].get("records", decoded["Data"]))
        if changed is not None:
            decoded["Data"] = changed

    return envelope(apply)


def fields(**values: Any) -> Fault:
    """Set fields of the header; `...` removes one."""

    def apply(header: dict[str, Any]) -> None:
        for name, value in values.items():
            if value is ...:
                header.pop(name, None)
            else:
                header[name] = value

    return data(apply)


def no_records(_: Any) -> Any:
    return {"Data": "No records found", "DataCount": 0, "StatusCode": 200, "Message": ""}
