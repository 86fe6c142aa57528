"""Adapters, one for each AWS service: the only modules that import boto3."""
