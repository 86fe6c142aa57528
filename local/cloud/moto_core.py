"""moto without its mocks, which are for tests of other code and import unittest, responses and all services' addresses.

Imported before any other module of moto.
"""

import sys
import threading
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from local.cloud.account import ACCOUNT

MOCKS = "moto.core.models"
TAKEN = ("MockAWS", "ProxyModeMockAWS", "ServerModeMockAWS", "botocore_stubber", "patch_client", "patch_resource")


class Later(ModuleType):
    """A module that runs once it is asked for a name that it does not have yet."""

    _running = threading.RLock()
    _begun = False

    def __getattr__(self, name: str) -> Any:
        with Later._running:
            if not self._begun and name != "__path__":
                self._begun = True
                self.__spec__.loader.exec_module(self)  # type: ignore[union-attr]
        if name in self.__dict__:
            return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _later() -> None:
    """Import the mocks later. moto itself takes no more than these names from them, and uses only the account's."""
    package = find_spec("moto")
    [folder] = package.submodule_search_locations or [] if package else []
    spec = spec_from_file_location(MOCKS, Path(folder, "core", "models.py"))
    if spec and MOCKS not in sys.modules:
        module = sys.modules[MOCKS] = module_from_spec(spec)
        module.__class__ = Later
        module.__dict__.update(dict.fromkeys(TAKEN), DEFAULT_ACCOUNT_ID=ACCOUNT)


_later()
from moto.core.base_backend import BackendDict  # noqa: E402
from moto.core.model_instances import reset_model_data  # noqa: E402


def reset() -> None:
    """Discard the state of all services."""
    BackendDict.reset()
    reset_model_data()
