"""The estimated cost of a run, from its history and list prices."""
