"""Functions import what they need: the drawing layer only where they have it, nothing heavier; they make no client."""

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
HEAVY = ("duckdb", "moto", "pandas", "polars", "pyarrow", "requests")  # no function's, anywhere
LOADED = f"""
import sys, boto3
print(*sorted(sys.modules.keys() & {LAYER + HEAVY!r}), *["a client"] * (boto3.DEFAULT_SESSION is not None))
"""


def handlers(*, drawing: bool) -> list[str]:
    return [
        body["Properties"]["Handler"].removesuffix(".handler")
        for body in RESOURCES.values()
        if isinstance(body, dict)
        and body["Type"] == "AWS::Serverless::Function"
        and ({"Ref": "DrawingLayer"} in body["Properties"].get("Layers", [])) is drawing
    ]


def loaded(*modules: str, then: str = "") -> list[str]:
    """What an import of functions loads of the layer and of heavy packages, as in Lambda, with their own variables.

    And "a client" if it makes one of boto3's. `then` is code that runs afterwards.
    """
    names = {name for module in modules for name in variables(module)}
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"} | dict.fromkeys(names, "1")
    environment["MPLCONFIGDIR"] = tempfile.gettempdir()  # where matplotlib writes its list of fonts
    command = [sys.executable, "-c", f"import {', '.join(modules)}\n{then}\n{LOADED}"]
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


def test_functions_without_the_layer_load_none_of_its_packages_and_make_no_client():
    assert loaded(*handlers(drawing=False)) == []


@pytest.mark.parametrize("handler", handlers(drawing=True))
def test_a_function_with_the_layer_loads_matplotlib_for_its_first_chart_only(handler):
    before, after = (
        loaded(handler),
        loaded(handler, then="from pipeline.rendering import drawing; drawing.canvas(1, 1)"),
    )

    assert not {*HEAVY, "client", "matplotlib", "numpy"} & set(before)
    assert {"matplotlib", "numpy"} == {"matplotlib", "numpy"} & set(after)
    assert not {*HEAVY, "client"} & set(after)


@pytest.mark.parametrize(("charges", "drawn"), [("", False), ("Charge(day, 'KMS', Decimal(1))", True)])
def test_a_cost_report_of_nothing_loads_no_matplotlib(charges, drawn):
    page = f"""
from datetime import date; from decimal import Decimal
from pipeline.billing.bill import Bill, Charge; from pipeline.billing.page import page
from pipeline.billing.summary import summarise
day = date(2026, 11, 23)
page(summarise(day, "singstat", Bill([{charges}]), []))"""

    assert ("matplotlib" in loaded("cost_report", then=page)) is drawn
