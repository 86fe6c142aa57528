"""The template as plain CloudFormation, for linters: `python tests/template/translate.py > FILE`."""

import json
import sys
import tempfile
from pathlib import Path

from local.cloud.stack.template import TEMPLATE, load_template

with tempfile.TemporaryDirectory() as folder:
    json.dump(load_template(TEMPLATE, Path(folder)), sys.stdout, indent=1)
