"""S3 keys and prefixes in the data and results buckets. Run and table ids are validated by the callers."""

from datetime import date

RAW, FLATTENED, STAGED, PUBLICATIONS, AUDIT, RUNS, WORKERS, COSTS, LISTS, CATALOGUE = (
    "untransformedsingstatdata",
    "flattened",
    "transformedsingstatdata",
    "publications",
    "audit",
    "runs",
    "workers",
    "costs",
    "lists",
    "catalogue",
)
REPORTS = "PowerBIChartCostExplorerReport/"


def raw(frequency: str, table_id: str, run_id: str, attempt: int = 0) -> str:
    """Prefix of one fetch. Each attempt after the first has its own prefix, so that no page is overwritten."""
    return f"{RAW}/{frequency}/{table_id}/{run_id}/" + (f"refetch-{attempt}/" if attempt else "")


def page(folder: str, number: int) -> str:
    """A response body of `GET /tabledata/{id}`, verbatim and gzipped, in a prefix from `raw`."""
    return f"{folder}page-{number:05}.json.gz"


def manifest(frequency: str, table_id: str, run_id: str) -> str:
    """The `Manifest` of a complete fetch."""
    return f"{raw(frequency, table_id, run_id)}manifest.json"


def flattened(run_id: str, table_id: str = "") -> str:
    """Prefix of the input of one DataBrew job, or one table's file in it."""
    return f"{FLATTENED}/{run_id}/" + (f"{table_id}.jsonl.gz" if table_id else "")


def flattened_chunks(run_id: str, table_id: str) -> str:
    """Prefix of a large table's files in the input of a DataBrew job."""
    return f"{FLATTENED}/{run_id}/{table_id}-"


def flattened_chunk(run_id: str, table_id: str, number: int) -> str:
    """One of a large table's files in the input of a DataBrew job."""
    return f"{flattened_chunks(run_id, table_id)}{number:05}.jsonl.gz"


def staged_run(run_id: str) -> str:
    """Prefix of one DataBrew job's output, partitioned Parquet."""
    return f"{STAGED}/run={run_id}/"


def staged(run_id: str, frequency: str, table_id: str) -> str:
    """Prefix of one table's partition, staged and later published in place."""
    return f"{staged_run(run_id)}frequency={frequency}/table_id={table_id}/"


def is_data(name: str) -> bool:
    """Whether a file in a prefix from `staged` has rows: Athena and the crawler ignore names that begin with `_`."""
    return not name.startswith("_")


def data_package(prefix: str) -> str:
    """The Frictionless package of the files in a prefix from `staged`."""
    return f"{prefix}_datapackage.json"


def croissant(prefix: str) -> str:
    """The Croissant of the files in a prefix from `staged`."""
    return f"{prefix}_croissant.json"


def staged_frequency(uri: str) -> str:
    """The frequency in the URI of a prefix from `staged`."""
    return uri.rpartition("/frequency=")[2].partition("/")[0]


def publication(table_id: str) -> str:
    """The `Publication` of a table."""
    return f"{PUBLICATIONS}/{table_id}.json"


def table_list(name: str) -> str:
    """The `TableList` of this name."""
    return f"{LISTS}/{name}.json"


def catalogue() -> str:
    """Every table that SingStat lists or has listed, one `ListedTable` a line."""
    return f"{CATALOGUE}/tables.jsonl"


def audit(table_id: str, run_id: str) -> str:
    """The `Audit` of a rollback or of forgetting an edition; never overwritten or deleted."""
    return f"{AUDIT}/{table_id}/{run_id}.json"


def run(run_id: str, name: str) -> str:
    """A record of a run, such as `plan` or `tally`."""
    return f"{RUNS}/{run_id}/{name}.json"


def outcome(run_id: str, table_id: str) -> str:
    """The `DownloadOutcome` of one table of a run."""
    return run(run_id, f"tables/{table_id}")


def outcomes(run_id: str) -> str:
    """Prefix of all `DownloadOutcome` records of a run."""
    return f"{RUNS}/{run_id}/tables/"


def checked(run_id: str, first: str = "") -> str:
    """The `Checked` record of a batch, by its first table, or the prefix of all of a run."""
    return run(run_id, f"checked/{first}") if first else f"{RUNS}/{run_id}/checked/"


def outage(run_id: str) -> str:
    """The `Outage` of a run."""
    return run(run_id, "outage")


def tables(run_id: str) -> str:
    """The ids of the planned tables, a JSON array, from which the state machine makes batches."""
    return run(run_id, "tables")


def code(run_id: str) -> str:
    """The code bundle for the workers of a run."""
    return f"{WORKERS}/{run_id}/code.zip"


def job(run_id: str, table_id: str, attempt: str) -> str:
    """The `WorkerJob` of one attempt at a large table."""
    return f"{WORKERS}/{run_id}/{table_id}/{attempt}/job.json"


def checkpoint(run_id: str, table_id: str) -> str:
    """The `Checkpoint` of a large table's download, from which the next attempt resumes."""
    return f"{WORKERS}/{run_id}/{table_id}/checkpoint.json"


def chunk(run_id: str, table_id: str, attempt: str, number: int) -> str:
    """Flattened rows written by one attempt at a large table, copied to `flattened_chunk` when it is complete."""
    return f"{WORKERS}/{run_id}/{table_id}/{attempt}/chunk-{number:05}.jsonl.gz"


def costs(day: date) -> str:
    """Prefix of the cost records of all runs started on a day; prefixes sort by day."""
    return f"{COSTS}/{day.isoformat()}/"


def cost(day: date, run_id: str) -> str:
    """The cost record of a run started on a day."""
    return f"{costs(day)}{run_id}.json"


def report(run_id: str, name: str) -> str:
    """A file of a run's report, in the results bucket."""
    return f"{REPORTS}runs/{run_id}/{name}"


def cost_report(day: date, name: str) -> str:
    """A file of a day's cost report, in the results bucket."""
    return f"{REPORTS}costs/{day.isoformat()}/{name}"
