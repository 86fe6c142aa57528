"""One table: paging, observations, values, periods and manifest."""
