"""When an edition was published: kept by the record, and known as well as can be for records older than the field."""

import datetime

import msgspec
import pytest
from pipeline.publication.record import Grounds, Publication, next_publication
from pipeline.source.responses import Header
from pipeline.table.manifest import Manifest

LOCATION = "s3://singstat-databucket/transformedsingstatdata/run={}/frequency=yearly/table_id=M810001/"
OLD = msgspec.json.encode(
    {
        "table_id": "M810001",
        "title": "Indicators On Population, Annual",
        "frequency": "yearly",
        "theme": "Population",
        "subject": "Population and Population Structure",
        "topic": "Key Annual Indicators on Population",
        "source_agency": "SINGAPORE DEPARTMENT OF STATISTICS",
        "footnote": "More information available on the following: Population Trends report.",
        "vintage": "2026-10-25",
        "edition": "2026-10-25.1",
        "observations": 48,
        "total": 48,
        "checksum": "23f64ef969519a8ae98e3dca47b8a6b6faf64b215a778d937d28cd08a238d68a",
        "run_id": "20261128T104756-d27f",
        "fetched_at": "2026-11-28T10:47:56+00:00",
        "source_url": "https://tablebuilder.singstat.gov.sg/api/table",
        "verified_by": "a43b31f8-37c6-4b4a-b9ab-057575714533",
        "location": LOCATION.format("20261128T104756-d27f"),
        "editions": [
            {
                "edition": "2026-09-25.1",
                "vintage": "2026-09-25",
                "run_id": "20261128T104727-edb1",
                "location": LOCATION.format("20261128T104727-edb1"),
                "observations": 48,
                "checksum": "674a8f3daf565bd10edd23fa115c8d050a4a2dd41f59be4daff22da0a4342ca4",
            },
            {
                "edition": "2026-10-25.1",
                "vintage": "2026-10-25",
                "run_id": "20261128T104756-d27f",
                "location": LOCATION.format("20261128T104756-d27f"),
                "observations": 48,
                "checksum": "23f64ef969519a8ae98e3dca47b8a6b6faf64b215a778d937d28cd08a238d68a",
            },
        ],
    }
)


def publish(published: Publication | None, day: int, checksum: str, at: str, run_id: str = "run") -> Publication:
    header = Header(
        table_id="M810001",
        title="Indicators On Population, Annual",
        frequency="yearly",
        vintage=datetime.date(2026, 10, day),
        total=2,
    )
    manifest = Manifest(
        run_id=run_id,
        source_url="",
        fetched_at="2026-10-01T00:00:00+00:00",
        header=header,
        pages=[],
        observations=2,
        series=1,
        parsed=2,
        missing=0,
        rejected=0,
        first_period="",
        last_period="",
        total_value="",
        checksum=checksum,
    )
    return next_publication(published, manifest, location=f"s3://lake/{run_id}/", grounds=Grounds(at, "q"))


def times(publication: Publication) -> list[tuple[str, str]]:
    return [(edition.edition, edition.published_at) for edition in publication.editions]


def test_each_edition_keeps_the_time_of_its_publication():
    first = publish(None, 24, "a", "2026-10-25T01:00:00+00:00")
    corrected = publish(first, 24, "b", "2026-10-25T09:00:00+00:00")

    assert times(publish(corrected, 26, "c", "2026-10-27T01:00:00+00:00")) == [
        ("2026-10-24.1", "2026-10-25T01:00:00+00:00"),
        ("2026-10-24.2", "2026-10-25T09:00:00+00:00"),
        ("2026-10-26.1", "2026-10-27T01:00:00+00:00"),
    ]


def test_the_same_edition_from_a_new_location_keeps_its_time():
    first = publish(None, 24, "a", "2026-10-25T01:00:00+00:00")
    again = publish(first, 24, "a", "2026-10-28T01:00:00+00:00", "run-2")

    assert times(again) == [("2026-10-24.1", "2026-10-25T01:00:00+00:00")]
    assert again.editions[0].location == again.location == "s3://lake/run-2/"


@pytest.mark.parametrize(
    ("day", "checksum", "added"),
    [
        (30, "new", [("2026-10-30.1", "2026-11-29T01:00:00+00:00")]),
        (25, "23f64ef969519a8ae98e3dca47b8a6b6faf64b215a778d937d28cd08a238d68a", []),
    ],
    ids=["another edition", "the same again"],
)
def test_a_record_older_than_the_field_is_given_the_first_known_times(day, checksum, added):
    old = msgspec.json.decode(OLD, type=Publication)

    assert times(publish(old, day, checksum, "2026-11-29T01:00:00+00:00")) == [
        ("2026-09-25.1", "2026-09-25T00:00:00+00:00"),  # its vintage
        ("2026-10-25.1", "2026-11-28T10:47:56+00:00"),  # its download
        *added,
    ]
