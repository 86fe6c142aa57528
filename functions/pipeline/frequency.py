"""The frequencies of tables; each is also the name of the published table with their observations."""

from typing import Literal

Frequency = Literal["monthly", "quarterly", "half_yearly", "yearly", "cross_sectional"]

RequestedFrequency = Frequency | Literal[""]
