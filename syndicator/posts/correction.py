"""Correcting a post that is out by a public reply to it.

An editor chooses this way on the note that says that the entry changed. The note is closed, and the
reply becomes a post like any other: a draft that says what is new, which waits for approval.
Whoever would rather correct it another way after all gets the note back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from syndicator.accounts.models import User
from syndicator.channels.base import ALSO, Capability, Message
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.clock import database_now
from syndicator.content import EntryContent, Paragraph
from syndicator.entries.models import EntryRevision, content_from_json
from syndicator.posts import gathering
from syndicator.posts.links import carrying
from syndicator.posts.models import MAKES_A_POST, Action, Post, PostState, Verdict
from syndicator.posts.render import draft_by
from syndicator.posts.replies import names_of_replies, unclear_replies
from syndicator.posts.review import (
    CANNOT,
    OUTDATED,
    REPLY_UNCLEAR,
    ReviewRefused,
    afresh,
    decided,
    locked,
    must_be_seen,
    name_what_is_out,
    not_possible,
)
from syndicator.posts.states import move
from syndicator.wording import Wording, gettext_noop

#: What a reply begins with, by the language of the live blog.
CALLED = {"de": "Korrektur", "en": "Correction"}
OTHERWISE = "en"

CHOSEN_BY = gettext_noop("%(who)s corrects it by a reply.")
DRAFTED_BY = gettext_noop("%(who)s corrects the post by this reply. It waits for an editor.")
NOT_THIS_WAY = gettext_noop("%(who)s corrects it another way.")
REPLY_UNKNOWN = Wording(
    gettext_noop(
        "It is not known which post the earlier correction reply is. Do it by hand, then press "
        "“Done”."
    )
)

#: Of a reply, from where the note may come back.
NOT_OUT = (PostState.PENDING, PostState.FAILED)
TELLS_SEVERAL = Wording(
    gettext_noop(
        "This post tells several entries, and an answer to it could not be taken back with each of "
        "them. Have the post itself edited, or delete it and post anew."
    )
)


def correct(note_id: int, editor: User, seen_hash: str) -> Post:
    """Choose a reply instead of the noted edit. The reply, which waits for approval: drafted, or
    as it was written before somebody chose another way."""
    with transaction.atomic():
        note = locked(note_id, editor)
        must_be_seen(note, seen_hash)
        if note.outdated:
            raise ReviewRefused(OUTDATED)
        if not (note.is_note and can_be_answered(note)):
            raise ReviewRefused(CANNOT)
        if gathering.told_with(note):
            raise ReviewRefused(TELLS_SEVERAL)
        name_what_is_out(note, with_replies=False)
        if unclear := unclear_replies(note).first():
            is_out = unclear.state == PostState.SENT
            raise ReviewRefused(REPLY_UNKNOWN if is_out else REPLY_UNCLEAR)
        now = database_now()
        if not move(
            note.pk,
            PostState.SKIPPED,
            PostState.CANCELLED,
            now=now,
            seen_hash=seen_hash,
            reason=Wording(CHOSEN_BY, {"who": str(editor)}),
        ):
            raise not_possible(note)
        reply = _same(note, Action.CORRECT)
        told = Wording(DRAFTED_BY, {"who": str(editor)})
        if reply is None:
            return decided(_drafted(note, told, now), editor, Verdict.CORRECT)
        if not move(
            reply.pk,
            PostState.CANCELLED,
            PostState.PENDING,
            now=now,
            reason=told,
            held_by=None,
            **afresh(reply),
        ):
            raise not_possible(reply)
        return decided(reply, editor, Verdict.CORRECT)


def choose_again(reply_id: int, editor: User) -> Post:
    """Give up a reply that is not out, and put the choice before editors once more. The note."""
    with transaction.atomic():
        reply = locked(reply_id, editor)
        note = _same(reply, Action.EDIT)
        now = database_now()
        told = Wording(NOT_THIS_WAY, {"who": str(editor)})
        if (
            reply.action != Action.CORRECT
            or reply.outdated
            or note is None
            or not move(reply.pk, NOT_OUT, PostState.CANCELLED, now=now, reason=told, held_by=None)
            or not move(note.pk, PostState.CANCELLED, PostState.SKIPPED, now=now, reason=told)
        ):
            raise not_possible(reply)
        decided(reply, editor, Verdict.CHOOSE_AGAIN)
        return decided(note, editor, Verdict.CHOOSE_AGAIN)


def can_be_answered(note: Post) -> bool:
    """Whether *note* is about a change, on a platform where the account can answer its posts."""
    channel = note.destination.channel
    return (
        note.action == Action.EDIT
        and bool(note.message.text)
        and Capability.REPLY in channel.capabilities
    )


def difference(before: EntryContent, after: EntryContent, language: str) -> str:
    """What *after* says and *before* does not, in its own sentences; where it only says less, all
    that it says."""
    known = set(_sentences(before, language))
    new = [said for said in _sentences(after, language) if said not in known]
    return " ".join(new or _sentences(after, language))


def opening(language: str) -> str:
    return CALLED.get(language.partition("-")[0].lower(), CALLED[OTHERWISE])


def draft(note: Post) -> Message:
    """The reply to the post that *note*, which names it, is about: what is new since readers were
    told last, fitted by the channel. It answers the reply before it, if there is one, so that each
    is known by what it answers."""
    entry = note.entry
    content, language = entry.content, entry.blog.language
    said = difference(_told_last(note) or content, content, language)
    shown = replace(
        content,
        headline="",
        blocks=(Paragraph(f"{opening(language)}: {said}"),),
        key_event=False,
    )
    answered = (names_of_replies(note) or note.remote_id.split(ALSO)[:1])[-1]
    story = replace(entry.story, entry=shown, in_reply_to=answered)
    link = note.message.permalink
    made = draft_by(note.destination, carrying(story, link)).message
    return replace(made or Message(text="", permalink=link), in_reply_to=answered)


def _drafted(note: Post, told: Wording, now: datetime) -> Post:
    message = draft(note)
    reply = Post(
        entry=note.entry,
        destination=note.destination,
        action=Action.CORRECT,
        revision=note.revision,
        state=PostState.PENDING,
        payload=message.to_json(),
        payload_hash=message.fingerprint(),
        published_at=note.published_at,
        reason=told.to_json(),
        ruling=told.to_json(),
        cost=note.destination.channel.cost(message),
        created_at=now,
        changed_at=now,
    )
    for name, value in afresh(reply).items():
        setattr(reply, name, value)
    reply.save()
    return reply


def _same(post: Post, action: Action) -> Post | None:
    """The row for *action* about the same version of the entry on the same destination."""
    return Post.objects.filter(
        entry=post.entry_id,
        destination=post.destination_id,
        action=action,
        revision=post.revision,
    ).first()


def _told_last(note: Post) -> EntryContent | None:
    """The newest version of the entry that readers there have been told about."""
    told = Post.objects.filter(
        entry=note.entry_id,
        destination=note.destination_id,
        action__in=(*MAKES_A_POST, Action.EDIT),
        state=PostState.SENT,
        revision__lt=note.revision,
    )
    newest = told.order_by("-revision").values("revision")[:1]
    found = EntryRevision.objects.filter(entry=note.entry_id, revision=newest).first()
    return content_from_json(found.content) if found else None


def _sentences(content: EntryContent, language: str) -> Iterator[str]:
    """The headline and the sentences of *content*, one after another."""
    if content.headline:
        yield content.headline
    for text in (line for block in content.blocks for line in block.text.splitlines()):
        start = 0
        for end in (*sentence_ends(text, language), len(text)):
            if said := text[start:end].strip():
                yield said
            start = end
