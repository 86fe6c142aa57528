"""How often a table is published; also the name of the published table that holds it."""

from typing import Literal

Frequency = Literal["monthly", "quarterly", "half_yearly", "yearly", "cross_sectional"]

AskedFrequency = Frequency | Literal[""]
