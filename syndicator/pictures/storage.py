"""Pictures by their digest."""

from __future__ import annotations

from syndicator.clock import database_now
from syndicator.content import Picture
from syndicator.pictures.encoding import Encoded
from syndicator.pictures.models import StoredPicture


class PictureGone(LookupError):
    """No picture is stored under that digest."""


def store(encoded: Encoded) -> StoredPicture:
    """Keep *encoded*; storing it again changes nothing."""
    stored, _created = StoredPicture.objects.get_or_create(
        digest=encoded.digest,
        defaults={
            "media_type": encoded.media_type,
            "width": encoded.width,
            "height": encoded.height,
            "size": len(encoded.data),
            "data": encoded.data,
            "stored_at": database_now(),
        },
    )
    return stored


def read(picture: Picture) -> bytes:
    """The bytes of *picture*; `PictureGone` if they are not here."""
    data = StoredPicture.objects.filter(pk=picture.digest).values_list("data", flat=True).first()
    if data is None:
        raise PictureGone(f"no picture is stored as {picture.digest}")
    return bytes(data)
