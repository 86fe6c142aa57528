"""The manifest of a table's fetch: the counts, sums and digests that the staged data must equal."""

from msgspec import Struct, field

from pipeline.source.responses import Header


class KeptPage(Struct, frozen=True):
    """A response body kept verbatim: its S3 key, the offset of its first cell, the SHA-256 of its bytes."""

    key: str
    offset: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.json`, written last: a fetch without one is incomplete. All counts are cells, but for `series`.

    parsed + missing + rejected = observations; with `repeated`, all cells that SingStat sent. `doubt` is why the table
    may lack cells, "" if its metadata say that it is complete. `digest` and `sample` (see `Sample`) are empty in
    manifests written before they existed.
    """

    run_id: str
    source_url: str
    fetched_at: str
    header: Header
    pages: list[KeptPage]
    observations: int
    series: int
    parsed: int
    missing: int
    rejected: int
    first_period: str
    last_period: str
    total_value: str
    checksum: str
    digest: str = ""
    repeated: int = 0
    doubt: str = ""
    sample: dict[str, str] = field(default_factory=dict)
