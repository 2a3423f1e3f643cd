from __future__ import annotations

from syndicator.channels.x.channel import XChannel
from syndicator.content import Block, BulletList, EntryContent, Paragraph, Quote, Story

PERMALINK = "https://zeitung.example/live#eintrag-7"


def told(*blocks: Block, headline: str = "") -> tuple[str, tuple[str, ...]]:
    entry = EntryContent("1", headline=headline, permalink=PERMALINK, blocks=blocks)
    story = Story(entry, "b", "Blog", "https://zeitung.example/live", thread=True)
    message = XChannel().render(story)
    assert message is not None
    return message.text.removesuffix(f"\n\n{PERMALINK}"), message.thread


def test_what_gave_way_in_the_post_is_told_in_the_thread_and_nothing_twice() -> None:
    quote = Quote(" ".join(["Niemand sprach in Genf darüber."] * 8), "Anna Roth")
    assert told(quote, Paragraph("Die Märkte gaben nach. Der Euro stieg."), headline="Genf") == (
        "Genf\n\nDie Märkte gaben nach. Der Euro stieg.",
        (f"„{quote.text}“ – Anna Roth",),
    )


def test_a_list_goes_on_in_the_thread() -> None:
    items = tuple(f"Punkt {number} steht auf einer sehr langen Liste" for number in range(9))
    post, thread = told(BulletList(items), headline="Genf")
    said = [line for text in (post, *thread) for line in text.split("\n")]
    assert post.endswith("\n…")
    assert [line for line in said if line.startswith("•")] == [f"• {item}" for item in items]
