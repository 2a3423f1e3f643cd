"""A live-blog page as a person selects and copies it in the browser.

The reader is a row of passes: split at the share buttons, find where the first entry begins,
peel authors and times off, read what is left (`entry_body`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import ClassVar
from urllib.parse import urldefrag, urlsplit

import regex

from syndicator.content import EntryContent, clean_text
from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.bylines import author_of, people_in, without_prefix
from syndicator.sources.derived_ids import with_derived_ids
from syndicator.sources.entry_body import is_list_item, read_body
from syndicator.sources.file_kinds import is_html, is_json, unreadable
from syndicator.sources.page_furniture import (
    Furniture,
    furniture_of,
    is_badge,
    is_footer,
    is_key_updates_heading,
    left_out,
)
from syndicator.sources.share_labels import (
    is_german_label,
    is_share_label,
    split_at_share_labels,
)
from syndicator.sources.text_encoding import decode_text
from syndicator.sources.time_lines import Moment, dates_in, read_time_line, split_time
from syndicator.sources.timestamps import is_plausible

_URL = regex.compile(r"https?://[^\s<>\"“”„»«]+", regex.IGNORECASE)
_IN_PLACE_OF_A_PICTURE = "\ufffc"
_LONGEST_TITLE = 140
#: In bytes; nobody selects and copies more, and every line of it is looked at.
_LONGEST_COPY = 4 * 1024 * 1024


class PlainTextReader(Reader):
    name: ClassVar[str] = "plain-text"
    describes: ClassVar[str] = (
        "a plain-text copy of a live-blog page, in which the page's share buttons "
        "or the authors' names part the entries"
    )

    def recognises(self, data: bytes) -> bool:
        if len(data) > _LONGEST_COPY or data.startswith(b"%PDF-"):
            return False
        text = decode_text(data)
        if "\0" in text or text.lstrip().startswith("<") or is_html(text) or is_json(text):
            return False
        return len(_split(_lines(text))) > 1

    def read(self, data: bytes, context: ReadingContext) -> SourceDocument:
        if not self.recognises(data):
            raise unreadable(self.describes, data)
        lines = _lines(decode_text(data))
        runs = _split(lines)
        head, entries_lines = find_entries(runs)
        authors = _authors(runs)
        canonical_url = _canonical_url(head)
        page = _Page(
            authors=authors,
            url=urldefrag(context.canonical_url or canonical_url).url,
            context=context,
            today=_date_of(head),
        )
        entries = [entry for run in entries_lines if (entry := page.read_entry(run))]
        if not entries:
            raise UnreadableSource(
                f"Expected {self.describes}.", "Found share buttons, but no entry between them."
            )
        if not _oldest_first(entries):
            entries.reverse()
        return SourceDocument(
            reader=self.name,
            entries=with_derived_ids(entries),
            title=_title(head, authors),
            canonical_url=canonical_url,
            language=_language(lines),
            warnings=tuple(page.warnings()),
        )


def find_entries(runs: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The lines above the first entry, and the lines of each entry from its author on.

    *runs* is the page split at its share buttons; the last run is what follows the last entry.
    """
    runs = _with_headers_joined(runs, _authors(runs))
    authors = _authors(runs)
    first, start = _first_entry(runs, authors)
    head = [line for run in runs[:first] for line in run] + list(runs[first][:start])
    entries = [list(runs[first][start:]), *map(list, runs[first + 1 :])]
    if len(runs) - 1 > first and not _is_entry_without_labels(entries[-1], authors):
        entries.pop()
    elif entries:
        entries[-1] = _without_footer(entries[-1])
    return head, entries


