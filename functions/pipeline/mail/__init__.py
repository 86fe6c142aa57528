"""Mails about runs."""
