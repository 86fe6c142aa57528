"""Least privilege on the laptop: every call of a role is checked against the template's policies, and remembered."""
