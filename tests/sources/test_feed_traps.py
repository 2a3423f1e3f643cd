"""What single parts of feeds are taken for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syndicator.content import EntryContent, Image, Paragraph
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.detect import read_with
from syndicator.sources.feed import FeedReader
from syndicator.sources.json_feed import JsonFeedReader

PAGE = "https://m.example/blog"
SPACES = (
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def rss(*items: str, head: str = f"<link>{PAGE}</link>") -> bytes:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {SPACES}><channel>{head}{listed}</channel></rss>'.encode()


def read(data: bytes, context: ReadingContext | None = None) -> SourceDocument:
    return read_with(FeedReader(), data, context or ReadingContext())


def entry(item: str, context: ReadingContext | None = None) -> EntryContent:
    (found,) = read(rss(item), context).entries
    return found


def json_feed(*items: Any, **others: Any) -> bytes:
    version = "https://jsonfeed.org/version/1.1"
    return json.dumps({"version": version, "items": list(items), **others}).encode()


def test_a_changed_guid_with_the_same_link_makes_another_entry() -> None:
    link = f"<title>t</title><link>{PAGE}/1</link>"
    before, after = entry(f"<guid>a</guid>{link}"), entry(f"<guid>b</guid>{link}")
    assert (before.external_id, after.external_id) == ("a", "b")
    assert before.permalink == after.permalink == f"{PAGE}/1"


def test_a_guid_outlives_a_changed_query_of_the_link() -> None:
    ids = {
        entry(f"<guid>a</guid><title>t</title><link>{PAGE}/1?v={number}</link>").external_id
        for number in range(3)
    }
    assert ids == {"a"}


@pytest.mark.parametrize(
    ("item", "permalink"),
    [
        ("<link>#e-1</link>", f"{PAGE}#e-1"),
        ("<link>/blog/1?a=b#e-1</link>", "https://m.example/blog/1?a=b#e-1"),
        (f"<link>{PAGE}?utm_source=rss</link><guid>{PAGE}#e-1</guid>", f"{PAGE}#e-1"),
        (f'<guid isPermaLink="false">{PAGE}/x</guid>', f"{PAGE}#https://m.example/blog/x"),
        ("<link>javascript:alert(1)</link><guid>e</guid>", f"{PAGE}#e"),
        ("<link>data:text/html,x</link><guid>e</guid>", f"{PAGE}#e"),
        ('<link xml:base="https://b.example/"/><link>#a</link>', f"{PAGE}#a"),
        ('<atom:link href="https://m.example/2"/><guid>e</guid>', "https://m.example/2"),
        ('<atom:link rel="replies" href="https://m.example/2"/><guid>e</guid>', f"{PAGE}#e"),
    ],
)
def test_a_permalink_is_the_entrys_own(item: str, permalink: str) -> None:
    assert entry(f"<title>t</title>{item}").permalink == permalink


def test_what_the_feed_leaves_open_belongs_to_the_known_page() -> None:
    context = ReadingContext(canonical_url="https://own.example/b", source_url="https://f.example/")
    assert entry("<title>t</title><link>#a</link>", context).permalink == "https://own.example/b#a"
    assert entry("<title>t</title><link>a</link>", context).permalink == "https://own.example/a"


def test_the_order_of_a_feed_with_pinned_entries_is_that_of_its_times() -> None:
    def item(name: str, minute: int) -> str:
        return f"<title>{name}</title><pubDate>30 Nov 2026 10:{minute:02}:00</pubDate>"

    items = [item("oben", 1), item("d", 4), item("c", 3), item("c'", 3), item("b", 2)]
    for ordered, same in ((items, ["c'", "c"]), (items[::-1], ["c'", "c"])):
        headlines = [found.headline for found in read(rss(*ordered)).entries]
        assert headlines == ["oben", "b", *same, "d"]


@pytest.mark.parametrize(
    ("deleted", "changed", "withdrawn"),
    [
        ("2026-11-30T10:00:00Z", "2026-11-30T09:59:59Z", True),
        ("2026-11-30T10:00:00Z", "2026-11-30T11:00:00+01:00", True),
        ("2026-11-30T10:00:00Z", "2026-11-30T10:00:01Z", False),
        ("", "2026-11-30T09:00:00Z", False),
        ("2026-11-30T10:00:00Z", "", False),
    ],
)
def test_an_entry_is_withdrawn_unless_it_came_back(
    deleted: str, changed: str, withdrawn: bool
) -> None:
    head = f'<at:deleted-entry ref="a" when="{deleted}"/>'
    item = f"<guid>a</guid><title>t</title><atom:updated>{changed}</atom:updated>"
    document = read(rss(item, head=head))
    assert document.withdrawn == (("a",) if withdrawn else ())
    assert len(document.entries) == (0 if withdrawn else 1)


def test_what_is_cut_off_or_missing_is_never_withdrawn() -> None:
    stone = '<at:deleted-entry ref="b" when="2026-11-30T10:00:00Z"/>'
    whole = rss("<guid>a</guid><title>t</title>", "<guid>b</guid><title>u</title>", head=stone)
    assert read(whole).withdrawn == ()
    for end in range(whole.index(b"</item>") + 7, len(whole) - 1):
        document = read(whole[:end])
        assert document.withdrawn == ()
        assert "a" in {found.external_id for found in document.entries}
        assert "The feed is broken" in document.warnings[0]


def test_no_empty_document_is_made_of_a_broken_one() -> None:
    whole = rss("<title>t</title>")
    for end in range(whole.index(b"</item>") + 5):
        with pytest.raises(UnreadableSource):
            read(whole[:end])


def test_each_pictures_credit_stays_its_own() -> None:
    images = entry(
        "<title>t</title><media:credit>Agentur</media:credit>"
        '<media:content url="https://b.example/1.jpg" medium="image">'
        "<media:description>Eins. Foto: Petra Sand/dpa</media:description></media:content>"
        '<media:content url="https://b.example/2.jpg"><media:title>Zwei Hunde</media:title>'
        '<media:credit role="editor">Nora Vogt</media:credit>'
        "<media:credit>© Karl Nord</media:credit><media:credit>Reuters</media:credit>"
        "</media:content>"
        '<media:content url="https://b.example/3.mp4" medium="video"/>'
        '<media:content url="javascript:3" medium="image"/>'
        '<enclosure url="https://b.example/1.jpg" type="image/jpeg"/>'
    ).blocks
    assert images == (
        Image("Eins. Foto: Petra Sand/dpa", "Agentur", url="https://b.example/1.jpg"),
        Image("", "Karl Nord, Reuters", "Zwei Hunde", "https://b.example/2.jpg"),
    )


def test_the_only_text_of_an_entry_is_no_caption() -> None:
    blocks = entry(
        "<description>Rauch über dem Hafen.</description>"
        '<media:content url="https://b.example/1.jpg" medium="image">'
        "<media:description>Rauch über dem Hafen.</media:description></media:content>"
    ).blocks
    assert blocks == (Paragraph("Rauch über dem Hafen."), Image(url="https://b.example/1.jpg"))


def test_media_descriptions_and_titles_are_not_the_entrys() -> None:
    found = entry(
        "<guid>a</guid><media:title>IMG_1</media:title><description>Text.</description>"
        "<media:description>Bild</media:description>"
    )
    assert (found.headline, found.blocks) == ("", (Paragraph("Text."),))


@pytest.mark.parametrize(
    "written",
    [
        "<![CDATA[<p>Müller &amp; Söhne</p>]]>",
        "&lt;p&gt;Müller &amp;amp; Söhne&lt;/p&gt;",
        "&amp;lt;p&amp;gt;Müller &amp;amp;amp; Söhne&amp;lt;/p&amp;gt;",
        "<![CDATA[&lt;p&gt;Müller &amp;amp; Söhne&lt;/p&gt;]]>",
        "<p>Müller &amp; Söhne</p>",
        "Müller &amp; Söhne",
        "Müller <![CDATA[& Söhne]]>",
        "M&amp;uuml;ller &amp;amp; S&amp;ouml;hne",
    ],
)
def test_text_is_the_same_however_it_is_escaped(written: str) -> None:
    assert entry(f"<description>{written}</description>").blocks == (Paragraph("Müller & Söhne"),)
    assert entry(f"<title>{written}</title>").headline == "Müller & Söhne"


@pytest.mark.parametrize("declared", ["", ' encoding="utf-8"', ' encoding="iso-8859-1"'])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_any_encoding_is_read_whatever_is_declared(encoding: str, declared: str) -> None:
    text = rss("<title>„Grüße“ – für 5 €</title>").decode()
    data = f'<?xml version="1.0"{declared}?>\n{text}'.encode(encoding)
    (found,) = read(data).entries
    assert found.headline == "„Grüße“ – für 5 €"


def test_text_beside_elements_is_text() -> None:
    blocks = entry("<description><p>Erst 3 &lt;x, dann 4.</p></description>").blocks
    assert blocks == (Paragraph("Erst 3 <x, dann 4."),)


def test_xml_inside_an_entry_is_not_the_feeds() -> None:
    data = rss("<title><![CDATA[a<?xml version='1.0'?>b]]></title>")
    assert read(data).warnings == ()
    assert read(data).entries[0].headline.startswith("a")


def test_a_language_is_written_with_a_hyphen() -> None:
    assert read(rss(head="<language>de_AT</language>")).language == "de-AT"
    assert read(rss(head="<language>&lt;p&gt;Deutsch</language>")).language == ""


def test_a_declared_encoding_is_heeded() -> None:
    text = rss("<title>Łódź</title>").decode()
    data = f'<?xml version="1.0" encoding="windows-1250"?>{text}'.encode("cp1250")
    (found,) = read(data).entries
    assert found.headline == "Łódź"


def test_white_space_and_marks_before_the_feed_do_not_matter() -> None:
    data = b'\xef\xbb\xbf\n\n \xef\xbb\xbf<?xml version="1.0"?><!-- - -- -> -->'
    data = data.replace(b" - -- -> ", b" a ") + rss("<title>t</title>")
    assert FeedReader().recognises(data)
    assert [found.headline for found in read(data).entries] == ["t"]
    assert read(data).warnings == ()


def test_undeclared_prefixes_mean_what_they_usually_do() -> None:
    data = rss("<title>t</title><dc:creator>Ida Brandt</dc:creator>").replace(SPACES.encode(), b"")
    (found,) = read(data).entries
    assert found.author == "Ida Brandt"


def test_relative_addresses_are_relative_to_where_the_feed_came_from() -> None:
    head = '<link>/blog</link><atom:link rel="next" href="?page=2"/>'
    item = '<title>t</title><description>&lt;p&gt;&lt;img src="a.jpg"&gt;&lt;/p&gt;</description>'
    document = read(rss(item, head=head), ReadingContext(source_url="https://m.example/f/rss"))
    assert document.canonical_url == PAGE
    assert document.next_url == "https://m.example/f/rss?page=2"
    assert document.entries[0].blocks == (Image(url="https://m.example/f/a.jpg"),)
    assert document.entries[0].permalink.startswith(f"{PAGE}#entry-")


def test_a_feed_is_not_its_own_next_page() -> None:
    head = '<atom:link rel="next" href="https://m.example/rss"/>'
    context = ReadingContext(source_url="https://m.example/rss")
    assert read(rss("<title>t</title>", head=head), context).next_url == ""
    data = json_feed({"id": "a", "title": "t"}, next_url="https://m.example/rss")
    assert read_with(JsonFeedReader(), data, context).next_url == ""


def test_without_its_own_address_a_feeds_topic_is_where_it_came_from() -> None:
    context = ReadingContext(source_url="https://m.example/rss")
    hub = '<atom:link rel="hub" href="https://hub.example/"/>'
    assert read(rss(head=hub), context).topic_url == "https://m.example/rss"
    assert read(rss(head=""), context).topic_url == ""


def test_an_empty_feed_is_no_error() -> None:
    for reader, data in ((FeedReader(), rss()), (JsonFeedReader(), json_feed())):
        document = read_with(reader, data, ReadingContext())
        assert document.entries == ()
        assert document.warnings == ("The feed has no entries yet.",)


def test_many_problems_are_not_all_told() -> None:
    warnings = read(rss(*["<guid>a</guid>"] * 250)).warnings
    assert warnings[-1] == "There are 50 more problems with entries."
    assert len(warnings) == 202


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"version": "https://jsonfeed.org/version/1", "items": {}}', "“items” are not an array"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "a broken JSON file"),
        (b'{"version": "2", "items": []}', "a JSON file without “entries”"),
    ],
)
def test_what_is_no_json_feed_is_refused(data: bytes, found: str) -> None:
    with pytest.raises(UnreadableSource, match=found):
        JsonFeedReader().read(data, ReadingContext())


def test_the_version_may_be_written_with_escaped_slashes() -> None:
    data = json_feed({"id": "a", "title": "t"}).replace(b"/", b"\\/")
    assert JsonFeedReader().recognises(data)
