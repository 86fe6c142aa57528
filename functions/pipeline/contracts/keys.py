"""Where everything lies in the data bucket. Run and table ids are validated before they get here."""

from datetime import date

RAW, FLATTENED, STAGED, PUBLICATIONS, RUNS, COSTS = (
    "untransformedsingstatdata",
    "flattened",
    "transformedsingstatdata",
    "publications",
    "runs",
    "costs",
)
REPORTS = "PowerBIChartCostExplorerReport/"


def raw(frequency: str, table_id: str, run_id: str, attempt: int = 0) -> str:
    """The folder of one fetch; a fetch that had to start again has a folder of its own, so no page is overwritten."""
    return f"{RAW}/{frequency}/{table_id}/{run_id}/" + (f"refetch-{attempt}/" if attempt else "")


def page(folder: str, number: int) -> str:
    return f"{folder}page-{number:05}.json.gz"


def manifest(frequency: str, table_id: str, run_id: str) -> str:
    return f"{raw(frequency, table_id, run_id)}manifest.json"


def flattened(run_id: str, table_id: str = "") -> str:
    """The folder that one transform reads, or the file of one table in it."""
    return f"{FLATTENED}/{run_id}/" + (f"{table_id}.jsonl.gz" if table_id else "")


def flattened_chunks(run_id: str, table_id: str) -> str:
    """What the names of all files of a large table start with."""
    return f"{FLATTENED}/{run_id}/{table_id}-"


def flattened_chunk(run_id: str, table_id: str, number: int) -> str:
    return f"{flattened_chunks(run_id, table_id)}{number:05}.jsonl.gz"


def staged_run(run_id: str) -> str:
    return f"{STAGED}/run={run_id}/"


def staged(run_id: str, frequency: str, table_id: str) -> str:
    return f"{staged_run(run_id)}frequency={frequency}/table_id={table_id}/"


def publication(table_id: str) -> str:
    return f"{PUBLICATIONS}/{table_id}.json"


def run(run_id: str, name: str) -> str:
    return f"{RUNS}/{run_id}/{name}.json"


def outcome(run_id: str, table_id: str) -> str:
    return run(run_id, f"tables/{table_id}")


def outcomes(run_id: str) -> str:
    """What the keys of all outcomes of a run start with."""
    return f"{RUNS}/{run_id}/tables/"


def code(run_id: str) -> str:
    """The code bundle that the workers of a run fetch."""
    return f"{RUNS}/{run_id}/workers/code.zip"


def job(run_id: str, table_id: str, attempt: str) -> str:
    return run(run_id, f"workers/{table_id}/{attempt}/job")


def checkpoint(run_id: str, table_id: str) -> str:
    """How far the download of a large table is, for the next attempt."""
    return run(run_id, f"workers/{table_id}/checkpoint")


def chunk(run_id: str, table_id: str, attempt: str, number: int) -> str:
    """Flattened rows that an attempt has written, not yet those of the run."""
    return f"{RUNS}/{run_id}/workers/{table_id}/{attempt}/chunk-{number:05}.jsonl.gz"


def costs(day: date) -> str:
    """What the keys of the costs of all runs that began on a day start with; they sort by day."""
    return f"{COSTS}/{day.isoformat()}/"


def cost(day: date, run_id: str) -> str:
    return f"{costs(day)}{run_id}.json"


def report(run_id: str, name: str) -> str:
    """A file of the report of a run, in the results bucket."""
    return f"{REPORTS}runs/{run_id}/{name}"


def cost_report(day: date, name: str) -> str:
    """A file of the daily report of a day, in the results bucket."""
    return f"{REPORTS}costs/{day.isoformat()}/{name}"
