"""The daily cost report: what the bill says, beside the estimates of the runs."""
