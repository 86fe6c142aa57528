"""What works on this machine without an account, and what each missing thing would unlock. It only looks."""

import os
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
PACKAGES = ("moto", "duckdb", "sqlglot", "boto3", "msgspec")
IMAGE = "public.ecr.aws/lambda/python"
SOCKETS = (Path("/var/run/docker.sock"), Path.home() / ".docker" / "run" / "docker.sock")
SECONDS = 3
Answer = Literal["yes", "no", "not checked"]


class Check(NamedTuple):
    """One thing that was looked for; `needed`: without it `singstat run` cannot work."""

    what: str
    here: Answer
    remark: str
    needed: bool = False


def examine(lake: Path) -> list[Check]:
    """All checks, what the laptop needs first. `lake` need not be there yet."""
    return [*_laptop(lake), *_functions_locally(), *_deployment()]


def _laptop(lake: Path) -> Iterator[Check]:
    running = ".".join(map(str, sys.version_info[:3]))
    yield Check(
        "Python 3.11 or newer",
        _yes(sys.version_info >= OLDEST),
        f"{running} runs this; AWS runs {'.'.join(map(str, RUNTIME))}",
        needed=True,
    )
    missing = [name for name in PACKAGES if not _installed(name)]
    yield Check(
        "the laptop's packages",
        _yes(not missing),
        f"missing: {', '.join(missing)}; get them with: make run" if missing else "as requirements/run.txt has them",
        needed=True,
    )
    nearest = next(folder for folder in [lake.absolute(), *lake.absolute().parents] if folder.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    yield Check(
        "a folder for the data", _yes(writable), str(lake) if writable else f"cannot write {nearest}", needed=True
    )
    try:
        found = f"{len(load_recordings())} tables: the run needs no network"
        yield Check("recorded answers of SingStat", "yes", found, needed=True)
    except (OSError, ValueError) as error:
        yield Check("recorded answers of SingStat", "no", f"{error}; check the project out again", needed=True)
    yield Check("SingStat itself", "not checked", "singstat run --live asks it, over the internet")


def _functions_locally() -> Iterator[Check]:
    sam = _tool("sam")
    yield Check("SAM CLI", _yes(sam), "sam build, sam local invoke, sam deploy; get it with: make check")
    yield Check(
        "python3.13 on PATH",
        _yes(_runs(f"python{'.'.join(map(str, RUNTIME))}")),
        "sam build makes the functions' bundle with it",
    )
    engine = next((path for path in _sockets() if _answers(path)), None)
    yield Check(
        "a container engine", _yes(engine), f"at {engine}" if engine else "sam local invoke; start Docker or Podman"
    )
    yield Check("Lambda's image for Python", _image(engine), f"sam local invoke --skip-pull-image uses {IMAGE}")
    yield Check("Node.js with npm", _yes(_tool("npm")), "make check also runs asl-validator on the state machine")


def _deployment() -> Iterator[Check]:
    session = Session()
    named = os.environ.get("AWS_ACCESS_KEY_ID") or session.available_profiles
    yield Check("AWS credentials", _yes(named), "only sam deploy needs them; whether they are valid is not checked")
    yield Check("an AWS region", _yes(session.get_config_variable("region")), "sam deploy asks for one otherwise")


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
    tool = _tool(name)  # a version manager has one of every name, which fails unless that version is chosen
    return bool(tool) and not subprocess.run([str(tool), "--version"], capture_output=True, check=False).returncode


def _sockets() -> Iterator[Path]:
    """Where a container engine may listen; one on another machine is not looked for."""
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
