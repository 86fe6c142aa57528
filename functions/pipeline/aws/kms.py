"""Message authentication by the KMS key of the links: who may use that key can make links, nobody else."""

import os

import boto3

KEY = os.environ["LINK_KEY"]

kms = boto3.client("kms")


def sign(message: bytes) -> bytes:
    """The 32 bytes that only this key gives for `message`."""
    mac: bytes = kms.generate_mac(KeyId=KEY, Message=message, MacAlgorithm="HMAC_SHA_256")["Mac"]
    return mac


def verify(message: bytes, mac: bytes) -> bool:
    """Whether this key gave `mac` for `message`."""
    try:
        kms.verify_mac(KeyId=KEY, Message=message, Mac=mac, MacAlgorithm="HMAC_SHA_256")
    except kms.exceptions.KMSInvalidMacException:
        return False
    return True
