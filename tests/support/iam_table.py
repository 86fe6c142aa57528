"""`docs/iam.md`: the grants of each role, their reasons and use. As a script, regenerates the page."""

import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from local.cloud.stack.template import TEMPLATE
from tests.support import branches

PAGE = TEMPLATE.parent / "docs" / "iam.md"
COMMAND = ".venv/bin/python -m tests.support.iam_table"
ALL = "*"
BROWSES = "the ODBC driver, notebooks and consoles look around before they ask"

# What is granted and never called on a laptop: the role, the statement, the action or ALL of them.
NOT_ON_A_LAPTOP = {
    ("CostReportFunctionRole", "", ALL): "Lambda keeps what the function could not do",
    ("CostReportScheduleRole", "SendToDeadLetterQueue", ALL): "the laptop has no scheduler",
    ("CostReportScheduleRole", "InvokeTheReport", ALL): "the laptop has no scheduler",
    ("CostReportScheduleRole", "UseTheKey", ALL): "the laptop has no scheduler",
    ("CatalogueScheduleRole", "SendToDeadLetterQueue", ALL): "the laptop has no scheduler",
    ("CatalogueScheduleRole", "StartTheRefresh", ALL): "the laptop has no scheduler",
    ("CatalogueScheduleRole", "UseTheKey", ALL): "the laptop has no scheduler",
    ("CrawlerRole", "WriteCrawlLogs", ALL): "the crawler of AWS writes a log",
    (
        "CrawlerRole",
        "WriteTheStagedTable",
        "glue:GetPartitions",
    ): "the crawler of AWS lists the partitions of old crawls",
    (
        "CrawlerRole",
        "WriteTheStagedTable",
        "glue:UpdatePartition",
    ): "only the crawler of AWS has old partitions inherit",
    ("HandleFailureFunctionRole", "", ALL): "Lambda keeps an event that the function could not handle",
    ("PipelineRole", "DeliverExecutionLog", ALL): "Step Functions sets up its own log",
    ("PipelineRole", "WriteTraces", ALL): "Step Functions writes traces",
    ("ReaderPolicy", "BrowseTheCatalogue", ALL): BROWSES,
    ("ReaderPolicy", "ListWorkgroupsAndCatalogues", ALL): BROWSES,
    ("ReaderPolicy", "QueryInTheReadersWorkgroup", "athena:GetQueryResultsStream"): "used only by drivers",
    ("ReaderPolicy", "QueryInTheReadersWorkgroup", "athena:GetWorkGroup"): BROWSES,
    ("ReaderPolicy", "ReadThePublishedSchema", "glue:GetDatabases"): BROWSES,
    ("ReaderPolicy", "ReadThePublishedSchema", "glue:GetTables"): BROWSES,
    ("ReaderPolicy", "WriteAndReadResults", "s3:AbortMultipartUpload"): "a result is stored in one piece",
    ("ReaderPolicy", "WriteAndReadResults", "s3:ListMultipartUploadParts"): "a result is stored in one piece",
    ("SchedulerRole", "SendToDeadLetterQueue", ALL): "the laptop has no scheduler",
    ("SchedulerRole", "StartTheRun", ALL): "the laptop has no scheduler",
    ("SchedulerRole", "UseTheKey", ALL): "the laptop has no scheduler",
    ("StartVerificationFunctionRole", "WriteTheResult", "s3:AbortMultipartUpload"): "a result is stored in one piece",
    ("TransformRole", "WriteJobLogs", ALL): "the jobs of AWS write a log",
    ("TransformRole", "WriteStagedData", "s3:GetObject"): "only Spark reads back what it has written",
}
# Statements on every resource.
ON_EVERYTHING = {
    ("CostReportFunctionRole", "ReadTheBill"): "the action does not support resource-level permissions",
    ("HandleFailureFunctionRole", "FindTheRunsInstances"): "the action does not support resource-level permissions",
    (
        "DownloadLargeTableFunctionRole",
        "LaunchFromTemplate",
    ): "new resources have no ARN yet; nothing may differ from the launch template",
    ("PipelineRole", "DeliverExecutionLog"): "the actions do not support resource-level permissions",
    ("PipelineRole", "WriteTraces"): "the actions do not support resource-level permissions",
    ("PublishRecipeFunctionRole", "FindJobsAndDatasets"): "the actions do not support resource-level permissions",
    ("ReaderPolicy", "ListWorkgroupsAndCatalogues"): "the actions do not support resource-level permissions",
    (
        "StartTransformFunctionRole",
        "CreateTheRunsDatasetAndJob",
    ): "the actions do not support resource-level permissions; the tag is given",
}
# The template's own policy that one of its roles has attached.
OWN = "ReaderPolicy"
# AWS's policies that SAM attaches to every function.
MANAGED = {
    "AWSLambdaBasicExecutionRole": "the function writes its log",
    "AWSXrayWriteOnlyAccess": "the function writes traces",
}
FOR_THE_API_LOG = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
HEAD = f"""# IAM permissions

Each function, the state machine, the worker and each service that acts on our behalf has its own role. A test runs
every branch of the pipeline on the laptop, where each call is authorized by these policies. It fails for a call that is
not granted, and for a grant that is not used unless the last column gives the reason. *Implied*: AWS acts on the
caller's behalf. This page is generated from `template.yaml` and that test; to regenerate it:
`{COMMAND}`

SAM also attaches two AWS managed policies to every function:
{", ".join(f"`{name}` ({why})" for name, why in MANAGED.items())}. `ApiLogRole` has
only the managed policy that API Gateway requires, `{FOR_THE_API_LOG.rpartition("/")[2]}`. `{OWN}` is not a role but a
policy to attach to readers ([readers.md](readers.md)), and to `QuickSightRole` if QuickSight is enabled.
"""


