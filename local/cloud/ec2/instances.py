"""EC2 on the laptop: launch templates, and instances that may run only the project's own user data."""

import base64
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud.account import REGION
from local.cloud.documented_limits import USER_DATA_BYTES
from local.cloud.ec2.instance import Instance

POWER_PATH = "/_instances/"
CURRENT_VERSIONS = ("$Default", "$Latest", "1")

VARIABLES = re.compile(rb"#!/bin/bash\n(?:export [A-Z][A-Z0-9_]*='[^'\n]*'\n)*")
# Variables that decide which code runs, or with whose credentials.
FORBIDDEN_VARIABLES = re.compile(
    rb"^export (?!AWS_DEFAULT_REGION=)(?:PATH=|HOME=|TMPDIR=|IFS=|ENV=|SHELLOPTS=|BASH|PYTHON|LD_|DYLD_|AWS_)",
    re.MULTILINE,
)


class RefusedError(Exception):
    """An EC2 error: code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: str = "400 Bad Request") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class LaunchTemplate:
    """The parts of LaunchTemplateData that the laptop uses. `profile` is a name, `user_data` is base64.

    `subnet` is that of its network interfaces, None if it has no interfaces.
    """

    id: str
    name: str
    image: str
    profile: str
    kind: str = "m1.small"
    user_data: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    subnet: str | None = None


@dataclass(frozen=True)
class Launch:
    """A RunInstances request; empty fields fall back to the template, which is named by id or name.

    `subnet` is the instance's own, `interface_subnet` that of its network interfaces.
    """

    token: str
    template: str
    version: str = ""
    kind: str = ""
    user_data: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    subnet: str = ""
    interface_subnet: str = ""


@dataclass(frozen=True)
class Started:
    """An instance, its request and its launch template."""

    instance: Instance
    launch: Launch
    template: LaunchTemplate

    @property
    def kind(self) -> str:
        """The instance type."""
        return self.launch.kind or self.template.kind

    @property
    def tags(self) -> dict[str, str]:
        """The template's tags, overridden by the request's."""
        return {**self.template.tags, **self.launch.tags}


class Instances:
    """All instances by id.

    `lacking` holds the instance types without capacity, everywhere or as a pair (zone, type) in one zone;
    `not_offered` the pairs (zone, type) that AWS does not offer. `zones` maps subnets to their zones.
    """

    def __init__(
        self, folder: Path, url: str, user_data: Path, credentials: Callable[[str], Mapping[str, str]]
    ) -> None:
        """`user_data` is the only script that may run; `credentials(profile)` returns boto3's keyword arguments."""
        self._folder, self._url, self._user_data, self._credentials = folder, url, user_data, credentials
        self.templates: list[LaunchTemplate] = []
        self.started: dict[str, Started] = {}
        self.zones: dict[str, str] = {}
        self.lacking: set[str | tuple[str, str]] = set()
        self.not_offered: set[tuple[str, str]] = set()
        self._by_token: dict[str, Started] = {}
        self._lock = threading.Lock()
        self._closed = False

    def run(self, launch: Launch) -> Started:
        """Start an instance; the same client token returns the same instance, even if it is terminated.

        Raises `RefusedError` as EC2's API does.
        """
        with self._lock:
            if self._closed:
                raise RefusedError("Unavailable", "The laptop's AWS is shutting down.", "503 Service Unavailable")
            earlier = self._by_token.get(launch.token)
            if earlier:
                if earlier.launch != launch:
                    message = "The client token was already used with different parameters."
                    raise RefusedError("IdempotentParameterMismatch", message)
                return earlier
            template = self._template(launch)
            script = self._allowed(launch.user_data or template.user_data)
            self._place(launch, template)
            name = f"i-{uuid.uuid4().hex[:17]}"
            instance = Instance(
                self._folder / name, script, self._environment(template), f"{self._url}{POWER_PATH}{name}"
            )
            started = Started(instance, launch, template)
            self.started[name] = self._by_token[launch.token] = started
            return started

    def close(self) -> None:
        """Terminate all instances and refuse new ones."""
        with self._lock:
            self._closed = True
        for started in self.started.values():
            started.instance.kill()

    def _template(self, launch: Launch) -> LaunchTemplate:
        for template in self.templates:
            if launch.template in (template.id, template.name):
                if launch.version not in ("", *CURRENT_VERSIONS):
                    code = "InvalidLaunchTemplateId.VersionNotFound"
                    raise RefusedError(code, f"{launch.template} has no version {launch.version}.")
                return template
        raise RefusedError("InvalidLaunchTemplateId.NotFound", f"There is no launch template {launch.template!r}.")

    def _place(self, launch: Launch, template: LaunchTemplate) -> None:
        """Raises `RefusedError` if the subnet is ambiguous, or its zone lacks the instance type."""
        if launch.subnet and (launch.interface_subnet or template.subnet is not None):
            message = "Network interfaces and an instance-level subnet ID may not be specified on the same request"
            raise RefusedError("InvalidParameterCombination", message)
        zone = self.zones.get(launch.subnet or launch.interface_subnet or template.subnet or "", "")
        kind = launch.kind or template.kind
        if (zone, kind) in self.not_offered:
            message = f"Your requested instance type ({kind}) is not supported in your requested Availability Zone"
            raise RefusedError("Unsupported", f"{message} ({zone}).")
        if self.lacking & {kind, (zone, kind)}:
            message = f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested"
            raise RefusedError("InsufficientInstanceCapacity", f"{message} ({zone}).", "500 Internal Server Error")

    def _environment(self, template: LaunchTemplate) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self._url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self._url,
            "AWS_REGION": REGION,
            **{name.upper(): key for name, key in self._credentials(template.profile).items()},
        }

    def _allowed(self, user_data: str) -> bytes:
        """The script in base64 user data. Raises `RefusedError` unless it is the project's own after its variables."""
        script = base64.b64decode(user_data)
        if len(script) > USER_DATA_BYTES.limit:
            raise RefusedError("InvalidParameterValue", f"User data is limited to {USER_DATA_BYTES.limit} bytes")
        variables = VARIABLES.match(script)
        if (
            variables is None
            or FORBIDDEN_VARIABLES.search(variables[0])
            or script[variables.end() :] != self._user_data.read_bytes()
        ):
            raise RefusedError(
                "InvalidParameterValue",
                "The laptop runs only user data that consists of the line #!/bin/bash, without which EC2 runs "
                f"nothing, lines export NAME='value', and the exact text of {self._user_data}.",
            )
        return script
