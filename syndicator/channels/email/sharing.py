"""Links by which a reader passes an entry on. They lead straight there, with no stop between."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from syndicator.channels.email.words import words_for


@dataclass(frozen=True, slots=True)
class ShareLink:
    """*label* says what it does, in the mail's language."""

    label: str
    url: str
    is_mail: bool = False


def share_links(permalink: str, title: str, language: str) -> tuple[ShareLink, ...]:
    """Where to share *permalink*, a web address, of an entry called *title*."""
    words, address, name = words_for(language), _encoded(permalink), _encoded(title)
    body = _encoded(f"{title}\r\n\r\n{permalink}")  # line ends as RFC 6068 wants them
    return (
        ShareLink(
            words.share_on_facebook, f"https://www.facebook.com/sharer/sharer.php?u={address}"
        ),
        ShareLink(words.share_on_x, f"https://x.com/intent/post?url={address}&text={name}"),
        ShareLink(words.share_by_mail, f"mailto:?subject={name}&body={body}", is_mail=True),
    )


def _encoded(text: str) -> str:
    return quote(text, safe="")
