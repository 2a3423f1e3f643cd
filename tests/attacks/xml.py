"""Feeds that would make a parser fetch, expand or fall over, and harmless ones beside them."""

from __future__ import annotations

import random
from collections.abc import Iterator

#: Each takes the text of one entry.
FEEDS = {
    "rss": "<rss version='2.0'><channel><title>Live</title><item><title>{}</title>"
    "<guid>a1</guid></item></channel></rss>",
    "atom": "<feed xmlns='http://www.w3.org/2005/Atom'><title>Live</title><entry><id>a1</id>"
    "<title>{}</title></entry></feed>",
    "rdf": "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
    "xmlns='http://purl.org/rss/1.0/'><channel><title>Live</title></channel>"
    "<item rdf:about='https://a.example/1'><title>{}</title></item></rdf:RDF>",
}
HONEST = (
    *("Zürich & Genf", "1 < 2, 3 > 2", "if (a < b) return;", "„Grüße“ aus Łódź", "x &amp; y"),
    *("a ]] b", "100 % – ja!", "C# & C++", "Straße №5", 'O\'Neil "zitiert"'),
)
#: What an honest feed may come in; the last ones only with a declaration.
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-1")
LIES = (
    *("utf-7", "utf-16", "utf-32", "ebcdic-cp-us", "cp037", "idna", "punycode", "rot13", "hex"),
    *("unicode_escape", "utf-8", "x-mac", "shift_jis", "iso-2022-jp", "hz", "ut", "", "a" * 500),
)


def document_types(canary: str) -> Iterator[str]:
    """Declarations that name *canary*, a URL or a file, or that grow."""
    yield from (
        f"<!DOCTYPE r [<!ENTITY e SYSTEM '{canary}'>]>",
        f"<!DOCTYPE r [<!ENTITY e PUBLIC 'x' '{canary}'>]>",
        f"<!DOCTYPE r [<!ENTITY % p SYSTEM '{canary}'> %p;]>",
        f"<!DOCTYPE r [<!ENTITY % p \"<!ENTITY e SYSTEM '{canary}'>\"> %p;]>",
        f"<!DOCTYPE r SYSTEM '{canary}'>",
        f"<!DOCTYPE r PUBLIC '-//x' '{canary}'>",
        f"<!DOCTYPE r SYSTEM '{canary}' [<!ENTITY e 'x'>]>",
        f"<!DOCTYPE r [<!NOTATION n SYSTEM '{canary}'><!ENTITY e SYSTEM '{canary}' NDATA n>]>",
        f"<!DOCTYPE r [<!ATTLIST item a CDATA '{canary}'>]>",
        "<!DOCTYPE r [" + _laughs(10, 10) + "]>",
        "<!DOCTYPE r [" + _laughs(30, 2) + "]>",
        "<!DOCTYPE r [<!ENTITY e '" + "a" * 50_000 + "'>]>",
        "<!DOCTYPE r [<!ENTITY e '&e;'>]>",
        "<!DOCTYPE r [<!ENTITY a '&e;'><!ENTITY e '&a;'>]>",
        "<!DOCTYPE r [<!ENTITY lt '&#38;#60;'><!ENTITY e '&lt;'>]>",
        "<!DOCTYPE r [<!ELEMENT item (#PCDATA)>",
        "<!DOCTYPE r [<!ENTITY e 'x'",
        "<!DOCTYPE r [" + "<!ENTITY % a 'b'>" * 50 + "]>",
        f"<?xml-stylesheet type='text/xsl' href='{canary}'?>",
        f"<?xml-model href='{canary}'?>",
        "<!DOCTYPE r [<![INCLUDE[<!ENTITY e 'x'>]]>]>",
    )


def bodies(canary: str, chance: random.Random) -> Iterator[str]:
    """Texts of an entry."""
    yield from (
        *("&e;", "&e;" * 500, "&lol9;", "&#0;", "&#xFFFE;", "&#xD800;&#xDC00;", "&#x110000;"),
        *("&undeclared;", "&", "<![CDATA[", "<![CDATA[]]>]]&gt;", "]]>", "<![CDATA[<![CDATA[]]>"),
        *("<![CDATA[</title><script>x</script>]]>", "&lt;![CDATA[&lt;script>]]&gt;"),
        f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{canary}'/>",
        f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{canary}' parse='text'/>",
        f"<x xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='{canary}'/>",
        f"<x xml:base='{canary}'><a href=''/></x>",
        f"<?php system('{canary}') ?>",
        "<x " + " ".join(f"a{n}='{n}'" for n in range(chance.randint(1, 3000))) + "/>",
        "<x a='" + "b" * chance.randint(1, 200_000) + "'/>",
        "<x a='1' a='2'/>",
        "<a>" * chance.randint(1, 5000),
        "<a>" * 500 + "</a>" * 500,
        "<x:y xmlns:x=''/><:/>",
        f"<x xmlns='{'n' * 10_000}'/>",
        "<!-- -- -->" * 50,
        "\x01\x08\x1f",
        "+ADw-script+AD4-",
        "\u202e\u2066\u200f",
    )


def encoded(text: str, chance: random.Random) -> Iterator[bytes]:
    """*text* in an encoding, under a declaration that may not be true."""
    encoding = chance.choice((*ENCODINGS, "utf-7", "cp037", "utf-16", "shift_jis"))
    said = chance.choice((encoding, *LIES))
    for declaration in ("", f"<?xml version='1.0' encoding='{said}'?>"):
        yield (declaration + text).encode(encoding, "replace")


def attacks(canary: str, seed: int) -> Iterator[tuple[bytes, bool]]:
    """Feeds, and whether each declares entities of its own."""
    chance = random.Random(seed)
    for feed in FEEDS.values():
        for document_type in document_types(canary):
            for body in (*bodies(canary, chance), "Text"):
                text = document_type + feed.format(body)
                for data in encoded(text, chance):
                    yield data, "<!ENTITY" in text


def harmless(feed: str, text: str) -> Iterator[bytes]:
    """An honest entry called *text*, in the ways honest feeds say that."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    doubly = escaped.replace("&", "&amp;") if "&" in text or "<" in text else escaped
    for body in (doubly, f"<![CDATA[{escaped}]]>"):
        for encoding in ENCODINGS:
            name = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
            said = f"<?xml version='1.0' encoding='{name}'?>\n<!-- a comment -->\n"
            yield (said + feed.format(body)).encode(encoding, "xmlcharrefreplace")


def _laughs(levels: int, each: int) -> str:
    first = "<!ENTITY lol0 'lol'>"
    more = (f"<!ENTITY lol{n} '{f'&lol{n - 1};' * each}'>" for n in range(1, levels))
    return first + "".join(more)
