"""The daily cost report: billed costs and the estimated costs of runs."""