def page(observed: branches.Observed) -> str:
    """The page as Markdown."""
    by_role: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for grant in observed["grants"]:
        by_role[grant["role"]].append(grant)
    return "\n".join([HEAD, *(section(role, by_role[role], observed) for role in sorted(by_role))])


def section(role: str, grants: list[dict[str, Any]], observed: branches.Observed) -> str:
    lines = [f"## {role}", "", "| action | resource | reason | used |", "|---|---|---|---|"]
    for grant in grants:
        by_use: dict[str, list[str]] = defaultdict(list)
        for action in grant["actions"]:
            by_use[used(role, grant["sid"], action, observed["uses"])].append(f"`{action}`")
        target = "<br>".join([*(where(text, observed["names"]) for text in grant["resources"]), *conditions(grant)])
        why = words(grant["sid"]) or "added by SAM"
        lines += [f"| {'<br>'.join(actions)} | {target} | {why} | {use} |" for use, actions in by_use.items()]
    return "\n".join([*lines, ""])


def used(role: str, sid: str, action: str, uses: list[Any]) -> str:
    """How an action was used, or why it cannot be."""
    ways = {use[4] for use in uses if tuple(use[:3]) == (role, sid, action)}
    if ways:
        return "; ".join(["called"] * ("" in ways) + [f"implied by {way}" for way in sorted(ways - {""})])
    reason = NOT_ON_A_LAPTOP.get((role, sid, action)) or NOT_ON_A_LAPTOP.get((role, sid, ALL))
    return f"not on a laptop: {reason}" if reason else "**never**"


def where(resource: str, names: dict[str, str]) -> str:
    """A resource without the common parts of its ARN, named as in the template."""
    if resource == ALL:
        return "all resources"
    service, name = resource.split(":", 5)[2::3]
    if service == "s3":
        bucket, _, key = name.partition("/")
        return words(names[bucket]) + (f" `{key}`" if key else "")
    kind, mark, rest = re.split("([:/])", name, maxsplit=1) if re.search("[:/]", name) else ("", "", name)
    return words(rest) if kind == "key" else f"`{names.get(rest, f'{kind}{mark}{rest}')}`"


def conditions(grant: dict[str, Any]) -> list[str]:
    found = [(key, [value.split(":")[-1] for value in values]) for key, values in grant["conditions"]]
    return [f"if `{key}` is `{'` or `'.join(values)}`" for key, values in found]


def words(sid: str) -> str:
    """`ReadTallyAndManifests` as words."""
    text = " ".join(re.findall("[A-Z][a-z]*", sid)).lower()
    return re.sub(r"\b(run|pipeline)s (?=\w)", r"\1's ", text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(branches.observe(Path(folder))), "utf-8")
    sys.stdout.write(f"Wrote {PAGE}.\n")
