"""The points at which a function waits for AWS, and what AWS does there: each case is a run of one table."""

from tests.support.aws_faults import Kind, Point, Rule

WRITES = {
    "PlanRun": ["s3:PutObject", "s3:PutObject 2"],
    "CheckTables": ["s3:PutObject"],
    "DownloadTable": [f"s3:PutObject {number}" for number in range(1, 7)],
    "TallyDownloads": ["s3:PutObject"],
    "StartTransform": ["databrew:CreateDataset", "databrew:CreateRecipeJob", "databrew:StartJobRun"],
    "StagePartitions": ["databrew:DeleteJob", "databrew:DeleteDataset", "glue:BatchCreatePartition"],
    "StartVerification": ["athena:StartQueryExecution"],
    "CheckVerification": ["s3:PutObject"],
    "PublishTables": [
        *(f"s3:PutObject {number}" for number in range(1, 5)),
        "glue:CreatePartition",
        "glue:CreatePartition 2",
        "glue:UpdatePartition",
    ],
    "Notify": ["s3:PutObject", "s3:PutObject 2", "s3:PutObject 3", "sns:Publish"],
}
READS = {
    "CheckTables": ["s3:GetObject", "s3:GetObject 2"],
    "DownloadTable": ["s3:GetObject", "s3:GetObject 2", "s3:GetObject 3"],
    "TallyDownloads": [
        "s3:ListObjectsV2",
        "s3:ListObjectsV2 2",
        *(f"s3:GetObject {number}" for number in range(1, 4)),
    ],
    "CleanUp": ["s3:ListObjectsV2"],
    "StartTransform": ["databrew:ListJobRuns"],
    "CheckTransform": ["databrew:DescribeJobRun"],
    "StagePartitions": ["glue:GetTable", "glue:GetTable 2", "s3:GetObject"],
    "CheckVerification": ["athena:GetQueryExecution", "athena:GetQueryResults", "s3:GetObject", "s3:GetObject 2"],
    "PublishTables": [
        *("glue:GetTable", "glue:GetTable 2", "s3:ListObjectsV2"),
        *(f"s3:GetObject {number}" for number in range(1, 8)),
    ],
    "Notify": [
        "kms:GenerateMac",
        "kms:GenerateMac 2",
        "s3:GetObject",
        "s3:GetObject 2",
        "s3:GetObject 3",
        "s3:GetObject 4",
        "states:GetExecutionHistory",
        "states:GetExecutionHistory 2",
        "states:ListExecutions",
    ],
}
CRAWL = {"StartCrawl": ["glue:GetCrawler", "glue:StartCrawler"], "CheckCrawl": ["glue:GetCrawler", "glue:GetTable"]}
SURVIVED: tuple[Kind, ...] = ("throttled", "broken", "cut off")


def points(*groups: dict[str, list[str]]) -> list[Point]:
    found = []
    for group in groups:
        for function, calls in group.items():
            for call in calls:
                name, _, number = call.removesuffix(" 1").partition(" ")
                found.append(Point(function, *name.split(":"), int(number or 1)))
    return found


CASES: dict[str, list[Rule]] = {
    **{f"killed after {point}": [Rule(point, "killed after")] for point in points(WRITES)},
    **{f"killed before {point}": [Rule(point, "killed before")] for point in points(READS) if point.number == 1},
    **{f"refused at {point}": [Rule(point, "refused")] for point in points(WRITES, READS) if point.number == 1},
    **{
        f"answer lost at {point}": [Rule(point, "answer lost")]
        for point in points(WRITES)
        if point.number == 1 or point.function == "PublishTables"
    },
    **{
        f"throttled for ever at {point}": [Rule(point._replace(number=0), "throttled")]
        for point in points(
            {
                "DownloadTable": ["s3:PutObject"],
                "StartTransform": ["databrew:StartJobRun"],
                "PublishTables": ["glue:GetTable"],
            }
        )
    },
    **{f"once {kind} everywhere": [Rule(Point("", "", "", 0), kind, retried=True)] for kind in SURVIVED},
    "refused, and the failure is not mailed at first": [
        Rule(Point("StartVerification", "athena", "StartQueryExecution"), "refused"),
        Rule(Point("HandleFailure", "sns", "Publish"), "killed before"),
    ],
}
CRAWLED = {f"{kind} {point}": [Rule(point, kind)] for kind in ("killed after", "refused") for point in points(CRAWL)}
ALL = CASES | CRAWLED
