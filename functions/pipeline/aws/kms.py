"""HMACs by the KMS key of the links; the key never leaves KMS."""

import os

from pipeline.aws.clients import client

KEY = os.environ["LINK_KEY"]

kms = client("kms")


def sign(message: bytes) -> bytes:
    """The HMAC-SHA-256 of `message`, 32 bytes (GenerateMac)."""
    mac: bytes = kms.generate_mac(KeyId=KEY, Message=message, MacAlgorithm="HMAC_SHA_256")["Mac"]
    return mac


def verify(message: bytes, mac: bytes) -> bool:
    """Whether `mac` is the HMAC of `message` (VerifyMac)."""
    try:
        kms.verify_mac(KeyId=KEY, Message=message, Mac=mac, MacAlgorithm="HMAC_SHA_256")
    except kms.exceptions.KMSInvalidMacException:
        return False
    return True
