"""The order of observations, for DuckDB's ORDER BY."""

from pipeline.table import schema

SERIES = "try_cast(string_split(series_no, '.') AS BIGINT[]), series_no"
IN_TIME, BY_COLUMN = f"{SERIES}, period_start, period", ", ".join([SERIES, *schema.LEVELS])
