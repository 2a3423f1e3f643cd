"""Pictures that entries show: where they came from, and their bytes, encoded anew.

What was approved must be there when it is sent, on whatever machine: docs/adr/0012-pictures.md. The
bytes stand in the database or in a bucket: docs/adr/0028-pictures-in-a-bucket.md.
"""

from __future__ import annotations

import hashlib

from django.db import models

from syndicator.wording import Wording


class StoredPicture(models.Model):
    """A picture by the hex SHA-256 of its bytes; the same one from two addresses is one row."""

    digest = models.CharField(max_length=64, primary_key=True)
    media_type = models.CharField(max_length=20)
    #: In pixels.
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    #: In bytes.
    size = models.PositiveIntegerField()
    #: Empty where *place* says that the bytes are elsewhere.
    data = models.BinaryField()
    #: Like ``s3://bucket/prefix``; NULL: in *data*. With a default SQLite would copy the table.
    place = models.CharField(max_length=200, null=True)  # noqa: DJ001
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.media_type}, {self.width} × {self.height}"


class PictureFetch(models.Model):
    """What came of fetching one address. *picture* is NULL until it is here."""

    #: Hex SHA-256 of *url*, which may be longer than databases take for an index.
    url_hash = models.CharField(max_length=64, unique=True)
    url = models.TextField()
    picture = models.ForeignKey(StoredPicture, on_delete=models.PROTECT, null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    #: Why it is not here: a `Wording`.
    reason = models.JSONField(null=True)

    class Meta:
        verbose_name_plural = "picture fetches"

    def __str__(self) -> str:
        return self.url

    @property
    def wording(self) -> Wording | None:
        return Wording.from_json(self.reason)


def url_hash(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
