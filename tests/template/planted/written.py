"""Defects of the source: the template, the functions, the worker's script and the sample events."""

from tests.template.planted.defect import Defect, having, marked, parameter, put, writing
from tests.template.rules import declarations, quotas

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
        declarations.costs_can_be_told_apart, "DataBucket", having("DataBucket", Tags=[])
    ),
    "a tag is not the stack's name": Defect(
        declarations.costs_can_be_told_apart,
        "DataBucket",
        having("DataBucket", Tags=[{"Key": "application", "Value": "other"}]),
    ),
    "a deployment tags with another name": Defect(
        declarations.costs_can_be_told_apart,
        "samconfig.toml",
        writing("samconfig.toml", 'tags = "application=singstat"'),
    ),
    "the bill is of another application": Defect(
        declarations.costs_can_be_told_apart,
        "CostReportFunction",
        having("CostReportFunction", "Environment", "Variables", APPLICATION="other"),
    ),
    "a list of tables does not fit into a function": Defect(
        quotas.environments_are_within_their_quota, "PlanRunFunction", parameter("MonthlyTables", MaxLength=4000)
    ),
    "a list of tables has no end": Defect(
        quotas.environments_are_within_their_quota,
        "MonthlyTables: give it MaxLength",
        parameter("MonthlyTables", MaxLength=None),
    ),
    "the user data are too long": Defect(
        quotas.user_data_is_within_its_quota, "ec2/user_data.sh", writing("ec2/user_data.sh", "#" * 16_384)
    ),
    "SingStat is asked over plain HTTP": Defect(
        declarations.source_url_is_encrypted_and_unquoted,
        "SourceUrl: it accepts http://example.org",
        parameter("SourceUrl", AllowedPattern="^https?://[a-z0-9.:/]+$"),
    ),
    "a quotation mark reaches a shell": Defect(
        declarations.source_url_is_encrypted_and_unquoted,
        "SourceUrl: it accepts https://a.example/'",
        parameter("SourceUrl", AllowedPattern="^https://.+$"),
    ),
    "an exception has no reason": Defect(
        declarations.every_exception_has_its_reason,
        "CKV_AWS_1",
        marked("DataBucket", Metadata={"checkov": {"skip": [{"id": "CKV_AWS_1", "comment": " "}]}}),
    ),
}
