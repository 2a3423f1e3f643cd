"""The mail's style sheet, written into the elements.

Most mail programs honour no style sheet but for dark mode, and some not even that.
"""

from __future__ import annotations

from pathlib import Path

from css_inline import CSSInliner

_STYLES = (Path(__file__).parent / "templates/mail.css").read_text(encoding="utf-8")
_INLINER = CSSInliner(extra_css=_STYLES, keep_style_tags=True, load_remote_stylesheets=False)


def in_whole_page(html: str) -> str:
    """*html*, a whole page, with its elements styled."""
    return _INLINER.inline(html)


def in_elements(html: str) -> str:
    """*html*, a part of a page, with its elements styled."""
    return _INLINER.inline_fragment(html, "") if html else ""
