"""Presigned URLs name the bucket's regional host, the only one that never redirects."""

import importlib
from urllib.parse import urlsplit

import boto3
import pytest

PARTITIONS = boto3.session.Session().get_available_partitions()


@pytest.fixture
def url_in(monkeypatch):
    """A presigned URL as the function signs it in a region."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("RESULTS_BUCKET", "results")
    from pipeline.aws import results_bucket  # noqa: PLC0415 - it reads its environment when it is imported

    def sign(region: str) -> str:
        boto3.setup_default_session(region_name=region)
        return importlib.reload(results_bucket).url("reports/page.html", "GET")

    yield sign
    boto3.DEFAULT_SESSION = None


@pytest.mark.parametrize("partition", PARTITIONS)
def test_presign_names_the_regional_host_in_every_region(url_in, partition):
    regions = boto3.session.Session().get_available_regions("s3", partition)

    hosts = {region: urlsplit(url_in(region)).hostname for region in regions}

    assert hosts
    assert [host for region, host in hosts.items() if not str(host).startswith(f"results.s3.{region}.")] == []


def test_presign_on_the_laptop_names_its_own_address(url_in, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8080")

    assert url_in("ap-southeast-1").startswith("http://127.0.0.1:8080/results/reports/page.html?")
