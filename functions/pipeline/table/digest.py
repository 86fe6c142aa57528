"""Two digests of a table's cells: one that sql/verify.sql computes alike (docs/decisions/0013), and a longer one."""

import hashlib

from msgspec import Struct

CHECKSUMS = 2**256


def netstrings(*texts: str) -> str:
    """The texts, each preceded by its length in code points and a colon: `1:a2:bc`. Different lists differ."""
    return "".join([f"{len(text)}:{text}" for text in texts])


class Digest(Struct):
    """Sums over the digests of series, so independent of their order and of how a table is divided between processes.

    A series' text is the netstrings of its labels and then of its cells, the cells sorted. Its digest is the first 64
    bits, signed and big-endian, of the MD5 of the text; its checksum is the SHA-256. Checksums are added modulo 2**256.
    """

    digest: int
    checksum: int

    def add(self, series: str) -> None:
        """Add a series by its text."""
        text = series.encode()
        self.digest += int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:8], "big", signed=True)
        self.checksum = (self.checksum + int.from_bytes(hashlib.sha256(text).digest(), "big")) % CHECKSUMS
