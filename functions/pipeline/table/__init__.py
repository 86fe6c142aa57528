"""One table: its pages, observations, values, periods and manifest."""
