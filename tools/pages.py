"""The pages as a site: `make docs`. README.md, docs/ and the files that they link to, laid out as in the repository.

So links work in the site as they do on GitHub. Exit code 1: a link leads to no page or heading.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILT = Path("build", "docs")
ZENSICAL = Path(sys.executable).with_name("zensical")
LINK, COLOUR = re.compile(r"\]\(([^)\s:#]+)"), re.compile(r"\x1b\[[\d;]*m")
FOUND = f"""pages, links: clean; open {BUILT}/site/index.html
with its search: .venv/bin/python -m http.server --directory {BUILT}/site
"""


def stage(folder: Path) -> None:
    """Copy the pages, what they link to and the configuration into a new `folder`."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    linked = {(page.parent / link).resolve() for page in pages for link in LINK.findall(page.read_text("utf-8"))}
    for file in {*pages, *filter(Path.is_file, linked)}:
        there = folder / "pages" / file.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, there)
    shutil.copy(ROOT / "zensical.toml", folder)


def build(folder: Path) -> str:
    """Make `site` in a staged `folder`; what is said of links that lead to no page or heading, "" if there are none."""
    words: list[str | Path] = [ZENSICAL, "build", "--strict", "--config-file", folder / "zensical.toml"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return COLOUR.sub("", done.stdout + done.stderr) if done.returncode else ""


def main() -> int:
    """Stage and build; print where the site lies, or what is wrong."""
    shutil.rmtree(ROOT / BUILT, ignore_errors=True)
    stage(ROOT / BUILT)
    wrong = build(ROOT / BUILT)
    sys.stdout.write(wrong or FOUND)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
