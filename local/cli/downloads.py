"""How far the downloads of a run are, from the files that it has stored."""

import math
import time
from pathlib import Path

from pipeline.contracts import keys
from pipeline.contracts.records import Checked, RunPlan

from local.cli.records import read_record

ENOUGH = 3  # tables, before their pace says anything


class Downloads:
    """Counts the planned tables, those that are done, and the pages stored, as of the last `count`."""

    def __init__(self, lake: Path, run_id: str) -> None:
        """`lake` is the data bucket's folder."""
        self._lake, self._run_id = lake, run_id
        self._began = time.monotonic()
        self.tables = self.done = self.pages = 0

    def count(self) -> None:
        """Count again. A table is done that is stored, unchanged or failed."""
        if not self.tables and (plan := read_record(self._lake / keys.run(self._run_id, "plan"), RunPlan)[0]):
            self.tables, self._began = len(plan.tables), time.monotonic()
        self.pages = sum(1 for _ in self._lake.glob(f"{keys.RAW}/*/*/{self._run_id}/**/page-*.json.gz"))
        checked = (self._lake / keys.checked(self._run_id)).glob("*.json")
        outcomes = {path.stem for path in (self._lake / keys.outcomes(self._run_id)).glob("*.json")}
        for path in checked:
            if batch := read_record(path, Checked)[0]:
                outcomes |= {outcome.table_id for outcome in batch.outcomes}
        self.done = len(outcomes)

    def left(self) -> str:
        """How long the other tables take at the pace of those that are done, to the minute; "" while it is unknown."""
        if not ENOUGH <= self.done < self.tables:
            return ""
        minutes = math.ceil((time.monotonic() - self._began) / self.done * (self.tables - self.done) / 60)
        return f"about {minutes} min left" if minutes > 1 else "less than 1 min left"
