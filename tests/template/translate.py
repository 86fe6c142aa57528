"""The template as plain CloudFormation, for linters: `python tests/template/translate.py > FILE`."""

import json
import sys
import tempfile
from pathlib import Path

from local.cloud.stack.template import TEMPLATE, load_template

with tempfile.TemporaryDirectory() as folder:
    template = load_template(TEMPLATE, Path(folder))
for body in template["Resources"].values():
    if body["Type"] == "AWS::CloudFormation::Stack":  # `sam package` would have uploaded it
        body["Properties"]["TemplateURL"] = f"https://bucket.s3.amazonaws.com/{body['Properties']['TemplateURL']}"
json.dump(template, sys.stdout, indent=1)
