"""The data catalogue, Athena, the crawler and DataBrew on DuckDB, over the lake folder."""
