"""KMS on the laptop; the key that signs links is kept in the lake, so links of earlier runs stay valid."""

from functools import cache
from pathlib import Path

from moto.kms import models
from moto.kms.models import kms_backends

from local.cloud.account import ACCOUNT, REGION

FILE = ".link-key"
WITHOUT_PAIR = ("HMAC_", "SYMMETRIC_")


@cache
def install() -> None:
    """moto makes an RSA key pair for every key, 0.1 s each; these have none."""
    original = models.generate_private_key
    models.generate_private_key = lambda spec: None if spec.startswith(WITHOUT_PAIR) else original(spec)


def keep(lake: Path) -> None:
    """Restore the key material of the link key from the lake, or save it there."""
    for key in kms_backends[ACCOUNT][REGION].keys.values():
        if key.key_usage == "GENERATE_VERIFY_MAC":
            file = lake / FILE
            if not file.exists():
                file.touch(mode=0o600)
                file.write_bytes(key.key_material)
            key.key_material = file.read_bytes()
