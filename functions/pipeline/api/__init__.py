"""Shared code of the functions behind API Gateway."""
