"""The store before a server that speaks S3, on good days and bad ones."""

from __future__ import annotations

import hashlib
import logging
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.pictures.object_store import Access, NoSuchObject, ObjectStore, StoreAway
from tests.pictures.buckets import KEY_ID, REGION, SECRET, Bucket, serving

DATA = b"\xff\xd8 a picture " * 40
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def running() -> Iterator[Bucket]:
    with serving() as bucket:
        yield bucket


@pytest.fixture
def bucket(running: Bucket) -> Bucket:
    running.objects.clear()
    running.calls.clear()
    running.fault, running.faulty = "", ("GET", "PUT", "DELETE")
    return running


def store_of(bucket: Bucket, **changed: str) -> ObjectStore:
    access = Access(bucket.url, REGION, KEY_ID, SECRET)
    return ObjectStore("s3://paper/pictures", replace(access, **changed), timedelta(seconds=0.6))


def test_what_was_put_is_got_and_deleted_and_each_may_be_done_twice(bucket: Bucket) -> None:
    store = store_of(bucket)
    store.put(DIGEST, DATA, "image/jpeg")
    store.put(DIGEST, DATA, "image/jpeg")
    assert bucket.objects == {f"paper/pictures/{DIGEST}": DATA}
    assert store.get(DIGEST) == DATA
    store.delete(DIGEST)
    store.delete(DIGEST)
    with pytest.raises(NoSuchObject):
        store.get(DIGEST)


@given(
    data=st.binary(max_size=300),
    prefix=st.from_regex(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*){0,2}", fullmatch=True),
)
def test_any_bytes_below_any_prefix_are_signed_as_the_server_reckons(
    running: Bucket, data: bytes, prefix: str
) -> None:
    running.fault = ""
    store = replace(store_of(running), place=f"s3://paper.of-record{prefix}")
    digest = hashlib.sha256(data).hexdigest()
    store.put(digest, data, "image/png")
    assert store.get(digest) == data


@pytest.mark.parametrize(
    "changed", [{"secret": "another"}, {"key_id": "SOMEBODY"}, {"region": "us-east-1"}]
)
def test_who_has_the_wrong_key_is_told_so(bucket: Bucket, changed: dict[str, str]) -> None:
    with pytest.raises(StoreAway, match=r"403 (SignatureDoesNotMatch|InvalidAccessKeyId)"):
        store_of(bucket, **changed).put(DIGEST, DATA, "image/jpeg")
    assert bucket.objects == {}


@pytest.mark.parametrize("fault", ["403", "404", "500", "503", "301", "cut", "wrong", "huge"])
def test_a_failed_call_is_tried_once_and_is_no_missing_picture(bucket: Bucket, fault: str) -> None:
    store = store_of(bucket)
    store.put(DIGEST, DATA, "image/jpeg")
    bucket.fault = fault
    bucket.calls.clear()
    with pytest.raises(StoreAway):
        store.get(DIGEST)
    assert len(bucket.calls) == 1


def test_a_server_that_drips_is_left_at_the_end_of_the_time(bucket: Bucket) -> None:
    store = store_of(bucket)
    store.put(DIGEST, DATA, "image/jpeg")
    bucket.fault = "slow"
    began = time.monotonic()
    with pytest.raises(StoreAway, match="DeadlinePassed"):
        store.get(DIGEST)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("fault", ["403", "404", "500", "lost", "wrong"])
def test_a_put_is_good_only_when_the_bytes_are_there(bucket: Bucket, fault: str) -> None:
    bucket.fault, bucket.faulty = fault, ("PUT",)
    with pytest.raises(StoreAway):
        store_of(bucket).put(DIGEST, DATA, "image/jpeg")


def test_nobody_there_is_away() -> None:
    store = ObjectStore("s3://paper", Access("http://127.0.0.1:1", REGION, KEY_ID, SECRET))
    with pytest.raises(StoreAway, match="did not answer"):
        store.get(DIGEST)


def test_proxies_and_keys_of_the_environment_are_not_used(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEBODY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    store_of(bucket).put(DIGEST, DATA, "image/jpeg")
    assert bucket.calls == [
        f"{method} /paper/pictures/{DIGEST}" for method in ("GET", "PUT", "GET")
    ]


@pytest.mark.parametrize("fault", ["403", "500", "cut", "wrong"])
def test_the_secret_is_in_no_log_and_no_error(
    bucket: Bucket, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    caplog.set_level(logging.DEBUG)
    store = store_of(bucket)
    store.put(DIGEST, DATA, "image/jpeg")
    bucket.fault = fault
    with pytest.raises(StoreAway) as caught:
        store.get(DIGEST)
    assert SECRET not in caplog.text + repr(store)
    assert KEY_ID not in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_without_botocore_the_store_says_what_is_missing(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
    with pytest.raises(StoreAway, match=r"syndicator\[s3\]"):
        store_of(bucket).get(DIGEST)
