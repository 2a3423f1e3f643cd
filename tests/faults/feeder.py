"""Brings entries to where they are due, one for every line on standard input, without a worker."""

from __future__ import annotations

import sys

from syndicator.boot import boot


def main() -> None:
    boot()
    from syndicator.content import EntryContent, Paragraph
    from syndicator.entries.ingest import ingest
    from syndicator.entries.models import Source
    from syndicator.posts.render import render
    from tests.faults.shapes import permalink

    source = Source.objects.select_related("blog").get()
    for line in sys.stdin:
        name = line.strip()
        content = EntryContent(
            external_id=name,
            headline=f"Nachricht {name}",
            permalink=permalink(name),
            blocks=(Paragraph(f"In Genf ist Satz {name} gefallen."),),
        )
        render(ingest(source, content).entry.pk)
        print(name, flush=True)


if __name__ == "__main__":
    main()
