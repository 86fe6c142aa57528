"""moto without its mocks, which are for tests of other code and import unittest, responses and all services' addresses.

Imported before any other module of moto.
"""

import sys
import threading
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from local.cloud.account import ACCOUNT

MOCKS = "moto.core.models"
# What the rest of moto takes from them when it is imported, and the laptop never uses.
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


moto = find_spec("moto")
if MOCKS not in sys.modules and moto and moto.submodule_search_locations:
    path = Path(moto.submodule_search_locations[0], "core", "models.py")
    mocks = sys.modules[MOCKS] = module_from_spec(
        ModuleSpec(MOCKS, SourceFileLoader(MOCKS, str(path)), origin=str(path))
    )
    mocks.__class__ = Later
    mocks.__dict__.update(dict.fromkeys(TAKEN), DEFAULT_ACCOUNT_ID=ACCOUNT)

from moto.core.base_backend import BackendDict  # noqa: E402
from moto.core.model_instances import reset_model_data  # noqa: E402


def reset() -> None:
    """Discard the state of all services."""
    BackendDict.reset()
    reset_model_data()
