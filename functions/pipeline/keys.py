"""Where everything lies in the data bucket. Run and table ids are validated before they get here."""

RAW, FLATTENED, STAGED, PUBLICATIONS, RUNS = (
    "untransformedsingstatdata",
    "flattened",
    "transformedsingstatdata",
    "publications",
    "runs",
)


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
