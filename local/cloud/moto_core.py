"""moto without its mocks for tests of other code: they load unittest, responses and the addresses of all services.

Imported before any other module of moto.
"""

import sys
from types import ModuleType

from local.cloud.account import ACCOUNT

MOCKS = "moto.core.models"
NAMES = ("MockAWS", "ProxyModeMockAWS", "ServerModeMockAWS", "botocore_stubber", "patch_client", "patch_resource")

if MOCKS not in sys.modules:
    mocks = sys.modules[MOCKS] = ModuleType(MOCKS)
    mocks.__dict__.update(dict.fromkeys(NAMES), DEFAULT_ACCOUNT_ID=ACCOUNT)

from moto.core.base_backend import BackendDict  # noqa: E402
from moto.core.model_instances import reset_model_data  # noqa: E402


def reset() -> None:
    """Discard the state of all services."""
    BackendDict.reset()
    reset_model_data()
