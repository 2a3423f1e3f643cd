"""Hostile and honest files: a picture every platform takes, or a sentence."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from syndicator.destinations.checking import small_picture
from syndicator.pictures import encoding
from syndicator.pictures.encoding import Encoded, UnusablePicture, encode
from tests.pictures.conftest import photo


def opened(encoded: Encoded) -> Image.Image:
    return Image.open(io.BytesIO(encoded.data))


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_each_kind_comes_out_as_jpeg_or_png(kind: str) -> None:
    encoded = encode(photo(kind=kind))
    assert encoded.media_type in ("image/jpeg", "image/png")
    assert opened(encoded).size == (encoded.width, encoded.height) == (64, 48)
    assert encoded.digest == hashlib.sha256(encoded.data).hexdigest()


def test_a_large_photo_is_made_as_small_as_the_strictest_platform_wants() -> None:
    encoded = encode(photo(4000, 3000, quality=95))
    assert len(encoded.data) <= encoding.MOST_BYTES
    assert max(encoded.width, encoded.height) <= encoding.LONGEST_SIDE
    assert encoded.width / encoded.height == pytest.approx(4 / 3, rel=0.01)


def test_it_stands_upright_and_tells_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "Secret place"
    encoded = encode(photo(64, 48, exif=exif))
    assert (encoded.width, encoded.height) == (48, 64)
    assert b"Secret place" not in encoded.data
    assert not opened(encoded).getexif()


def test_what_is_transparent_is_white() -> None:
    clear = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    encoded = encode(saved(clear, "PNG"))
    assert opened(encoded).convert("RGB").getpixel((10, 10)) == (255, 255, 255)


def test_a_drawing_stays_sharp() -> None:
    drawing = Image.new("RGB", (400, 300), "white")
    drawing.paste((200, 0, 0), (50, 50, 90, 90))
    encoded = encode(saved(drawing, "PNG"))
    assert encoded.media_type == "image/png"
    assert opened(encoded).convert("RGB").getpixel((60, 60)) == (200, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_whatever_its_pixels_are_made_of(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    raw = saved(Image.new(mode, (40, 30)), kind)
    assert opened(encode(raw)).size == (40, 30)
    assert small_picture(raw).startswith(b"\x89PNG")


def test_what_follows_the_picture_in_its_file_does_not_go_out() -> None:
    assert b"<script>" not in encode(photo() + b"<script>").data


def test_a_bomb_is_not_decoded() -> None:
    bomb = saved(Image.new("1", (9000, 9000)), "PNG")
    assert len(bomb) < 20_000
    with pytest.raises(UnusablePicture) as refused:
        encode(bomb)
    assert refused.value.reason == encoding.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "raw",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", photo()[:200], b"GIF89a"],
)
def test_what_is_no_picture_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(UnusablePicture):
        encode(raw)


@given(st.integers(0, 800), st.binary(min_size=1, max_size=8))
def test_a_broken_file_is_a_picture_or_a_sentence(place: int, damage: bytes) -> None:
    raw = bytearray(photo(kind="PNG"))
    raw[place : place + len(damage)] = damage
    try:
        encoded = encode(bytes(raw))
    except UnusablePicture:
        return
    assert opened(encoded).size == (encoded.width, encoded.height)
