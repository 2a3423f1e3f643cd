"""Where the bytes of pictures are kept: in the database, or in a bucket (docs/adr/0028)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from syndicator.pictures.object_store import PATIENCE, Access, ObjectStore


def configured() -> str | None:
    """Where new pictures are kept: like ``s3://bucket/prefix``; None in the database."""
    return settings.PICTURE_STORE or None


def store_at(place: str, patience: timedelta = PATIENCE) -> ObjectStore:
    """The store at *place*, which may be another one than is configured by now. *patience* is for
    each call."""
    access = Access(
        endpoint=settings.S3_ENDPOINT,
        region=settings.S3_REGION,
        key_id=settings.S3_KEY_ID,
        secret=settings.S3_SECRET,
    )
    return ObjectStore(place, access, patience)
