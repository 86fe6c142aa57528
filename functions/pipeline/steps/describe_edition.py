"""Describe a published edition beside its Parquet files, for programs that read the bucket."""

from pipeline.aws import data_bucket, glue
from pipeline.contracts import keys
from pipeline.metadata.croissant import croissant
from pipeline.metadata.files import DataFile
from pipeline.metadata.frictionless import package
from pipeline.publication.record import Publication
from pipeline.table import schema


def describe_edition(published: Publication) -> None:
    """Write its Frictionless package and its Croissant, which are the same as long as its files are. Idempotent."""
    prefix = published.location.removeprefix(glue.uri(""))
    names = [key.removeprefix(prefix) for key in data_bucket.list_keys(prefix)]
    files = [
        DataFile(name, "parquet", published.table_id, published.title, schema.STAGED, published)
        for name in names
        if keys.is_data(name)
    ]
    data_bucket.write(keys.data_package(prefix), package(files))
    data_bucket.write(keys.croissant(prefix), croissant(files))
