"""Athena and the data catalogue on DuckDB, over the lake folder."""
