"""The outcomes of a run's tables."""

from pipeline.contracts.base import Contract
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally


class RunOutcomes(Contract):
    """The outcomes so far, of `planned` tables; `published` is None until PublishTables has ended."""

    planned: int
    downloads: Tally
    published: PublishOutcome | None

    @property
    def newly_published(self) -> list[DownloadOutcome]:
        """The tables whose data is new to readers."""
        names = {*(self.published.published if self.published else [])}
        return [table for table in self.downloads.stored if table.table_id in names]

    @property
    def failed(self) -> list[DownloadOutcome]:
        """The tables that were not downloaded, not verified or not published."""
        return [*self.downloads.failed, *(self.published.failed if self.published else [])]
