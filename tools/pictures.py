"""The pictures of the README and of docs/, drawn from what they show: `make pictures`. It needs Node.js and Chromium.

`digests.json` beside them says what they show; `tests/workflow/test_pictures.py` compares it with what they would
show now.
"""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright
from rich.console import Console

from local.cli import chart, report_pages, terminal
from local.cli.results import RunResult, results
from local.cli.story import load
from local.cli.terminal_chart import print_chart
from local.replay.recordings import load_recordings
from tools.machine_picture import draw

ROOT = Path(__file__).parents[1]
IMAGES, NODE = ROOT / "docs" / "images", ROOT / ".venv" / "node"
DIGESTS = IMAGES / "digests.json"
SINGSTAT = Path(sys.executable).with_name("singstat")
CHARTED = "M212161"
TITLES = {"run.png": "singstat run", "chart.png": f"singstat chart {CHARTED}"}
COLUMNS = 104  # characters of the terminals
SCREEN = ViewportSize(width=820, height=800)
COLOURS = 192  # of a picture as PNG, which keeps it below 300 KB
GRAPHVIZ = """
import { readFileSync } from "node:fs";
import { Graphviz } from "@hpcc-js/wasm-graphviz";
process.stdout.write((await Graphviz.load()).dot(readFileSync(0, "utf8")));
"""
# What differs from run to run.
CHANGING = re.compile(
    r"/links/[\w-]+|\d{8}T\d{6}-[0-9a-f]{4}|\d+\.\d s|\d+ states|0\.\d+ USD|\d+ \w+ 20\d\d, \d\d:\d\d"
)


def graphs() -> dict[str, str]:
    """Graphs in DOT by the name of their picture."""
    machine = json.loads((ROOT / "statemachine" / "pipeline.asl.json").read_text("utf-8"))
    drawn = {path.with_suffix(".svg").name: path.read_text("utf-8") for path in IMAGES.glob("*.dot")}
    return drawn | {"state-machine.svg": draw(machine)}


def terminals(lake: Path) -> dict[str, Console]:
    """What commands print in terminals, by the name of the picture."""
    consoles = {
        name: Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        for name in TITLES
    }
    terminal.print_result(consoles["run.png"], _result(lake))
    print_chart(consoles["chart.png"], chart.read(lake, CHARTED, None).chart)
    return consoles


def first_screen(page: str) -> str:
    """The style of a report, and its HTML up to the end of what changed."""
    style, header = page.index("<style>"), page.index("<header>")
    return page[style : page.index("</style>")] + page[header : page.index("</section>")]


def digests(lake: Path) -> dict[str, str]:
    """A digest of what each picture shows of a lake in which one run published all that is recorded."""
    shown = graphs() | {"report.png": first_screen(report_pages.find(lake).read_text("utf-8"))}
    shown |= {name: console.export_text(clear=False) for name, console in terminals(lake).items()}
    return {name: hashlib.sha256(CHANGING.sub("", text).encode()).hexdigest() for name, text in sorted(shown.items())}


def _result(lake: Path) -> RunResult:
    """The result of the lake's last run, from its records."""
    story, report = load(lake, None), report_pages.find(lake)
    (bucket,) = {path.parents[2] for path in lake.glob(f"*/runs/{story.run_id}/plan.json")}
    ended = [visit.left for visit in story.states if visit.left]
    return RunResult(
        run_id=story.run_id,
        status=story.status,
        tables=results(lake, bucket, story.run_id, story),
        seconds=(max(ended) - story.states[0].entered).total_seconds(),
        states_entered=story.entered,
        cost=story.cost,
        report=report.relative_to(lake.resolve().parent),
    )


def make(lake: Path) -> None:
    """Draw all pictures of a lake in which one run published all that is recorded."""
    for name, graph in graphs().items():
        words = ["node", "--input-type=module", "--eval", GRAPHVIZ]
        done = subprocess.run(words, input=graph, cwd=NODE, capture_output=True, text=True, check=True)
        (IMAGES / name).write_text(done.stdout, "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SCREEN, device_scale_factor=2)
        page.context.set_offline(True)  # a picture of a terminal asks for a font elsewhere
        page.goto(report_pages.find(lake).as_uri())
        _store(page.screenshot(), "report.png")
        for name, console in terminals(lake).items():
            page.set_content(console.export_svg(title=TITLES[name]))
            _store(page.locator("svg").screenshot(), name)
        browser.close()
    DIGESTS.write_text(json.dumps(digests(lake), indent=2) + "\n", "utf-8")


def _store(picture: bytes, name: str) -> None:
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        IMAGES / name, optimize=True
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "lake"
        subprocess.run([SINGSTAT, "run", *sorted(load_recordings()), "--lake", there], check=True)
        make(there)
    for drawn in sorted(IMAGES.iterdir()):
        print(f"{drawn.relative_to(ROOT)}: {drawn.stat().st_size // 1000} KB")  # noqa: T201 - for whoever ran it
