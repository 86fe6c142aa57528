"""What `sam build` and `sam package` make of the application, once for all tests of a session."""

import os
import platform
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.cloud.account import REGION
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
SAM = shutil.which("sam", path=PATH)
HOST = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())  # Lambda's name of this machine's processors
ARTEFACTS = "artefacts"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def _runs(name: str) -> bool:
    found = shutil.which(name, path=PATH)
    return found is not None and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0


needs_sam = pytest.mark.skipif(
    not (_runs("sam") and _runs("python3.13")),
    reason="not checked: the SAM CLI or python3.13 is not there (see `singstat doctor`)",
)


def sam(*words: str | Path, home: Path, **variables: str) -> str:
    """What `sam WORDS` prints; `home` is where it keeps its settings. It calls nobody but the package index."""
    home.mkdir(parents=True, exist_ok=True)
    settings = '{"telemetryEnabled": false, "lastVersionCheck": 4102444800.0}'  # checked for a new version, in 2100
    (home / "metadata.json").write_text(settings)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    own = {
        "PATH": PATH,
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(home),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [str(SAM), *words],
        cwd=ROOT,
        env=inherited | own | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def build(folder: Path, *words: str) -> None:
    """`make build` into `folder`, with WORDS for SAM; skips the test if there is no package index to build from."""
    try:
        sam("build", "--build-dir", folder, *words, home=folder.with_name("sam-home"))
    except AssertionError:
        index = [sys.executable, "-m", "pip", "index", "versions", "msgspec"]
        if subprocess.run(index, capture_output=True, check=False).returncode:
            pytest.skip("not checked: no package index can be reached")
        raise
    finishing = ["python3.13", ROOT / "tools" / "finish_build.py", folder]
    subprocess.run(finishing, env=os.environ | {"PATH": PATH}, check=True)


def package(built: Path, folder: Path) -> None:
    """`sam package` of a build: the packaged template and every artefact by its key, in `folder`."""
    template = folder / "template.yaml"
    with moto_server() as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket=ARTEFACTS, CreateBucketConfiguration={"LocationConstraint": REGION})
        sam(
            *("package", "--template-file", built / "template.yaml", "--config-file", ROOT / "samconfig.toml"),
            *("--s3-bucket", ARTEFACTS, "--output-template-file", template, "--no-progressbar"),
            home=built.with_name("sam-home"),
            AWS_ENDPOINT_URL=url,
            **KEYS,
        )
        for uploaded in s3.list_objects_v2(Bucket=ARTEFACTS)["Contents"]:
            s3.download_file(ARTEFACTS, uploaded["Key"], str(folder / uploaded["Key"]))


def client(service: str, url: str) -> Any:
    """A boto3 client of a moto server."""
    keys = {name.lower(): value for name, value in KEYS.items()}
    patient = Config(read_timeout=300, retries={"total_max_attempts": 1})  # a stack is made twice if a call is repeated
    return boto3.Session(region_name=REGION).client(service, endpoint_url=url, config=patient, **keys)


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a fresh moto server, by name: moto finds TemplateURL's bucket only on `localhost`."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://localhost:{port}"
    try:
        wait_for(lambda: answers(f"{url}/moto-api/"))
        yield url
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200  # noqa: S310 - loopback
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
