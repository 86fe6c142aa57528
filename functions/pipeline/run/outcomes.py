"""What became of the tables of a run."""

from pipeline.contracts.base import Contract
from pipeline.contracts.records import DownloadOutcome, PublishOutcome, Tally


class RunOutcomes(Contract):
    """What has become of a run's tables so far; `published` is None until that step has ended."""

    planned: int
    downloads: Tally
    published: PublishOutcome | None

    @property
    def news(self) -> list[DownloadOutcome]:
        """The tables that readers see anew."""
        names = self.published.published if self.published else []
        return [table for table in self.downloads.stored if table.table_id in names]

    @property
    def failed(self) -> list[DownloadOutcome]:
        """The tables that could not be downloaded, or lost against another run."""
        return [*self.downloads.failed, *(self.published.failed if self.published else [])]
