"""Write the Power BI project: `.venv/bin/python powerbi/generate.py`. Files it no longer generates are deleted."""

import shutil
from pathlib import Path

from powerbi.generator.project import project

HERE = Path(__file__).parent

if __name__ == "__main__":
    for item in ("SingStat.SemanticModel", "SingStat.Report"):
        shutil.rmtree(HERE / item, ignore_errors=True)
    for path, text in project().items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8", newline="\n")
