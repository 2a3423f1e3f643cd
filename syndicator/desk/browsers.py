"""A browser's name as its owner knows it, from what it says of itself."""

from __future__ import annotations

#: The first that fits: many say that they are Chrome or Safari, too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(said: str) -> str:
    """For instance “Firefox, Windows”; what it says itself if nothing fits."""
    names = [
        next((name for mark, name in known if mark in said), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in names if name) or said[:60]
