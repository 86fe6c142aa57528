"""Counts in words."""


def quantity(number: int, noun: str) -> str:
    """`1 table`, `1,200 tables`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
