"""Parameters in links: never at the cost of the link."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.links import essence
from syndicator.destinations.tracking import check_template, tracked
from syndicator.sources.limits import LONGEST_PERMALINK

UTM = "utm_source={platform}&utm_medium=social&utm_campaign={blog}"
TOLD = {"platform": "x", "blog": "rat", "entry": "https://cms/7?a=b&c"}
FILLED = "utm_source=x&utm_medium=social&utm_campaign=rat"
PAGE = "https://magazin.example.org/liveblog"


@pytest.mark.parametrize(
    ("link", "finished"),
    [
        ("#e-7", f"?{FILLED}#e-7"),
        ("?id=7&b=%C3%A4+c", f"?id=7&b=%C3%A4+c&{FILLED}"),
        ("?id=7&", f"?id=7&{FILLED}"),
        ("?#e", f"?{FILLED}#e"),
        ("?utm_source=own&utm%5Fmedium=a", "?utm_source=own&utm%5Fmedium=a&utm_campaign=rat"),
        ("#/entry?id=7", f"?{FILLED}#/entry?id=7"),
    ],
)
def test_parameters_stand_before_the_fragment_and_replace_none(link: str, finished: str) -> None:
    assert tracked(PAGE + link, UTM, TOLD) == PAGE + finished


def test_what_is_filled_in_is_encoded() -> None:
    link = tracked(PAGE, "e={entry}&s=Live blog, größer", TOLD)
    assert dict(parse_qsl(urlsplit(link).query)) == {
        "e": "https://cms/7?a=b&c",
        "s": "Live blog, größer",
    }
    assert link.isascii()


def test_a_link_that_would_get_too_long_goes_without() -> None:
    link = f"{PAGE}?{'a' * (LONGEST_PERMALINK - len(PAGE) - 5)}"
    assert tracked(link, UTM, TOLD) == link


@pytest.mark.parametrize(
    "template",
    ["utm_source", "=x", "a=1&&b=2", "a b=1", "a={who}", "a={blog", "a=b}", "a=1&a=2", "a=50%",
     "a=b#c", "a=\x00", "&".join(f"p{n}=1" for n in range(11))],
)  # fmt: skip
def test_what_is_no_template_is_said_so(template: str) -> None:
    with pytest.raises(ValidationError):
        check_template(template)


@pytest.mark.parametrize("template", ["", UTM, "ref={entry}", "a=", "a=b=c"])
def test_templates(template: str) -> None:
    check_template(template)


_queries = st.text(alphabet="ab=&;%20+?/äö", max_size=20)


@given(query=_queries, fragment=st.text(alphabet="a?=&#/", max_size=8), blog=st.text(max_size=8))
def test_nothing_of_the_link_is_lost(query: str, fragment: str, blog: str) -> None:
    link = f"{PAGE}?{query}#{fragment}"
    finished = tracked(link, "zz={blog}&zy=1", {"blog": blog})
    before, after = urlsplit(link), urlsplit(finished)
    assert after.fragment == before.fragment
    assert after.path == before.path
    kept, added = after.query[: len(before.query)], after.query[len(before.query) :]
    assert kept == before.query
    assert added.removeprefix("&").startswith("zz=")
    said = parse_qsl(after.query, keep_blank_values=True)
    assert said[-1] == ("zy", "1")
    assert said[-2] == ("zz", blog.encode("utf-8", "replace").decode())
    assert essence(finished)[:2] == essence(link)[:2]
