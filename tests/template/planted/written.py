"""Defects of what is written: in the template's text, the functions, the worker's script, the samples."""

from tests.template.planted.defect import Defect, having, marked, parameter, put, writing
from tests.template.rules import declarations

DEFECTS = {
    "an account's id is written down": Defect(
        declarations.nothing_belongs_to_one_account, "210987654321", writing("template.yaml", "# of 210987654321")
    ),
    "a region is written down": Defect(
        declarations.nothing_belongs_to_one_account, "eu-west-1", writing("functions/notify.py", 'REGION = "eu-west-1"')
    ),
    "a bucket is written down": Defect(
        declarations.nothing_belongs_to_one_account, "s3://mine", writing("functions/notify.py", "# s3://mine/")
    ),
    "a mail address is written down": Defect(
        declarations.nothing_belongs_to_one_account, "me@example.org", writing("events/notify.json", "me@example.org")
    ),
    "a partition is written down": Defect(
        declarations.nothing_belongs_to_one_account, "AWS::Partition", writing("template.yaml", "# arn:aws:s3:::x")
    ),
    "a bucket has a fixed name": Defect(
        declarations.no_bucket_has_a_fixed_name,
        "DataBucket",
        lambda app: put(app.template["Resources"]["DataBucket"]["Properties"], {"BucketName": "singstat"}),
    ),
    "a password is in the user data": Defect(
        declarations.no_secret_is_written_down,
        "ec2/user_data.sh",
        writing("ec2/user_data.sh", "export DB_PASSWORD=correct-horse"),
    ),
    "an access key is in a sample": Defect(
        declarations.no_secret_is_written_down, "events/notify.json", writing("events/notify.json", f"AKIA{'A1' * 8}")
    ),
    "a token is in a function": Defect(
        declarations.no_secret_is_written_down,
        "functions/notify.py",
        writing("functions/notify.py", f'API_TOKEN = "{"a1" * 8}"'),
    ),
    "a token is in a variable": Defect(
        declarations.no_secret_is_written_down,
        "API_TOKEN",
        lambda app: put(app.template["Globals"]["Function"]["Environment"]["Variables"], {"API_TOKEN": "a1" * 16}),
    ),
    "a parameter is not explained": Defect(
        declarations.every_parameter_is_explained, "PollSeconds", parameter("PollSeconds", Description=None)
    ),
    "a parameter is explained at length": Defect(
        declarations.every_parameter_is_explained, "PollSeconds", parameter("PollSeconds", Description="One. Two.")
    ),
    "a parameter has no type": Defect(
        declarations.every_parameter_is_limited, "PollSeconds: give it a Type", parameter("PollSeconds", Type=None)
    ),
    "a parameter takes any text": Defect(
        declarations.every_parameter_is_limited, "SourceUrl", parameter("SourceUrl", AllowedPattern=None)
    ),
    "a parameter takes any number": Defect(
        declarations.every_parameter_is_limited, "PollSeconds", parameter("PollSeconds", MaxValue=None)
    ),
    "costs cannot be told apart": Defect(
        declarations.costs_can_be_told_apart,
        "DataBucket",
        lambda app: (app.texts.update({"samconfig.toml": ""}), having("DataBucket", Tags=[])(app)),
    ),
    "an exception has no reason": Defect(
        declarations.every_exception_has_its_reason,
        "CKV_AWS_1",
        marked("DataBucket", Metadata={"checkov": {"skip": [{"id": "CKV_AWS_1", "comment": " "}]}}),
    ),
}
