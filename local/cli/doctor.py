"""Checks of this machine: what it can run, and what each missing tool is for. Changes nothing."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple

from botocore.session import Session

from local.replay.recordings import load_recordings

OLDEST, RUNTIME = (3, 11), (3, 13)
OLDEST_SAM = (1, 161, 1)
PACKAGES = ("moto", "duckdb", "sqlglot", "boto3", "msgspec")
IMAGE = "public.ecr.aws/lambda/python"
SOCKETS = (Path("/var/run/docker.sock"), Path.home() / ".docker" / "run" / "docker.sock")
SECONDS, SAM_SECONDS = 3, 30  # timeouts; the SAM CLI is slow to start
Answer = Literal["yes", "no", "not checked"]


class Check(NamedTuple):
    """One check. `singstat run` cannot work without those that are `required`."""

    name: str
    found: Answer
    detail: str
    required: bool = False


def run_checks(lake: Path) -> list[Check]:
    """All checks, the requirements of the laptop first. `lake` need not exist yet."""
    return [*_laptop(lake), *_functions_locally(), *_deployment()]


def _laptop(lake: Path) -> Iterator[Check]:
    running = _dotted(sys.version_info[:3])
    yield Check(
        f"Python {_dotted(OLDEST)} or newer",
        _yes(sys.version_info >= OLDEST),
        f"running {running}; AWS runs {_dotted(RUNTIME)}",
        required=True,
    )
    missing = [name for name in PACKAGES if not _installed(name)]
    yield Check(
        "Python packages",
        _yes(not missing),
        f"missing: {', '.join(missing)}; install with: make run" if missing else "as pinned in requirements/run.txt",
        required=True,
    )
    nearest = next(folder for folder in [lake.absolute(), *lake.absolute().parents] if folder.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    yield Check(
        "writable data directory",
        _yes(writable),
        str(lake) if writable else f"cannot write to {nearest}",
        required=True,
    )
    try:
        detail = f"{len(load_recordings())} tables; runs need no network"
        yield Check("recorded SingStat responses", "yes", detail, required=True)
    except (OSError, ValueError) as error:
        yield Check("recorded SingStat responses", "no", f"{error}; check the project out again", required=True)
    yield Check("SingStat itself", "not checked", "needs the internet; used by singstat run --live")


def _functions_locally() -> Iterator[Check]:
    sam = _tool("sam")
    yield Check("SAM CLI", _yes(sam), "for sam build, sam local invoke, sam deploy; install with: make check")
    yield _sam_version(sam)
    python = f"python{_dotted(RUNTIME)}"
    yield Check(f"{python} on PATH", _yes(_runs(python)), "for sam build")
    engine = next((path for path in _sockets() if _answers(path)), None)
    detail = f"listens on {engine}" if engine else "for sam local invoke; start Docker or Podman"
    yield Check("container engine", _yes(engine), detail)
    yield Check("Lambda's Python image", _image(engine), f"{IMAGE}, for sam local invoke --skip-pull-image")
    yield Check("Node.js with npm", _yes(_tool("npm")), "for asl-validator, which make check runs on the state machine")


def _sam_version(sam: str | None) -> Check:
    """Earlier versions fail on `Fn::ForEach`, or do not upload the files of `AWS::Include`."""
    name = f"SAM CLI {_dotted(OLDEST_SAM)} or newer"
    if sam is None:
        return Check(name, "not checked", "the SAM CLI is not installed")
    try:
        output = subprocess.run(
            [sam, "--version"], capture_output=True, text=True, timeout=SAM_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        output = ""
    if not (match := re.search(r"(\d+)\.(\d+)\.(\d+)", output)):
        return Check(name, "not checked", f"{sam} --version prints no version")
    found = tuple(map(int, match.groups()))
    if found >= OLDEST_SAM:
        return Check(name, "yes", f"{_dotted(found)} is installed")
    return Check(
        name,
        "no",
        f"{_dotted(found)} fails on Fn::ForEach or omits AWS::Include files; install a newer one with: make check",
    )


def _deployment() -> Iterator[Check]:
    session = Session()
    named = os.environ.get("AWS_ACCESS_KEY_ID") or session.available_profiles
    yield Check("AWS credentials", _yes(named), "for sam deploy; not checked for validity")
    yield Check("AWS region", _yes(session.get_config_variable("region")), "for sam deploy, which otherwise asks")


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _yes(found: object) -> Answer:
    return "yes" if found else "no"


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def _tool(name: str) -> str | None:
    return shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def _runs(name: str) -> bool:
    tool = _tool(name)  # a version manager's shim exists for every version, and fails unless that version is selected
    return bool(tool) and not subprocess.run([str(tool), "--version"], capture_output=True, check=False).returncode


def _sockets() -> Iterator[Path]:
    """Where a container engine on this machine may listen."""
    named = os.environ.get("DOCKER_HOST", "")
    if named:
        yield Path(named.removeprefix("unix://"))
    else:
        yield from SOCKETS


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _image(engine: Path | None) -> Answer:
    docker = _tool("docker")
    if engine is None or docker is None:
        return "not checked"
    command = [docker, "--host", f"unix://{engine}", "images", "--quiet", IMAGE]
    try:
        return _yes(subprocess.run(command, capture_output=True, timeout=SECONDS, check=True).stdout.strip())
    except subprocess.SubprocessError:
        return "not checked"
