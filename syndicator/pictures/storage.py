"""Pictures by their digest, wherever their bytes are."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import structlog

from syndicator.clock import database_now
from syndicator.content import Picture
from syndicator.pictures.encoding import Encoded
from syndicator.pictures.models import StoredPicture
from syndicator.pictures.object_store import PATIENCE, NoSuchObject, StoreAway
from syndicator.pictures.places import configured, store_at

log = structlog.get_logger(__name__)


class PictureGone(LookupError):
    """No picture is stored under that digest."""


class PictureAway(Exception):
    """It is stored where it cannot be had from now, or not whole; it may be another time."""


def store(encoded: Encoded) -> StoredPicture:
    """Keep *encoded*; storing it again changes nothing. Never to be called in a transaction."""
    return enter(encoded, keep(encoded))


def keep(encoded: Encoded) -> str | None:
    """Take the bytes of *encoded* to where new pictures are kept; the place, None for the database.

    No picture is lost to a store that is away: it is then kept in the database, from where
    `moving` takes it later. Uses no database itself.
    """
    place = configured()
    if place is None:
        return None
    try:
        store_at(place).put(encoded.digest, encoded.data, encoded.media_type)
    except StoreAway as error:
        log.warning("a picture is kept in the database instead", place=place, why=str(error))
        return None
    return place


def enter(encoded: Encoded, place: str | None) -> StoredPicture:
    """The row of *encoded*, whose bytes are at *place* already."""
    stored, _created = StoredPicture.objects.get_or_create(
        digest=encoded.digest,
        defaults={
            "media_type": encoded.media_type,
            "width": encoded.width,
            "height": encoded.height,
            "size": len(encoded.data),
            "data": b"" if place else encoded.data,
            "place": place,
            "stored_at": database_now(),
        },
    )
    return stored


def read(picture: Picture) -> bytes:
    """The bytes of *picture*; `PictureGone`, or `PictureAway` if they cannot be had now."""
    return read_digest(picture.digest)


def read_digest(digest: str, patience: timedelta = PATIENCE) -> bytes:
    """The same by the digest. Asks the store for at most *patience*, twice if they were moved."""
    row = _row(digest)
    try:
        return bytes_of(row, patience)
    except (PictureGone, PictureAway):
        moved = _row(digest)
        if moved.place == row.place:
            raise
    return bytes_of(moved, patience)


def bytes_of(row: StoredPicture, patience: timedelta = PATIENCE) -> bytes:
    """The bytes of *row* where it says they are; `PictureGone` or `PictureAway`."""
    if row.place is None:
        data = bytes(row.data)
        if hashlib.sha256(data).hexdigest() != row.digest:
            raise PictureAway(f"the database has other bytes under the name {row.digest}")
        return data
    try:
        return store_at(row.place, patience).get(row.digest)
    except NoSuchObject as error:
        raise PictureGone(f"no picture is stored as {row.digest} in {row.place}") from error
    except StoreAway as error:
        log.warning("a picture cannot be had", place=row.place, why=str(error))
        raise PictureAway(f"{row.place}: {error}") from error


def _row(digest: str) -> StoredPicture:
    row = StoredPicture.objects.filter(pk=digest).first()
    if row is None:
        raise PictureGone(f"no picture is stored as {digest}")
    return row
