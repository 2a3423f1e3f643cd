"""What ``SYNDICATOR_PICTURE_STORE`` and its like may hold."""

from __future__ import annotations

import pytest

from config import environment
from config.environment import MisconfiguredEnvironment


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNDICATOR_S3_KEY_ID", "AKID")
    monkeypatch.setenv("SYNDICATOR_S3_SECRET", "hush")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", ""),
        ("database", ""),
        ("s3://paper", "s3://paper"),
        ("s3://paper.of-record/live/pictures_2/", "s3://paper.of-record/live/pictures_2"),
    ],
)
def test_stores(monkeypatch: pytest.MonkeyPatch, said: str, meant: str) -> None:
    monkeypatch.setenv("SYNDICATOR_PICTURE_STORE", said)
    assert environment.picture_store() == meant


@pytest.mark.parametrize(
    "said",
    [
        "s3",
        "s3://",
        "s3://Paper",
        "s3://paper/a b",
        "s3://paper/../x",
        "s3://paper//x",
        "s3://paper?x",
        "https://paper",
        "s3://user:hush@paper",
        f"s3://paper/{'x' * 200}",
    ],
)
def test_other_stores_are_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SYNDICATOR_PICTURE_STORE", said)
    with pytest.raises(MisconfiguredEnvironment, match="PICTURE_STORE") as refused:
        environment.picture_store()
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("missing", ["KEY_ID", "SECRET"])
def test_a_bucket_needs_both_keys(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv("SYNDICATOR_PICTURE_STORE", "s3://paper")
    monkeypatch.delenv(f"SYNDICATOR_S3_{missing}")
    with pytest.raises(MisconfiguredEnvironment, match="S3_KEY_ID"):
        environment.picture_store()


def test_the_endpoint_is_aws_unless_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.s3_endpoint("eu-central-1") == "https://s3.eu-central-1.amazonaws.com"
    monkeypatch.setenv("SYNDICATOR_S3_ENDPOINT", "")
    assert environment.s3_endpoint("eu-central-1") == "https://s3.eu-central-1.amazonaws.com"
    monkeypatch.setenv("SYNDICATOR_S3_ENDPOINT", "http://minio:9000/")
    assert environment.s3_endpoint("eu-central-1") == "http://minio:9000"


@pytest.mark.parametrize(
    "said",
    [
        "minio:9000",
        "ftp://minio",
        "https://",
        "https://a:hush@minio",
        "https://minio/path",
        "https://minio?x",
        "https://minio:port",
        "https://[minio",
    ],
)
def test_other_endpoints_are_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SYNDICATOR_S3_ENDPOINT", said)
    with pytest.raises(MisconfiguredEnvironment, match="S3_ENDPOINT") as refused:
        environment.s3_endpoint("eu-central-1")
    assert "hush" not in str(refused.value)


def test_regions_are_names() -> None:
    with pytest.raises(MisconfiguredEnvironment, match="S3_REGION"):
        environment.s3_endpoint("eu/../x")
