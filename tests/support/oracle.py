"""What has to hold after every run, whatever went wrong in it: six invariants, each as a list of violations.

I1  readers see each table's edition whole
I2  every stored page is as SingStat sent it, and none was overwritten
I3  each table has one ending, and a failure has a name of our errors, its state, cause and next step
I4  nothing is left running
I5  the run repeated without the fault publishes what a run that never failed does
I6  no other table of the run is harmed

I5 and I6 are of what is published: `Lake.tables` beside what the source has.
"""

import gzip
import hashlib
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import convert
from pipeline.errors import NEXT_STEPS, Failure

from local.cloud.aws import LocalAWS
from local.replay.recordings import MONTHS, Column, Table
from tests.support.laptop import query

Cells = list[list[str]]
"""Of each published cell: series number, series, unit, first day of the period or columns, text; sorted."""

FREQUENCIES = ("monthly", "quarterly", "half_yearly", "yearly", "cross_sectional")
MONTHS_OF = {"Q": 3, "H": 6}


def source_cells(table: Table) -> Cells:
    """The cells of a table that readers have to see, by the source alone; a cell in two spellings is one."""
    return sorted(
        [
            list(cell)
            for cell in {
                (row.number, row.text.replace("\u00a0", " ").strip(), row.unit, place, text)
                for row in table.rows
                for place, text in _leaves(table, row.columns)
            }
        ]
    )


def _leaves(table: Table, columns: Iterable[Column], outer: tuple[str, ...] = ()) -> Iterable[tuple[str, str]]:
    for column in columns:
        path = (*outer, column["key"].strip())
        if "columns" in column:
            yield from _leaves(table, column["columns"], path)
        else:
            yield (first_day(column["key"]) if table.kind == "TS" else " / ".join(path)), column["value"]


def first_day(key: str) -> str:
    year, _, part = key.partition(" ")
    if part in MONTHS:
        month = MONTHS.index(part) + 1
    elif part:
        number, (kind,) = int("".join(filter(str.isdecimal, part))), part.strip("1234")
        month = MONTHS_OF[kind] * (number - 1) + 1
    else:
        month = 1
    return f"{year}-{month:02}-01"


class Lake:
    """What one moment of a lake has: the publications, and what readers see."""

    def __init__(self, aws: LocalAWS) -> None:
        self.bucket = aws.lake / aws.resource("DataBucket")
        self.publications = {
            path.stem: json.loads(path.read_bytes()) for path in self.bucket.glob("publications/*.json")
        }
        self.tables: dict[str, Cells] = defaultdict(list)
        self.vintages: dict[str, set[str]] = defaultdict(set)
        self.shown_in: dict[str, set[str]] = defaultdict(set)
        for frequency in FREQUENCIES:
            for row in query(f"SELECT * FROM {frequency}", aws.lake):
                levels = (row[f"column_{level}"] for level in range(1, 6)) if "column_1" in row else ()
                place = row.get("period_start") or " / ".join(filter(None, levels))
                table = row["table_id"]
                self.tables[table].append([row["series_no"], row["series"], row["unit"], place, row["value_text"]])
                self.vintages[table].add(row["vintage"])
                self.shown_in[table].add(frequency)
        for cells in self.tables.values():
            cells.sort()

    def torn(self) -> list[str]:
        """I1: the tables of which readers see another number of cells or another vintage than one edition has."""
        wrong = [f"{table} is seen without a publication" for table in self.tables.keys() - self.publications.keys()]
        for table, record in self.publications.items():
            seen = (len(self.tables[table]), self.vintages[table], self.shown_in[table])
            if seen != (record["observations"], {record["vintage"]}, {record["frequency"]}):
                wrong.append(f"{table}: {seen} seen of {record['observations']} of {record['edition']}")
        return wrong


