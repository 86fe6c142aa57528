"""Descriptions of published data that other programs read: Frictionless, Croissant, SDMX."""
