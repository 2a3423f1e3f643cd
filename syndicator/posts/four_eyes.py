"""Four eyes: on a route that asks for them, whoever wrote or edited a text may not approve it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.db.models import Exists, OuterRef, QuerySet

from syndicator.accounts.models import Role, User
from syndicator.destinations.models import Route
from syndicator.entries.models import Entry
from syndicator.entries.word_lists import first_found, folded
from syndicator.posts.gathering import members
from syndicator.posts.models import Action, Post, Verdict
from syndicator.wording import Wording, gettext_noop

#: Names that a refusal gives; whom else to ask the newsroom knows.
NAMED = 3

EDITED_IT = gettext_noop("You edited this text, so somebody else has to approve it: %(who)s.")
WROTE_IT = gettext_noop("You wrote this entry, so somebody else has to approve it: %(who)s.")
NOBODY_ELSE = Wording(gettext_noop("ask an administrator for another editor"))


def marked(posts: QuerySet[Post]) -> QuerySet[Post]:
    """*posts*, each knowing whether its route asks for four eyes: no query for each of them."""
    strict = Route.objects.filter(
        blog=OuterRef("entry__blog"), destination=OuterRef("destination"), four_eyes=True
    )
    return posts.annotate(wants_four_eyes=Exists(strict))


def objection(
    post: Post, user: User, deciders: Callable[[], Collection[User]] | None = None
) -> Wording | None:
    """Why *user* may not approve *post*, naming who may; None if they may.

    *deciders* tells all who decide about posts, if the caller knows; it is asked only if needed.
    """
    if not _wants_four_eyes(post):
        return None
    editors = {
        decision.user_id for decision in post.decisions.all() if decision.verdict == Verdict.EDIT
    }
    told = [post.entry, *(one.entry for one in members(post))]
    if user.pk in editors:
        sentence = EDITED_IT
    elif any(wrote(user, entry) for entry in told):
        sentence = WROTE_IT
    else:
        return None
    others = [
        str(other)
        for other in (deciders or all_deciders)()
        if other.pk not in editors and not any(wrote(other, entry) for entry in told)
    ]
    who = ", ".join(others[:NAMED]) + (" …" if len(others) > NAMED else "")
    return Wording(sentence, {"who": who or NOBODY_ELSE})


def all_deciders() -> list[User]:
    active = User.objects.filter(is_active=True, role__in=(Role.EDITOR, Role.ADMIN))
    return list(active.order_by("last_name", "first_name", "username"))


def wrote(user: User, entry: Entry) -> bool:
    """Whether the byline of *entry* names *user*: by full name, or by nothing but one name or the
    log-in, because a first name alone is many people's."""
    name = user.get_full_name()
    byline = folded(" ".join(entry.author.split()))
    if not byline:
        return False
    if len(name.split()) > 1 and first_found(name, [entry.author]):
        return True
    return byline in {folded(said) for said in (name, user.username)}


def _wants_four_eyes(post: Post) -> bool:
    if post.action == Action.DELETE:
        # It has no text, and what is wrong must come down also when one person is there alone.
        return False
    known: bool | None = getattr(post, "wants_four_eyes", None)
    if known is not None:
        return known
    routes = Route.objects.filter(blog=post.entry.blog_id, destination=post.destination_id)
    return routes.filter(four_eyes=True).exists()
