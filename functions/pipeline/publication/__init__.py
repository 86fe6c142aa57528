"""Which edition of a table readers see."""
