"""Moves the bytes of pictures from one place to another, one by one, while everything works on.

A picture is at its new place, and was read back from there, before its row says so; only then may
it go from the old one. So it may be ended anywhere and begun again: what is left is what has not
been moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from syndicator.pictures.models import StoredPicture
from syndicator.pictures.object_store import NoSuchObject, StoreAway
from syndicator.pictures.places import store_at
from syndicator.pictures.storage import PictureAway, PictureGone, bytes_of

#: A store that fails so often in a row is left alone.
FAILURES = 5
_STEP = 100


@dataclass(frozen=True, slots=True)
class Moved:
    """*problem* says why a picture stays where it is, or why the old bytes could not be deleted."""

    digest: str
    size: int
    problem: str = ""


class GivenUp(Exception):
    """Too many pictures in a row could not be moved."""


def move_all(place: str | None, *, delete_behind: bool = False) -> Iterator[Moved]:
    """Move every picture to *place* (None: the database), telling of each; `GivenUp`.

    What leaves the database is gone from it. What leaves a bucket stays there as well, unless
    *delete_behind*: older backups of the database look for it there.
    """
    last, failures = "", 0
    while step := list(_elsewhere(place).filter(digest__gt=last).order_by("digest")[:_STEP]):
        for row in step:
            told = _moved(row.digest, place, delete_behind)
            if told is None:
                continue
            yield told
            failures = failures + 1 if told.problem else 0
            if failures >= FAILURES:
                raise GivenUp
        last = step[-1].digest


def _at(place: str | None) -> QuerySet[StoredPicture]:
    rows = StoredPicture.objects.all()
    return rows.filter(place=place) if place else rows.filter(place__isnull=True)


def _elsewhere(place: str | None) -> QuerySet[StoredPicture]:
    rows = StoredPicture.objects.defer("data")
    return rows.exclude(place=place) if place else rows.exclude(place__isnull=True)


def _moved(digest: str, place: str | None, delete_behind: bool) -> Moved | None:
    """None if it is there already, or somebody else moves it."""
    row = StoredPicture.objects.get(pk=digest)
    if row.place == place:
        return None
    try:
        data = _taken_to(row, place)
    except (PictureAway, PictureGone, StoreAway) as error:
        return Moved(digest, row.size, str(error))
    if not _at(row.place).filter(pk=digest).update(place=place, data=b"" if place else data):
        return None
    try:
        if delete_behind and row.place:
            store_at(row.place).delete(digest)
    except StoreAway as error:
        return Moved(digest, row.size, f"moved, but not deleted behind: {error}")
    return Moved(digest, row.size)


def _taken_to(row: StoredPicture, place: str | None) -> bytes:
    """The bytes of *row*, which are at *place* now.

    They may have been there before: somebody copied a bucket, say, and the old one is gone.
    """
    if place is None:
        return bytes_of(row)
    target = store_at(place)
    try:
        data = bytes_of(row)
    except (PictureAway, PictureGone) as lost:
        try:
            return target.get(row.digest)
        except NoSuchObject:
            raise lost from None
    target.put(row.digest, data, row.media_type)
    return data
