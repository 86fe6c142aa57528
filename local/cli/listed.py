"""The tables that SingStat lists, published or not, as a query in Athena SQL."""

from local.cloud.sql.catalogue import PUBLISHED, Catalogue

TABLES = """
SELECT table_id, title, CASE frequency WHEN 'cross_sectional' THEN 'cross_sectional' ELSE 'time_series' END AS kind,
  frequency, vintage AS published
FROM tables"""
LISTED = f"""
SELECT table_id, title, kind, frequency, published FROM catalogue WHERE retired_on IS NULL
UNION ALL {TABLES} WHERE table_id NOT IN (SELECT table_id FROM catalogue)"""  # noqa: S608


def select(catalogue: Catalogue) -> str:
    """Every table with `table_id`, `title`, `kind`, `frequency` and `published`, the vintage that readers see or NULL.

    A lake without a catalogue, which `singstat catalogue` makes, has the published tables alone.
    """
    return LISTED if "catalogue" in catalogue.databases.get(PUBLISHED, {}) else TABLES
