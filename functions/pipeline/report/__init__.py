"""The report of a run: its content, charts, files and page."""
