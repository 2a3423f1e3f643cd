"""Where each entry can be read: absolute, on the web, and never missing if the page is known."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urldefrag

from syndicator.content import EntryContent
from syndicator.sources.base import SourceDocument
from syndicator.sources.html_blocks import absolute_url

#: What may stand in a fragment (RFC 3986, 3.5) and at the end of a link in running text.
_SAFE_IN_FRAGMENT = "-._~:@/?=&+"


def with_permalinks(document: SourceDocument, canonical_url: str) -> SourceDocument:
    """*document* with an http(s) permalink for each entry.

    Relative ones are resolved against *canonical_url*; what is missing or no web address becomes
    the canonical URL with the entry's id as its fragment, or empty where *canonical_url* is.
    """
    if canonical_url and not absolute_url(canonical_url, ""):
        raise ValueError("The canonical URL must be an http or https address.")
    warnings = list(document.warnings)
    entries = []
    for entry in document.entries:
        permalink = _resolved(entry.permalink, canonical_url)
        if entry.permalink and not permalink:
            outcome = "replaced" if canonical_url else "left out: the page's address is not known"
            warnings.append(
                f"The permalink of “{entry.headline or entry.external_id}” is no web address "
                f"and was {outcome}."
            )
        entries.append(replace(entry, permalink=permalink or _own_fragment(entry, canonical_url)))
    return replace(document, entries=tuple(entries), warnings=tuple(warnings))


def _resolved(permalink: str, canonical_url: str) -> str:
    # urljoin would strip white space and control characters silently.
    if any(char.isspace() or ord(char) < 32 or ord(char) == 127 for char in permalink):
        return ""
    return absolute_url(permalink, canonical_url) if permalink else ""


def _own_fragment(entry: EntryContent, canonical_url: str) -> str:
    if not canonical_url:
        return ""
    fragment = quote(entry.external_id, safe=_SAFE_IN_FRAGMENT)
    return f"{urldefrag(canonical_url).url}#{fragment}"
