"""State RefreshCatalogue: list every table that SingStat has, and mark those that it no longer has."""

from pipeline.contracts.states import CatalogueCounts, CatalogueRequest
from pipeline.handler import task
from pipeline.steps.catalogue import refresh
from pipeline.steps.fetch import connect

source = connect()


@task
def handler(request: CatalogueRequest) -> CatalogueCounts:
    """Raises `CatalogueShrunk` if more than a tenth of the tables is gone, unless the request accepts it.

    And `PublishConflict`, `SourceIncomplete`, `SourceInconsistent`, `SourceContract`, `SourceMalformed`,
    `SourceUnavailable` or `TableNotFound`.
    """
    return refresh(source, request.accept)
