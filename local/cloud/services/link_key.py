"""The KMS key that signs links, kept in the lake so that links of earlier runs stay valid until they expire."""

from pathlib import Path

from moto.kms.models import kms_backends

from local.cloud.account import ACCOUNT, REGION

FILE = ".link-key"


def keep(lake: Path) -> None:
    """Restore the key material of the link key from the lake, or save it there."""
    for key in kms_backends[ACCOUNT][REGION].keys.values():
        if key.key_usage == "GENERATE_VERIFY_MAC":
            file = lake / FILE
            if not file.exists():
                file.touch(mode=0o600)
                file.write_bytes(key.key_material)
            key.key_material = file.read_bytes()
