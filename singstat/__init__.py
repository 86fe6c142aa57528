"""The published tables of a lake as frames of pandas, polars or Arrow.

import singstat

lake = singstat.open_lake()                       # what `make run` has published in ./lake
lake.search("resale price")                       # which tables there are
prices = lake.read("M212161")                     # one row for each observation
before = lake.read("M212161", as_of="2026-10-30")  # what readers saw on that day
first = lake.read("M212161", edition="2026-07-24.1")
lake.revisions("M212161")                         # what its editions changed
"""

from local.cli.names import NothingPublished, UnknownEdition, UnknownTable
from singstat.lake import Lake, open_lake

__all__ = ["Lake", "NothingPublished", "UnknownEdition", "UnknownTable", "open_lake"]
