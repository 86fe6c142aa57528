"""Only functions with the drawing layer import its packages."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
RESOURCES = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))["Resources"]
LAYER = ("matplotlib", "numpy", "PIL", "jinja2", "markupsafe", "xlsxwriter")
LOADED = f"import sys; print(*sorted(sys.modules.keys() & {LAYER!r}))"


def handlers(*, drawing: bool) -> list[str]:
    return [
        body["Properties"]["Handler"].removesuffix(".handler")
        for body in RESOURCES.values()
        if isinstance(body, dict)
        and body["Type"] == "AWS::Serverless::Function"
        and ({"Ref": "DrawingLayer"} in body["Properties"].get("Layers", [])) is drawing
    ]


def loaded(*modules: str) -> list[str]:
    """The layer's packages that are loaded after importing functions as Lambda does, with their own variables."""
    names = {name for module in modules for name in variables(module)}
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"} | dict.fromkeys(names, "1")
    environment["MPLCONFIGDIR"] = tempfile.gettempdir()  # where matplotlib writes its list of fonts
    command = [sys.executable, "-c", f"import {', '.join(modules)}; {LOADED}"]
    done = subprocess.run(
        command, cwd=ROOT / "functions", env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def variables(module: str) -> dict:
    (properties,) = (
        body["Properties"]
        for body in RESOURCES.values()
        if isinstance(body, dict) and body.get("Properties", {}).get("Handler") == f"{module}.handler"
    )
    return properties.get("Environment", {}).get("Variables", {})


def test_functions_without_the_layer_load_none_of_its_packages():
    assert loaded(*handlers(drawing=False)) == []


@pytest.mark.parametrize("handler", handlers(drawing=True))
def test_a_function_with_the_layer_loads_matplotlib(handler):
    assert "matplotlib" in loaded(handler)
