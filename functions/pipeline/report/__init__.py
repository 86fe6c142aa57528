"""The report of a run: rules and pages."""
