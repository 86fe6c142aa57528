"""Athena and the Glue Data Catalog on DuckDB, over a lake."""
