"""The key that signs links, kept in the lake: a link of an earlier run opens while its days last."""

from pathlib import Path

from moto.kms.models import kms_backends

from local.cloud.account import ACCOUNT, REGION

FILE = ".link-key"


def keep(lake: Path) -> None:
    """Give the links' key what it had before, or remember what it has."""
    for key in kms_backends[ACCOUNT][REGION].keys.values():
        if key.key_usage == "GENERATE_VERIFY_MAC":
            file = lake / FILE
            if not file.exists():
                file.touch(mode=0o600)
                file.write_bytes(key.key_material)
            key.key_material = file.read_bytes()
