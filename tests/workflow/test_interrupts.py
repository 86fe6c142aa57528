"""Ctrl-C in a real terminal: nothing is left behind, and what a run has stored is used when it goes on."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pexpect
import psutil
import pytest

from local.cloud.lock import Lock
from local.replay.rules import Answer
from tests.support.laptop import SINGSTAT
from tests.support.waiting import PATIENCE, wait_for

HEAVY = "SELECT count(*) FROM monthly a, monthly b, monthly c WHERE a.value + b.value > c.value"
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`singstat WORDS` in a terminal; its temporary files go to a folder of their own."""

    def __init__(self, folder: Path, *words: str, columns: int = 80, **variables: str) -> None:
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "TMPDIR": str(self.temporary)}
        self.process = pexpect.spawn(
            str(SINGSTAT),
            list(words),
            env=environment | variables,
            dimensions=(60, columns),
            encoding="utf-8",
            codec_errors="replace",  # the terminal shows ^C amid the bytes of a character
            timeout=PATIENCE,
        )

    def interrupt(self) -> list[psutil.Process]:
        """Type Ctrl-C, impatiently twice; the processes that it had started."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.sendintr()
        time.sleep(0.05)
        if self.process.isalive():
            self.process.sendintr()
        return started

    def left(self) -> list[Path]:
        """Its temporary files; matplotlib keeps a cache of the fonts."""
        return [path for path in self.temporary.iterdir() if path.name not in (".cache", ".config")]

    def end(self) -> tuple[int | None, str]:
        """Its exit code and all that it has printed, without control characters."""
        self.process.expect(pexpect.EOF)
        self.process.close()
        return self.process.exitstatus, CONTROL.sub("", str(self.process.before)).replace("\r\n", "\n")


def nothing_is_left(terminal: Terminal, started: list[psutil.Process], lake: Path) -> bool:
    wait_for(lambda: not any(process.is_running() for process in started))
    lock = Lock(lake)
    lock.take()
    lock.release()
    return terminal.left() == []


def test_a_run_that_is_interrupted_goes_on_with_what_it_has(lake, replay, tmp_path):
    done, half, usual, asked, released = "M810361", "M212161", replay.answer, [], threading.Event()

    def stop_at_half(request):
        asked.append(request.path.rpartition("/tabledata/")[2])
        if asked[-1] == half and not released.is_set():
            released.wait(PATIENCE)
            return Answer(503, b"")
        return usual(request)

    replay.answer = stop_at_half
    place = ["--lake", str(lake), "--base-url", replay.url]
    terminal = Terminal(tmp_path, "run", done, half, *place)
    wait_for(lambda: list(lake.glob(f"*/runs/*/tables/{done}.json")) and half in asked)
    time.sleep(2)  # until the state machine has noted that the table is done
    started = terminal.interrupt()
    code, text = terminal.end()

    (run,) = (path.stem for path in lake.glob(".executions/*.json"))
    assert (code, len(started) > 2) == (130, True), text
    assert f"singstat: stopped the run {run}: `singstat redrive {run}` goes on" in text
    assert "Traceback" not in text
    assert nothing_is_left(terminal, started, lake)

    released.set()
    code, text = Terminal(tmp_path, "redrive", *place, columns=60).end()
    table = text[text.index(" table ") : text.index("succeeded:")]

    assert code == 0, text
    assert (asked.count(done), asked.count(half)) == (1, 2)
    assert max(map(len, table.splitlines())) <= 60
    assert all(word in table for word in (done, half, "Key Indicators", "Housing And", "Development", "2026-07-24"))

    code, text = Terminal(tmp_path, "run", done, half, *place, NO_COLOR="1").end()
    assert (code, text.count("unchanged")) == (0, 2), text


def test_a_function_that_is_killed_leaves_no_temporary_file(lake, tmp_path):
    terminal = Terminal(tmp_path, "run", "M810361", "--lake", str(lake))
    terminal.process.expect("WriteReport")
    started = terminal.interrupt()
    code, text = terminal.end()

    assert (code, "goes on" in text, "Traceback" in text) == (130, True, False), text
    assert nothing_is_left(terminal, started, lake)


@pytest.mark.parametrize("words", [["query", HEAVY], ["chart", "M212161"]])
def test_a_command_that_only_reads_ends_at_once(words, published, tmp_path):
    lake, _ = published
    terminal = Terminal(tmp_path, *words, "--lake", str(lake))
    if words[0] == "query":
        wait_for(lambda: psutil.Process(terminal.process.pid).cpu_times().user > 2)
    else:
        time.sleep(0.2)
    terminal.interrupt()
    code, text = terminal.end()

    assert (code, "Traceback" in text) == (130, False), text
    assert "singstat: interrupted; the same command starts again" in text
    assert terminal.left() == []


def test_an_interrupt_while_the_arguments_are_read_is_told_as_any_other():
    interrupted = """
import signal
from local.cli import command, entry
command.Commands.parse_args = lambda *_: signal.raise_signal(signal.SIGINT)
entry.main()
"""
    process = subprocess.run(
        [sys.executable, "-c", interrupted], capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert (process.returncode, process.stdout) == (130, "")
    assert process.stderr == "singstat: interrupted; the same command starts again\n"


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_shows_colours_unless_no_color_is_set(variables, coloured, published, tmp_path):
    terminal = Terminal(tmp_path, "explain", "--lake", str(published[0]), **variables)
    terminal.process.expect(pexpect.EOF)

    assert bool(COLOUR.search(terminal.process.before)) is coloured
    assert "SUCCEEDED" in terminal.process.before
