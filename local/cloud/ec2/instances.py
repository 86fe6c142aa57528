"""EC2 on the laptop: launch templates, and the instances started from them under a guard of their user data."""

import base64
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud.account import REGION
from local.cloud.ec2.instance import Instance

POWER_PATH = "/_instances/"
USER_DATA_BYTES = 16384
CURRENT = ("$Default", "$Latest", "1")

VARIABLES = re.compile(rb"#!/bin/bash\n(?:export [A-Z][A-Z0-9_]*='[^'\n]*'\n)*")
# Variables that decide which code runs, or as whom.
STEERING = re.compile(
    rb"^export (?!AWS_DEFAULT_REGION=)(?:PATH=|HOME=|TMPDIR=|IFS=|ENV=|SHELLOPTS=|BASH|PYTHON|LD_|DYLD_|AWS_)",
    re.MULTILINE,
)


class RefusedError(Exception):
    """What EC2 refuses: its error code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: str = "400 Bad Request") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class LaunchTemplate:
    """What its LaunchTemplateData say of an instance. `profile` is a name, `user_data` are in base64."""

    id: str
    name: str
    image: str
    profile: str
    kind: str = "m1.small"
    user_data: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Launch:
    """A request for an instance; what is empty is the template's. `template` is an id or a name."""

    token: str
    template: str
    version: str = ""
    kind: str = ""
    user_data: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Started:
    """An instance and what it was started with."""

    instance: Instance
    launch: Launch
    template: LaunchTemplate

    @property
    def kind(self) -> str:
        """The instance type."""
        return self.launch.kind or self.template.kind

    @property
    def tags(self) -> dict[str, str]:
        """The tags, the request's before the template's."""
        return {**self.template.tags, **self.launch.tags}


class Instances:
    """All instances, by id. `lacking`: the instance types of which there are none at the moment."""

    def __init__(
        self, folder: Path, url: str, user_data: Path, credentials: Callable[[str], Mapping[str, str]]
    ) -> None:
        """`user_data`: the only script that may run; `credentials` gives boto3's keyword arguments for a profile."""
        self._folder, self._url, self._user_data, self._credentials = folder, url, user_data, credentials
        self.templates: list[LaunchTemplate] = []
        self.started: dict[str, Started] = {}
        self.lacking: set[str] = set()
        self._by_token: dict[str, Started] = {}
        self._lock = threading.Lock()
        self._closed = False

    def run(self, launch: Launch) -> Started:
        """Start an instance, or give the one started with the same token, alive or not. Errors: RefusedError."""
        with self._lock:
            if self._closed:
                raise RefusedError("Unavailable", "The laptop's AWS is closing.", "503 Service Unavailable")
            earlier = self._by_token.get(launch.token)
            if earlier:
                if earlier.launch != launch:
                    message = "The client token was used before, with other parameters."
                    raise RefusedError("IdempotentParameterMismatch", message)
                return earlier
            template = self._template(launch)
            script = self._guarded(launch.user_data or template.user_data)
            kind = launch.kind or template.kind
            if kind in self.lacking:
                message = f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested."
                raise RefusedError("InsufficientInstanceCapacity", message, "500 Internal Server Error")
            name = f"i-{uuid.uuid4().hex[:17]}"
            instance = Instance(
                self._folder / name, script, self._environment(template), f"{self._url}{POWER_PATH}{name}"
            )
            started = Started(instance, launch, template)
            self.started[name] = self._by_token[launch.token] = started
            return started

    def close(self) -> None:
        """End all instances at once; no more can be started."""
        with self._lock:
            self._closed = True
        for started in self.started.values():
            started.instance.kill()

    def _template(self, launch: Launch) -> LaunchTemplate:
        for template in self.templates:
            if launch.template in (template.id, template.name):
                if launch.version not in ("", *CURRENT):
                    code = "InvalidLaunchTemplateId.VersionNotFound"
                    raise RefusedError(code, f"{launch.template} has no version {launch.version}.")
                return template
        raise RefusedError("InvalidLaunchTemplateId.NotFound", f"There is no launch template {launch.template!r}.")

    def _environment(self, template: LaunchTemplate) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self._url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self._url,
            "AWS_REGION": REGION,
            **{name.upper(): key for name, key in self._credentials(template.profile).items()},
        }

    def _guarded(self, user_data: str) -> bytes:
        """The script in user data, if it is the project's own after its variables. Errors: RefusedError."""
        script = base64.b64decode(user_data)
        if len(script) > USER_DATA_BYTES:
            raise RefusedError("InvalidParameterValue", f"User data are limited to {USER_DATA_BYTES} bytes.")
        variables = VARIABLES.match(script)
        if (
            variables is None
            or STEERING.search(variables[0])
            or script[variables.end() :] != self._user_data.read_bytes()
        ):
            raise RefusedError(
                "InvalidParameterValue",
                "The laptop's guard of user data lets only these run: the line #!/bin/bash, without which EC2 runs "
                f"nothing, then lines export NAME='value', then exactly the text of {self._user_data}.",
            )
        return script
