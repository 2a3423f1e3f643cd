"""Markup that would run in a reader's or an editor's browser, in its many spellings.

Each spelling holds `MARK`, by which it is found wherever it goes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from xml.sax.saxutils import escape

MARK = "h4ck"
_TAGS = (
    *("script", "img", "svg", "iframe", "object", "embed", "math", "body", "video", "audio"),
    *("details", "input", "form", "a", "base", "meta", "link", "style", "template", "noscript"),
    *("textarea", "title", "xmp", "plaintext", "frameset", "marquee", "isindex", "custom-x"),
    *("animate", "foreignObject", "use", "table", "select", "button", "dialog", "p", "b", "div"),
)
_HANDLERS = (
    *("onerror", "onload", "onclick", "onmouseover", "onfocus", "ontoggle", "onbegin", "onstart"),
    *("onpointerenter", "onanimationstart", "oncopy", "onpageshow", "onbeforetoggle", "ONERROR"),
)
_ATTRIBUTES = (
    *("href", "src", "xlink:href", "action", "formaction", "srcdoc", "style", "data", "poster"),
    *("background", "srcset", "ping", "content", "lowsrc", "dynsrc", "manifest", "values", "to"),
)
_SCHEMES = (
    *("javascript:{}", "JaVaScRiPt:{}", "java\tscript:{}", "java\nscript:{}", "\x01javascript:{}"),
    *(" javascript:{}", "javascript&colon;{}", "&#106;avascript:{}", "&#x6A;avascript&#58;{}"),
    *(
        "javascript&#0000058{}",
        "vbscript:{}",
        "livescript:{}",
        "data:text/html,<script>{}</script>",
    ),
    *("data:text/html;base64,PHNjcmlwdD4={}", "data:image/svg+xml,<svg onload={}>", "blob:{}"),
    *("feed:javascript:{}", "view-source:javascript:{}", "jar:javascript:{}", "//{}", "file:///{}"),
    *(
        "javascript://%0a{}",
        "javascript:/*--></title></style>{}",
        "\u2028javascript:{}",
        "about:{}",
    ),
)
#: What looks harmless until a browser reads it a second time, or not at all.
_MUTANTS = (
    *(
        "<scr<script>ipt>{}</scr</script>ipt>",
        "<<script>{}//<</script>",
        "<script>{}",
        "<script {}",
    ),
    *("<img src=x onerror={}//", '<noscript><p title="</noscript><img src=x onerror={}>">'),
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img onerror={}&gt;">',
    '<svg></p><style><a id="</style><img src=1 onerror={}>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={}>",
    '<table><td><svg><desc><td><style><a title="</style><img src onerror={}>">',
    *("<!--><img src=x onerror={}>-->", "<!--!><img src=x onerror={}>", "<![CDATA[<script>{}]]>"),
    *("<?xml <script>{}</script>?>", "<//script>{}<script>", "</{}>", "<{}>", "<a{}b>", "<!{}>"),
    *('"><script>{}</script>', "'><img src=x onerror={}>", '" onmouseover={} x="', "' {}='"),
    *("</title><script>{}</script>", "</textarea><script>{}</script>", "</script><script>{}"),
    *("]]><script>{}</script>", "--><script>{}</script>", '\\"-{}-\\"', "</style><script>{}"),
    *("&lt;script&gt;{}&lt;/script&gt;", "&amp;lt;script&amp;gt;{}", "&#60;script&#62;{}"),
    *("\uff1cscript\uff1e{}", "\u003cscript\u003e{}", "%3Cscript%3E{}", "+ADw-script+AD4-{}"),
    *("{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "{{% {} %}}", "<%= {} %>"),
    *("<img src=`x` onerror=`{}`>", "<svg/onload={}>", "<a\thref\n=\r'javascript:{}'>x", "`{}`"),
    *("<img src=x\0 onerror={}>", "<\0script>{}</script>", "<script\x0c>{}</script>", "\u202e{}"),
)


def payloads(seed: int, count: int) -> Iterator[str]:
    chance = random.Random(seed)
    yield from (one.format(f"{MARK}()") for one in _MUTANTS)
    for _ in range(count):
        yield _generated(chance)


def _generated(chance: random.Random) -> str:
    tag, deed = chance.choice(_TAGS), f"{MARK}({chance.randrange(10**6)})"
    scheme = chance.choice(_SCHEMES).format(deed)
    gap, quote = chance.choice((" ", "/", "\t", "\n", "\x0c", "  ")), chance.choice("\"'` ").strip()
    attribute = chance.choice(
        (
            f"{chance.choice(_HANDLERS)}={quote}{deed}{quote}",
            f"{chance.choice(_ATTRIBUTES)}={quote}{scheme}{quote}",
        )
    )
    end = chance.choice((">", ">", "/>", f">{deed}</{tag}>", "", "//", "<", "\n"))
    text = f"<{tag}{gap}{attribute}{end}"
    if chance.random() < 0.3:
        text = "".join(char.swapcase() if chance.random() < 0.4 else char for char in text)
        text = text.replace(MARK.upper(), MARK)
    if chance.random() < 0.2:
        text = chance.choice(("\"'>", "</p>", "<!--", "<b><i>", "<a href='", "]]>", "<")) + text
    if chance.random() < 0.1:
        text = escape(text)
    return text if MARK in text else text + MARK


def schemes() -> Iterator[str]:
    """Addresses that lead to something that runs, or to no place on the web."""
    yield from (one.format(f"{MARK}()") for one in _SCHEMES)


def feed_of(texts: list[str], urls: list[str]) -> bytes:
    """An RSS feed with an item for each text, which stands in all of its fields."""
    items = []
    for number, text in enumerate(texts):
        url, said = escape(urls[number % len(urls)], {'"': "&quot;"}), escape(_xml(text))
        inside = _xml(text).replace("]]>", "]]]]><![CDATA[>")
        items.append(
            f"<item><title>{said}</title><link>{_xml(url)}</link><guid>{number}-{said}</guid>"
            f"<description>{said}</description><dc:creator>{said}</dc:creator>"
            f"<content:encoded><![CDATA[<p>{inside}</p><img src='{inside}'>]]></content:encoded>"
            f"<author>{said}</author><category>{said}</category>"
            f"<enclosure type='image/png' url=\"{_xml(url)}\"/>"
            f"<media:content medium='image' url=\"{_xml(url)}\"><media:title>{said}</media:title>"
            f"<media:description>{said}</media:description><media:credit>{said}</media:credit>"
            "</media:content></item>"
        )
    head = (
        "<rss xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:media='http://search.yahoo.com/mrss/'><channel>"
    )
    title = escape(_xml(texts[0]))
    return f"{head}<title>{title}</title>{''.join(items)}</channel></rss>".encode()


def atom_of(texts: list[str], urls: list[str]) -> bytes:
    entries = []
    for number, text in enumerate(texts):
        kind, said = ("html", "text", "xhtml")[number % 3], escape(_xml(text))
        url = escape(_xml(urls[number % len(urls)]), {'"': "&quot;"})
        entries.append(
            f"<entry><id>{number}</id><title type='{kind}'>{said}</title>"
            f"<summary type='{kind}'>{said}</summary><author><name>{said}</name></author>"
            f"<content type='{kind}'>{said}</content><link href=\"{url}\"/>"
            f"<link rel='enclosure' type='image/png' href=\"{url}\"/>"
            f"<category term='x' label='{escape(said, {chr(39): '&apos;'})}'/></entry>"
        )
    head = "<feed xmlns='http://www.w3.org/2005/Atom'><title>x</title>"
    return f"{head}{''.join(entries)}</feed>".encode()


def own_json_of(texts: list[str], urls: list[str]) -> bytes:
    """Syndicator's own format, whose texts are text: nothing in them is markup to anybody."""
    entries = [
        {
            "external_id": f"{number} {text}",
            "headline": text,
            "author": text,
            "permalink": urls[number % len(urls)],
            "tags": [text],
            "blocks": [
                {"type": "paragraph", "text": text},
                {"type": "list", "items": [text, text]},
                {"type": "quote", "text": text, "speaker": text},
                {"type": "image", "text": text, "credit": text, "alt": text, "url": url},
            ],
        }
        for number, text in enumerate(texts)
        for url in [urls[(number + 1) % len(urls)]]
    ]
    return json.dumps({"live_blog": {"title": texts[0]}, "entries": entries}).encode()


def _xml(text: str) -> str:
    """*text* without the characters that no XML can say."""
    return "".join(char if char >= " " or char in "\t\n\r" else " " for char in text)
