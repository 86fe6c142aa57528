"""The report of a run: what readers see anew, drawn, compared with the vintage before, and proven."""
