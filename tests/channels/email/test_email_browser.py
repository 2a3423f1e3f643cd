"""What a mail's HTML part looks like in Chromium: on a phone and beside it, in light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, sync_playwright

from syndicator.channels.email.pictures import PictureFile, content_id, with_files_inside
from syndicator.channels.email.revising import revise
from syndicator.content import BulletList, Image, Paragraph, Quote
from tests.channels.email.stories import BLOCKS, PERMALINK, PICTURE, make_message

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]

LONG = "Nach vier Stunden hat der Stadtrat für den Ausbau der Linie 4 gestimmt. " * 6
SAMPLES: dict[str, dict[str, Any]] = {
    "everything": {"pictures": (PICTURE,)},
    "headline only": {"blocks": ()},
    "no headline": {"headline": "", "key_event": False},
    "long": {"blocks": tuple(Paragraph(LONG) for _ in range(8))},
    "english": {"language": "en-GB", "blocks": (Paragraph("Correction: it was 31 to 22."),)},
    "arabic": {
        "language": "ar",
        "headline": "مجلس المدينة يقر توسيع الخط الرابع",
        "blocks": (Paragraph("وافق المجلس."), Quote("هذا يوم جيد.", "أوته"), BulletList(("بناء",))),
    },
    "long words": {
        "headline": "Donaudampfschifffahrt" * 5,
        "author": "Muster-" * 20,
        "blocks": (
            Paragraph(f"https://paper.example.org/{'abcdef/' * 30} {'x' * 300}"),
            Quote("y" * 200, "z" * 200),
            BulletList(("w" * 200,)),
            Image("v" * 200, "u" * 200),
        ),
    },
    "hostile": {
        "headline": "</h1><script>document.title = 'run'</script>",
        "blocks": (Paragraph("</p></div><style>* { display: none }</style>"), *BLOCKS),
    },
}

#: For each visible text: what it says, its contrast with what is behind it, and its size.
MEASURE = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = channels(colour).map(c => c / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(style.color), light(behind(element))];
    found.push([texts.currentNode.data.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
                parseFloat(style.fontSize)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def a_picture() -> PictureFile:
    target = io.BytesIO()
    Pillow.new("RGB", (1200, 800), "teal").save(target, "JPEG")
    return PictureFile(target.getvalue(), "image/jpeg")


def opened(
    browser: Browser, html: str, *, width: int, scheme: str, asked: list[str] | None = None
) -> Page:
    page = browser.new_page(
        viewport={"width": width, "height": 700},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page.route(
        re.compile("^(?!data:)"),
        lambda route: (
            (asked.append(route.request.url) if asked is not None else None) or route.abort()
        ),
    )
    page.set_content(with_files_inside(html, {content_id(PICTURE): a_picture()}))
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 700])
@pytest.mark.parametrize("sample", list(SAMPLES))
def test_everything_can_be_read_in_one_column(
    chromium: Browser, sample: str, width: int, scheme: str
) -> None:
    message = make_message(**SAMPLES[sample])
    edited = revise(message, message.text.replace("Linie 4", "Linie 5"))
    for html in (message.html, edited.html, re.sub("(?s)<style.*?</style>", "", message.html)):
        asked: list[str] = []
        page = opened(chromium, html, width=width, scheme=scheme, asked=asked)
        texts = page.evaluate(MEASURE)
        assert len(texts) > 5
        assert [text for text in texts if text[1] < 4.5 or text[2] < 16] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("table").count() == 0
        assert page.title() == "Live: Stadtrat & Verkehr"
        assert asked == []
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_the_scheme_it_is_asked_for(chromium: Browser, scheme: str) -> None:
    page = opened(chromium, make_message().html, width=390, scheme=scheme)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(22, 22, 24)" if scheme == "dark" else "rgb(255, 255, 255)")
    page.close()


def test_what_is_tapped_is_large_enough_for_a_finger(chromium: Browser) -> None:
    page = opened(chromium, make_message().html, width=390, scheme="light")
    heights = {
        link.inner_text(): (link.bounding_box() or {})["height"]
        for link in page.locator(".button, .share-link").all()
    }
    assert len(heights) == 4
    assert min(heights.values()) >= 42
    assert page.locator(f"a.address[href='{PERMALINK}']").inner_text() == PERMALINK
    page.close()


def test_without_pictures_their_place_says_what_they_show(chromium: Browser) -> None:
    message = make_message(pictures=(PICTURE,))
    page = opened(
        chromium, message.html.replace('src="cid:', 'src="blocked:'), width=390, scheme="light"
    )
    assert page.get_by_role("img", name="Eine Straßenbahn").count() == 1
    assert page.locator("figure").bounding_box()["height"] < 120  # type: ignore[index]
    page.close()


def test_the_outline_is_one_heading_with_the_entrys_name(chromium: Browser) -> None:
    page = opened(chromium, make_message().html, width=390, scheme="light")
    assert page.get_by_role("heading").all_inner_texts() == [
        "Stadtrat beschließt Ausbau der Linie 4"
    ]
    assert page.get_by_role("main").count() == 1
    page.close()