def raw_files(bucket: Path) -> dict[str, str]:
    """Every file of the raw zone with its SHA-256."""
    return {
        str(path.relative_to(bucket)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in bucket.glob("untransformedsingstatdata/**/*")
        if path.is_file()
    }


def altered(bucket: Path, before: Mapping[str, str], sent: Mapping[str, set[str]], run_id: str) -> list[str]:
    """I2: raw files of earlier runs that changed, and pages of this run that are not as they were sent or listed."""
    now = raw_files(bucket)
    wrong = [f"{path} was overwritten" for path, digest in before.items() if now.get(path) != digest]
    for path in now.keys() - before.keys():
        if "page-" in path:
            _, _, table, *_ = path.split("/")
            if hashlib.sha256(gzip.decompress((bucket / path).read_bytes())).hexdigest() not in sent[table]:
                wrong.append(f"{path} was never sent")
    for path in bucket.glob(f"untransformedsingstatdata/*/*/{run_id}/manifest.json"):
        for page in json.loads(path.read_bytes())["pages"]:
            stored = gzip.decompress((bucket / page["key"]).read_bytes())
            if hashlib.sha256(stored).hexdigest() != page["sha256"]:
                wrong.append(f"{page['key']} is not the page of the manifest")
    return wrong


def run(aws: LocalAWS, tables: Sequence[str], **options: Any) -> tuple[str, dict[str, Any]]:
    """The id and the ending of a run, which is not watched: a long history takes its time to be summarised."""
    run_id = f"run-{secrets.token_hex(4)}"
    execution = aws.start({"tables": list(tables), **options}, run_id)
    while aws.describe(execution)["status"] == "RUNNING":
        time.sleep(0.1)
    aws.rules.finish()
    return run_id, aws.describe(execution)


def statuses(bucket: Path, run_id: str) -> dict[str, str]:
    """`published`, `unchanged`, `failed` or, if it got no further, `stored`, by table."""
    records = bucket / "runs" / run_id
    tally, published = (_read(records / f"{name}.json") for name in ("tally", "published"))
    found = {each["table_id"]: name for name, outcomes in tally.items() for each in outcomes}
    return (
        found
        | dict.fromkeys(published.get("published", []), "published")
        | {each["table_id"]: "failed" for each in published.get("failed", [])}
    )


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes())) if path.exists() else {}


def failures(bucket: Path, run_id: str) -> dict[str, list[dict[str, Any]]]:
    """The failures of a run by table, as its records have them."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in (bucket / "runs" / run_id).glob("*.json"):
        record = json.loads(path.read_bytes())
        for outcome in record.get("failed", []) if isinstance(record, dict) else []:
            if isinstance(outcome, dict) and outcome["error"] not in found[outcome["table_id"]]:
                found[outcome["table_id"]].append(outcome["error"])
    return found


def unnamed(table_id: str, failure: Mapping[str, Any]) -> list[str]:
    """I3: what a failure of a table lacks."""
    wrong = [] if failure["Error"] in NEXT_STEPS else [f"{failure['Error']} is no error of ours"]
    wrong += [f"no {name} in {failure}" for name in ("Cause", "Step") if not failure.get(name)]
    wrong += [] if convert(failure, Failure).next_step else [f"no next step in {failure}"]
    if failure.get("TableId") != table_id:
        wrong.append(f"the table is {failure.get('TableId')}")
    if "Traceback" in str(failure) or "errorMessage" in str(failure):
        wrong.append(f"a cause for machines: {failure['Cause']}")
    return wrong


def left_over(aws: LocalAWS) -> list[str]:
    """I4: instances, jobs, datasets, crawls, queries, executions and uploads that should be gone."""
    ec2, brew, glue, athena = (aws.client(name) for name in ("ec2", "databrew", "glue", "athena"))
    states, s3 = aws.client("stepfunctions"), aws.client("s3")
    left = [
        f"instance {each['InstanceId']} {each['State']['Name']}"
        for page in ec2.describe_instances()["Reservations"]
        for each in page["Instances"]
        if each["State"]["Name"] != "terminated"
    ]
    left += [f"job {job['Name']}" for job in brew.list_jobs()["Jobs"]]
    left += [f"dataset {dataset['Name']}" for dataset in brew.list_datasets()["Datasets"]]
    left += [f"crawl of {each['Name']}" for each in glue.get_crawlers()["Crawlers"] if each["State"] != "READY"]
    for workgroup in athena.list_work_groups()["WorkGroups"]:
        for name in athena.list_query_executions(WorkGroup=workgroup["Name"])["QueryExecutionIds"]:
            state = athena.get_query_execution(QueryExecutionId=name)["QueryExecution"]["Status"]["State"]
            left += [f"query {name} {state}"] if state in ("QUEUED", "RUNNING") else []
    for machine in states.list_state_machines()["stateMachines"]:
        running = states.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
        left += [f"execution {each['name']}" for each in running["executions"]]
    for bucket in s3.list_buckets()["Buckets"]:
        uploads = s3.list_multipart_uploads(Bucket=bucket["Name"]).get("Uploads", [])
        left += [f"upload {each['Key']}" for each in uploads]
    return left
