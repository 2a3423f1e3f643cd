"""Makes a hostile file into a picture that every platform takes, or says why it cannot.

Decoded and encoded anew: what hides in a file beside the picture does not go out, nor do places and
names in its metadata.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from syndicator.wording import Wording, gettext_noop

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 2048
#: The tightest of the platforms: Bluesky's app.bsky.embed.images takes 1,000,000 bytes.
MOST_BYTES = 1_000_000
#: JPEG qualities, tried one after another until the picture is small enough.
QUALITIES = (88, 80, 70)
SMALLER = 0.75

NO_PICTURE = Wording(gettext_noop("It is not a picture, or a kind that cannot be posted."))
TOO_MANY_PIXELS = Wording(gettext_noop("The picture has too many pixels."))


class UnusablePicture(Exception):
    """*reason* is a sentence for an editor."""

    def __init__(self, reason: Wording) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Encoded:
    """*width* and *height* in pixels; *digest* is the hex SHA-256 of *data*."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def encode(
    raw: bytes, *, longest_side: int = LONGEST_SIDE, most_bytes: int = MOST_BYTES
) -> Encoded:
    """The picture in *raw*, upright, on white, at most *longest_side* pixels and *most_bytes*."""
    picture = _on_white(opened(raw))
    picture.thumbnail((longest_side, longest_side))
    if picture.mode in ("P", "1", "L") or picture.getcolors(256):
        # Drawings: few colours, which JPEG would smear.
        drawing = _as_png(picture)
        if len(drawing.data) <= most_bytes:
            return drawing
    picture = picture.convert("RGB")
    while True:
        for quality in QUALITIES:
            encoded = _as_jpeg(picture, quality)
            if len(encoded.data) <= most_bytes:
                return encoded
        picture = picture.resize(
            (max(1, int(picture.width * SMALLER)), max(1, int(picture.height * SMALLER)))
        )


def opened(raw: bytes, *, most_pixels: int = MOST_PIXELS) -> Image.Image:
    """The picture in *raw*, upright, in mode L, RGB or (where it is transparent) RGBA.

    `UnusablePicture` if it is none, or too large a one, which is seen before a pixel is decoded.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                if picture.width * picture.height > most_pixels:
                    raise UnusablePicture(TOO_MANY_PIXELS)
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                if upright.has_transparency_data:
                    return upright.convert("RGBA")
                return upright.convert("L" if upright.mode in ("1", "L") else "RGB")
    except UnusablePicture:
        raise
    except Image.DecompressionBombError:
        raise UnusablePicture(TOO_MANY_PIXELS) from None
    except Exception:
        # Pillow raises whatever its decoders raise: SyntaxError, struct.error, zlib.error …
        raise UnusablePicture(NO_PICTURE) from None


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _as_jpeg(picture: Image.Image, quality: int) -> Encoded:
    target = io.BytesIO()
    picture.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
    return Encoded(target.getvalue(), "image/jpeg", picture.width, picture.height)


def _as_png(picture: Image.Image) -> Encoded:
    target = io.BytesIO()
    picture.save(target, "PNG", optimize=True)
    return Encoded(target.getvalue(), "image/png", picture.width, picture.height)