@dataclass
class _Page:
    """What is known of the page while its entries are read, newest first."""

    authors: Set[str]
    url: str
    context: ReadingContext
    today: date | None
    clock_before: datetime | None = None
    dropped: list[tuple[Furniture, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    dated_by_head: int = 0

    def read_entry(self, lines: Sequence[str]) -> EntryContent | None:
        """The entry that *lines* are, still without an id; None if it says nothing."""
        permalink, lines = self._peel_permalink(self._below_interruption(lines))
        key_event = any(map(is_badge, lines))
        lines = [line for line in lines if not is_badge(line)]
        lines = list(self._without_furniture(lines))
        author, moment, lines = peel_header(lines, self.authors)
        published_at = self._published_at(moment)
        body = read_body(lines)
        if not body.blocks:
            if author or lines:
                self.empty.append(author or lines[0])
            return None
        return EntryContent(
            external_id="",
            author=author,
            headline=body.headline,
            published_at=published_at,
            permalink=permalink,
            blocks=body.blocks,
            key_event=key_event,
        )

    def warnings(self) -> Iterator[str]:
        yield from left_out(self.dropped)
        for name in self.empty:
            yield f"An entry was left out because it has no text: “{name}”."
        if self.dated_by_head:
            yield (
                f"{self.dated_by_head} times without a date were taken to belong to the date "
                "above the entries."
            )

    def _below_interruption(self, lines: Sequence[str]) -> Sequence[str]:
        """*lines* from a known author on, if an advertisement or a poll stands above the name."""
        kind = furniture_of(lines[0]) if lines else None
        if kind and not _is_author(lines, self.authors):
            for start, line in enumerate(lines):
                if _is_author([line], self.authors):
                    self.dropped.extend((kind, above) for above in lines[:start])
                    return lines[start:]
        return lines

    def _without_furniture(self, lines: Sequence[str]) -> Iterator[str]:
        for line in lines:
            if kind := furniture_of(line):
                self.dropped.append((kind, line))
            else:
                yield line

    def _peel_permalink(self, lines: Sequence[str]) -> tuple[str, list[str]]:
        """A link to this page with a fragment; a line that is nothing else is left out."""
        kept, permalink = [], ""
        for line in lines:
            own = [url for url in map(_trimmed, _URL.findall(line)) if self._is_own(url)]
            permalink = permalink or (own[0] if own else "")
            if own != [line]:
                kept.append(line)
        return permalink, kept

    def _is_own(self, url: str) -> bool:
        page, fragment = urldefrag(url)
        return bool(fragment and self.url) and _same_page(page, self.url)

    def _published_at(self, moment: Moment) -> datetime | None:
        # A day that one entry gives is that of the entries below it, until one gives another.
        self.today = moment.day or self.today
        day = moment.on(self.today)
        if not moment.clock or not day:
            return None
        zone = moment.zone or self.context.time_zone
        published_at = datetime.combine(day, moment.clock, zone)
        if not (moment.day or moment.yearless):
            self.dated_by_head += 1
            if self._is_past_midnight(published_at) and self.today:
                self.today -= timedelta(days=1)
                published_at = datetime.combine(self.today, moment.clock, zone)
            self.clock_before = published_at
        return published_at if is_plausible(published_at) else None

    def _is_past_midnight(self, published_at: datetime) -> bool:
        """Whether the entries, newest first, have come to the evening of the day before."""
        before = self.clock_before
        return before is not None and before.hour < 6 and published_at.hour >= 18


def peel_header(lines: Sequence[str], known_authors: Set[str]) -> tuple[str, Moment, list[str]]:
    """Author and time of an entry, and its other lines. A time line is no text wherever it is."""
    author, moment, start = "", Moment(), 0
    for line in lines:
        if (said := read_time_line(line)) is None:
            name, said = _author_and_time(line, known_authors)
            if not name or (author and name != author and name not in known_authors):
                break
            author = name if author in ("", name) else f"{author}, {name}"
        moment |= said
        start += 1
    rest = []
    for line in lines[start:]:
        if (said := read_time_line(line)) is not None:
            moment |= said
        else:
            rest.append(line)
    # The author's name as a signature would pass for the credit of a picture.
    if rest and author and without_prefix(rest[-1]) == author:
        rest.pop()
    return author, moment, rest


def _author_and_time(line: str, known_authors: Set[str] = frozenset()) -> tuple[str, Moment]:
    """The author a line names, and the time that may stand beside the name."""
    if (name := without_prefix(line)) in known_authors:
        return name, Moment()
    if name := author_of(line):
        return name, Moment()
    if split := split_time(line):
        name = without_prefix(split[0])
        return (name if name in known_authors else author_of(name)), split[1]
    return "", Moment()


def _lines(text: str) -> list[str]:
    """The lines of *text* that say something; copies lose or double blank ones at will."""
    visible = text.replace(_IN_PLACE_OF_A_PICTURE, "")
    return [cleaned for line in visible.splitlines() if (cleaned := clean_text(line))]


def _split(lines: Sequence[str]) -> list[list[str]]:
    """The page's lines run by run: parted by share buttons, or by the authors if there are none."""
    runs = split_at_share_labels(lines)
    return runs if len(runs) > 1 else _split_at_authors(lines)


def _split_at_authors(lines: Sequence[str]) -> list[list[str]]:
    names = [_author_and_time(line)[0] for line in lines]
    often = {name for name, count in Counter(filter(None, names)).items() if count > 1}
    starts = [
        index
        for index, name in enumerate(names)
        if name in often and index + 1 < len(lines) and names[index + 1] != name
    ]
    if len(starts) < 2:
        return [list(lines)]
    ends = [*starts[1:], len(lines)]
    runs = [list(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    return [[*lines[: starts[0]], *runs[0]], *runs[1:], []]


def _authors(runs: Sequence[Sequence[str]]) -> set[str]:
    """Who the page says has written: by form, or named over several entries."""
    first_lines = [line for run in runs[1:-1] if (line := _first_line(run))]
    by_form = {
        name
        for line in first_lines
        if (together := _author_and_time(line)[0])
        for name in (together, *people_in(together))
    }
    bare = Counter(_beside_time(line) for line in first_lines)
    return by_form | {name for name, count in bare.items() if count > 1 and _could_be_name(name)}


def _first_line(run: Sequence[str]) -> str:
    """The first line of *run* that is neither time, badge nor furniture."""
    return next((line for line in run if not _is_beside_author(line)), "")


def _is_beside_author(line: str) -> bool:
    return read_time_line(line) is not None or is_badge(line) or furniture_of(line) is not None


def _beside_time(line: str) -> str:
    split = split_time(line)
    return without_prefix(split[0] if split else line)


def _could_be_name(line: str) -> bool:
    return len(line) <= 60 and not line.endswith((".", "!", "?", ":")) and not is_footer(line)


def _with_headers_joined(runs: Sequence[Sequence[str]], authors: Set[str]) -> list[list[str]]:
    """*runs* in which no author stands alone: share buttons may follow the author line, too."""
    joined: list[list[str]] = [list(runs[0])]
    for run in runs[1:-1]:
        last = joined[-1]
        said = [line for line in last if not _is_beside_author(line)]
        ends_in_author = bool(said) and _is_author(said[-1:], authors)
        if ends_in_author and (len(said) == 1 or len(joined) == 1) and not _is_author(run, authors):
            last.extend(run)
        else:
            joined.append(list(run))
    return [*joined, *map(list, runs[1:][-1:])]


def _is_author(run: Sequence[str], authors: Set[str]) -> bool:
    return _author_and_time(_first_line(run), authors)[0] in authors


def _first_entry(runs: Sequence[Sequence[str]], authors: Set[str]) -> tuple[int, int]:
    """The run and the line in it where the first entry begins, its badge and times included.

    That is in the first run, or in the second if the page's head has share buttons of its own.
    """
    second = runs[1] if len(runs) > 2 else ()
    head_goes_on = bool(second) and (
        not _is_author(second, authors)
        or bool(_below_key_updates(second) and len(_known_authors(second, authors)) > 1)
    )
    everywhere = Counter(line for run in runs for line in run)
    tries = [(0, _known_authors(runs[0], authors))]
    if head_goes_on:
        tries.append((1, _known_authors(second, authors)))
        if _below_key_updates(second):
            tries.reverse()
            tries.append((1, _possible_authors(second, everywhere)))
    tries.append((0, _possible_authors(runs[0], everywhere)))
    for index, found in tries:
        heading = _below_key_updates(runs[index])
        if below := [line for line in found if line >= heading]:
            # A byline of the whole page stands above its lead: without a heading, the last counts.
            return index, _with_header_above(runs, index, below[0] if heading else below[-1])
    if authors:
        return next(i for i, run in enumerate(runs) if i and _is_author(run, authors)), 0
    return 0, _below_list(runs[0], _below_key_updates(runs[0]))


def _below_key_updates(run: Sequence[str]) -> int:
    """The line below the last heading of key updates in *run*; 0 without one."""
    return max((i + 1 for i, line in enumerate(run) if is_key_updates_heading(line)), default=0)


def _known_authors(run: Sequence[str], authors: Set[str]) -> list[int]:
    """Where known authors stand in *run* with something below them."""
    return [i for i, line in enumerate(run[:-1]) if _author_and_time(line, authors)[0] in authors]


def _possible_authors(run: Sequence[str], everywhere: Counter[str]) -> list[int]:
    """Where names stand in *run* that the page has once: headlines come again above their text."""
    return [
        i for i, line in enumerate(run[:-1]) if everywhere[line] == 1 and _author_and_time(line)[0]
    ]


def _with_header_above(runs: Sequence[Sequence[str]], index: int, start: int) -> int:
    """Where the header of an entry begins whose author stands at *start* in run *index*.

    A time above the author is the entry's where other entries have it there as well; otherwise
    it belongs to the last of the key updates.
    """
    times_above = any(run and read_time_line(run[0]) for run in runs[index + 1 : -1])
    run = runs[index]
    while start and (is_badge(run[start - 1]) or (times_above and read_time_line(run[start - 1]))):
        start -= 1
    return start


def _below_list(run: Sequence[str], start: int) -> int:
    """The line below the bulleted list at *start*, if there is one."""
    while start and start < len(run) and is_list_item(run[start]):
        start += 1
    return start


def _is_entry_without_labels(run: Sequence[str], authors: Set[str]) -> bool:
    """Whether what follows the last share buttons is an entry that the copy cut short."""
    lines = _without_footer(list(run))
    return len(lines) > 1 and _is_author(lines, authors)


def _without_footer(run: list[str]) -> list[str]:
    end = next((i for i, line in enumerate(run) if i and is_footer(line)), len(run))
    return run[:end] if all(map(is_footer, run[end:])) else run


def _canonical_url(head: Sequence[str]) -> str:
    for line in head:
        if _URL.fullmatch(line) and _has_host(line):
            return urldefrag(line).url
    return ""


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _same_page(one: str, other: str) -> bool:
    """Whether two URLs name one page: scheme, a final slash and tracking apart."""
    return _page_key(one) == _page_key(other)


def _page_key(url: str) -> str:
    return regex.sub(r"^https?://(?:www\.)?|[?].*$", "", url, flags=regex.I).rstrip("/").casefold()


def _trimmed(url: str) -> str:
    return url.rstrip(".,;:!?)]’'")


def _date_of(head: Sequence[str]) -> date | None:
    """The day the page's head gives: on a time line, or the only one named in its text."""
    for line in head:
        if (moment := read_time_line(line)) and moment.day:
            return moment.day
    days = set().union(*map(dates_in, head)) if head else set()
    return days.pop() if len(days) == 1 else None


def _title(head: Sequence[str], authors: Set[str]) -> str:
    """The first line above the lead that says enough for a title: a mere "Liveblog" does not."""
    above_lead: list[str] = []
    for line in head:
        if _URL.fullmatch(line) or _is_beside_author(line) or is_share_label(line):
            continue
        if len(line) > _LONGEST_TITLE or line.endswith((".", ":")) or is_key_updates_heading(line):
            break
        # Many a title is written like a name, too: "Liveblog Friedensgespräche".
        is_byline = author_of(line) and (
            without_prefix(line) != line or not authors.isdisjoint(people_in(line))
        )
        if not is_byline and line not in authors:
            above_lead.append(line)
    return next((line for line in above_lead if line.count(" ") > 1), "".join(above_lead[:1]))


def _language(lines: Sequence[str]) -> str:
    labels = [line for line in lines if is_share_label(line)]
    if not labels:
        return ""
    return "de" if 2 * sum(map(is_german_label, labels)) >= len(labels) else "en"


def _oldest_first(entries: Sequence[EntryContent]) -> bool:
    """Whether the page was sorted the other way round: every time later than the one above it."""
    times = [entry.published_at for entry in entries]
    known = [time for time in times if time is not None]
    if len(known) < 3 or len(known) < len(times):
        return False
    return all(above < below for above, below in pairwise(known))
