"""What the doctor says of the places where pictures are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from syndicator.diagnosis import pictures
from syndicator.diagnosis.findings import Finding, Severity
from syndicator.diagnosis.pictures import new_ones_are_in_the_store, stores_answer
from syndicator.pictures.encoding import Encoded
from syndicator.pictures.models import StoredPicture
from syndicator.pictures.moving import move_all
from syndicator.pictures.storage import store
from tests.pictures.buckets import SECRET, Bucket, bucket

__all__ = ["bucket"]
pytestmark = pytest.mark.django_db
FIRST, SECOND = (Encoded(data, "image/png", 1, 1) for data in (b"first", b"second"))


def told(findings: list[Finding]) -> str:
    (found,) = findings
    assert found.advice
    return str(found.what.wording(str))


def test_without_a_bucket_there_is_nothing_to_say() -> None:
    store(FIRST)
    assert [*stores_answer(), *new_ones_are_in_the_store()] == []


def test_a_bucket_that_answers_is_well_empty_or_not(bucket: Bucket) -> None:
    assert stores_answer() == []
    store(FIRST)
    assert [*stores_answer(), *new_ones_are_in_the_store()] == []
    assert {call.split()[0] for call in bucket.calls} == {"PUT", "GET"}


@pytest.mark.parametrize("fault", ["403", "404", "500", "slow", "cut", "wrong"])
def test_a_bucket_that_cannot_be_read(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(pictures, "PATIENCE", timedelta(seconds=0.3))
    store(Encoded(b"x" * 400, "image/png", 1, 1))
    bucket.fault = fault
    said = told(stores_answer())
    assert "s3://paper/pictures cannot be read" in said
    assert SECRET not in said


def test_a_wrong_key_is_noticed_before_there_is_a_picture(
    bucket: Bucket, settings: Settings
) -> None:
    settings.S3_SECRET = "another"
    assert "403 SignatureDoesNotMatch" in told(stores_answer())


def test_a_bucket_that_lost_a_picture_also_one_that_is_no_longer_set(
    bucket: Bucket, settings: Settings
) -> None:
    store(FIRST)
    settings.PICTURE_STORE = ""
    assert stores_answer() == []
    bucket.objects.clear()
    assert "lacks a picture" in told(stores_answer())


def test_pictures_that_the_bucket_did_not_take(bucket: Bucket) -> None:
    bucket.fault = "500"
    store(FIRST)
    bucket.fault = ""
    (found,) = new_ones_are_in_the_store()
    assert found.severity == Severity.PROBLEM
    store(SECOND)
    (found,) = new_ones_are_in_the_store()
    assert (found.severity, found.what.gaps["count"]) == (Severity.NOTE, 1)
    list(move_all("s3://paper/pictures"))
    assert StoredPicture.objects.count() == 2
    assert new_ones_are_in_the_store() == []
