"""What draws is loaded by the functions that have the layer, and by no other."""

import os
import subprocess
import sys
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
    """Which of the layer's packages are there after an import of functions, as Lambda imports them."""
    named = {name for line in RESOURCES.values() if isinstance(line, dict) for name in variables(line)}
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"} | dict.fromkeys(named, "1")
    command = [sys.executable, "-c", f"import {', '.join(modules)}; {LOADED}"]
    done = subprocess.run(
        command, cwd=ROOT / "functions", env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def variables(body: dict) -> dict:
    return body.get("Properties", {}).get("Environment", {}).get("Variables", {})


def test_the_functions_without_the_layer_load_nothing_of_it():
    assert loaded(*handlers(drawing=False)) == []


@pytest.mark.parametrize("handler", handlers(drawing=True))
def test_a_function_with_the_layer_draws(handler):
    assert "matplotlib" in loaded(handler)
