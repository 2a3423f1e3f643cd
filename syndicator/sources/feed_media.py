"""The pictures of a feed's entry: Media RSS 1.5.1 and enclosures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from syndicator.content import Image
from syndicator.sources.credit_lines import credit_of, split_credit
from syndicator.sources.entry_body import completed
from syndicator.sources.feed_markup import line_of
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.xml_tree import Element

_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
#: Who plays in a film or owns a company took no picture (the roles of the European Broadcasting
#: Union, which Media RSS names).
_TAKES_NO_PICTURES = re.compile(
    r"actor|actress|anchor|author|composer|director|editor|producer|writer", re.IGNORECASE
)


def media_images(item: Element, base_url: str) -> tuple[Image, ...]:
    """The pictures that *item* names outside its text, each once, with captions and credits.

    What a picture does not say of itself its group says, or else the item (Media RSS, "Optional
    Elements").
    """
    images: dict[str, Image] = {}
    for image in (*_media(item, base_url), *_enclosures(item, base_url)):
        images[image.url] = completed(images.get(image.url, image), image)
    return tuple(images.values())


def _media(item: Element, base_url: str) -> Iterator[Image]:
    for child in item.elements("media:content", "media:group"):
        is_one = child.name == "media:content"
        found = [child] if is_one else list(child.elements("media:content"))
        shown = [content for content in found if _is_picture(content, "medium")]
        if not shown:
            continue
        # A group is one picture in several sizes.
        content = max(shown, key=_rank)
        if image := _image(content, (content, child, item), base_url):
            yield image


def _image(content: Element, said_by: tuple[Element, ...], base_url: str) -> Image | None:
    url = _address(content, "url", base_url)
    if not url:
        return None
    caption = next(filter(None, (_text(said, "media:description") for said in said_by)), "")
    credit = next(filter(None, map(_credit, said_by)), "")
    if credit:
        run_on, same = split_credit(caption)
        caption = run_on if same == credit else caption
    else:
        caption, credit = split_credit(caption)
    return Image(caption, credit, _text(content, "media:title"), url)


def _credit(said: Element) -> str:
    names = [
        line_of(credit.text())
        for credit in said.elements("media:credit")
        if not _TAKES_NO_PICTURES.fullmatch(credit.attributes.get("role", "").strip())
    ]
    names = list(dict.fromkeys(filter(None, names))) or [_text(said, "media:copyright")]
    joined = ", ".join(names)
    return credit_of(joined) or joined


def _enclosures(item: Element, base_url: str) -> Iterator[Image]:
    for enclosure in item.elements("enclosure"):
        if _is_picture(enclosure, "") and (url := _address(enclosure, "url", base_url)):
            yield Image(url=url)
    for link in item.elements("link"):
        is_one = link.attributes.get("rel", "").strip().lower() == "enclosure"
        if is_one and _is_picture(link, "", "href") and (url := _address(link, "href", base_url)):
            yield Image(alt=line_of(link.attributes.get("title", "")), url=url)


def _is_picture(element: Element, medium: str, address: str = "url") -> bool:
    said = element.attributes.get(medium, "").strip().lower()
    kind = element.attributes.get("type", "").strip().lower()
    if said or "/" in kind:
        return said == "image" or kind.startswith("image/")
    try:
        path = urlsplit(element.attributes.get(address, "").strip()).path
    except ValueError:
        return False
    return bool(_PICTURE_FILE.search(path))


def _rank(content: Element) -> tuple[bool, int]:
    """The group's own choice, or else the widest."""
    width = content.attributes.get("width", "").strip()
    is_default = content.attributes.get("isDefault", "").strip().lower() == "true"
    return is_default, int(width) if re.fullmatch(r"[0-9]{1,6}", width) else 0


def _address(element: Element, name: str, base_url: str) -> str:
    return absolute_url(element.attributes.get(name, ""), base_url)


def _text(element: Element, name: str) -> str:
    return line_of(element.text_of(name))
