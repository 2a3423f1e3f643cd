"""What an editor does with one post. Each act answers with the post's card as it is now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.channels.base import Message
from syndicator.channels.registry import UnknownChannel
from syndicator.desk import mailings
from syndicator.desk.access import DeskRequest, deciders_only
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.texts import say
from syndicator.desk.times import moment_on_wall
from syndicator.newsletter.pictures import seen_in_browser
from syndicator.posts import correction, review
from syndicator.posts.models import WAITING, Post, PostState
from syndicator.posts.review import ReviewRefused
from syndicator.wording import Wording, gettext_noop

NO_PLUG_IN = Wording(
    gettext_noop("The plug-in for this platform is not installed. Ask an administrator.")
)
CHANGED_MEANWHILE = Wording(
    gettext_noop("The entry changed while you looked at it. This is the new text: decide anew.")
)
NO_TIME = Wording(gettext_noop("Enter a date and a time that there are on the clock."))
#: A mail has inline styles and pictures from elsewhere; it runs nothing and sends nothing.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'; sandbox"
)
#: A refused act is an answer that the page shows, with a status that says it was not done.
REFUSED = 409
#: Posts decided on at once; no page shows more.
MOST_AT_ONCE = 400


def from_htmx(request: DeskRequest) -> bool:
    """Whether a part of a page is wanted instead of a whole one."""
    return request.headers.get("HX-Request") == "true"


def back(request: DeskRequest) -> str:
    """The page that the form stood on: never another site."""
    asked = request.POST.get("back") or request.GET.get("back", "")
    if url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return asked
    return reverse("desk:queue")


@require_GET
def card(request: DeskRequest, pk: int) -> HttpResponse:
    """One card; 204 for a page that shows it as it is (*seen*) already."""
    shown = _card(request, pk)
    if request.GET.get("seen") == shown.seen:
        return HttpResponse(status=204)
    return _show(request, shown)


@require_POST
@deciders_only
def approve(request: DeskRequest, pk: int) -> HttpResponse:
    seen = request.POST.get("payload_hash", "")
    return _act(request, pk, lambda: review.approve(pk, request.user, seen))


@require_POST
@deciders_only
def approve_selected(request: DeskRequest) -> HttpResponse:
    """Approve every post that was ticked: each ``seen`` is ``<post>:<payload hash>``."""
    seen = seen_posts(request)
    refusals = {
        pk: attempt(partial(review.approve, pk, request.user, seen[pk]))
        for pk in Post.objects.filter(pk__in=seen).order_by("id").values_list("pk", flat=True)
    }
    posts = list(posts_with_history().filter(pk__in=refusals).order_by("id"))
    outlook = Outlook(request.user, posts)
    cards = [
        Card(post, refusals[post.pk], back(request), outlook=outlook, in_place=True)
        for post in posts
    ]
    if from_htmx(request):
        return render(request, "desk/selected_acted.html", {"cards": cards})
    for card in cards:
        announce(request, card)
    return redirect(back(request))


@require_POST
@deciders_only
def reject(request: DeskRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _act(request, pk, lambda: review.reject(pk, request.user, reason))


@require_POST
@deciders_only
def schedule(request: DeskRequest, pk: int) -> HttpResponse:
    """Approve for later, or for as long as it is news: *not_before* and *not_after* are dates and
    times by the live blog's clock, one of which may be empty."""
    post = get_object_or_404(Post.objects.select_related("entry__blog"), pk=pk)
    seen, zone = request.POST.get("payload_hash", ""), post.entry.blog.time_zone
    typed = [request.POST.get(name, "") for name in ("not_before", "not_after")]
    moments = [moment_on_wall(said, zone) if said else None for said in typed]
    if sum(map(bool, moments)) != sum(map(bool, typed)) or not any(typed):
        return _answer(request, _card(request, pk, NO_TIME))
    return _act(request, pk, lambda: review.schedule(pk, request.user, seen, *moments))


@require_POST
@deciders_only
def hold(request: DeskRequest, pk: int) -> HttpResponse:
    seen, reason = request.POST.get("payload_hash", ""), request.POST.get("reason", "")
    return _act(request, pk, lambda: review.hold(pk, request.user, seen, reason))


@require_POST
@deciders_only
def release(request: DeskRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda: review.release(pk, request.user))


@require_POST
@deciders_only
def undo(request: DeskRequest, pk: int) -> HttpResponse:
    """Take back the last approval or rejection."""
    return _act(request, pk, lambda: review.undo(pk, request.user))


@require_POST
@deciders_only
def take_out(request: DeskRequest, pk: int) -> HttpResponse:
    """Take an entry out of the post that it was gathered into."""
    return _act(request, pk, lambda: review.take_out(pk, request.user))


@require_POST
@deciders_only
def retry(request: DeskRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda: review.retry(pk, request.user))


@require_POST
@deciders_only
def carry_out(request: DeskRequest, pk: int) -> HttpResponse:
    """Have the platform's post edited or deleted, instead of doing it there by hand."""
    seen = request.POST.get("payload_hash", "")
    return _act(request, pk, lambda: review.carry_out(pk, request.user, seen))


@require_POST
@deciders_only
def repost(request: DeskRequest, pk: int) -> HttpResponse:
    """Have the platform's post deleted, and the corrected text posted anew."""
    seen = request.POST.get("payload_hash", "")
    return _act(request, pk, lambda: review.repost(pk, request.user, seen))


@require_POST
@deciders_only
def correct(request: DeskRequest, pk: int) -> HttpResponse:
    """Correct the platform's post by a reply to it, whose text is open for editing at once."""
    seen = request.POST.get("payload_hash", "")
    get_object_or_404(Post, pk=pk)
    made: list[Post] = []
    refusal = attempt(lambda: made.append(correction.correct(pk, request.user, seen)))
    if refusal is not None or not made:
        return _act_refused(request, pk, refusal)
    reply = made[0].pk
    if not from_htmx(request):
        return redirect(
            f"{reverse('desk:edit', args=[reply])}?{urlencode({'back': back(request)})}"
        )
    shown = _card(request, reply)
    return _edit_form(request, shown, shown.message.text)


@require_POST
@deciders_only
def choose_again(request: DeskRequest, pk: int) -> HttpResponse:
    """Give up a reply that is not out: the note it was made from comes in its place."""
    get_object_or_404(Post, pk=pk)
    made: list[Post] = []
    refusal = attempt(lambda: made.append(correction.choose_again(pk, request.user)))
    if refusal is not None or not made:
        return _act_refused(request, pk, refusal)
    return _answer(request, _card(request, made[0].pk))


@require_POST
@deciders_only
def dismiss(request: DeskRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda: review.dismiss(pk, request.user))


@require_POST
@deciders_only
def confirm_sent(request: DeskRequest, pk: int) -> HttpResponse:
    address = request.POST.get("url", "")
    return _act(request, pk, lambda: review.confirm_sent(pk, request.user, address))


@require_POST
@deciders_only
def confirm_absent(request: DeskRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda: review.confirm_absent(pk, request.user))


@require_http_methods(["GET", "POST"])
@deciders_only
def edit(request: DeskRequest, pk: int) -> HttpResponse:
    """GET: the card with its text open. POST: save; a refused text stays in the form."""
    if request.method == "GET":
        shown = _card(request, pk)
        if shown.can_edit:
            return _edit_form(request, shown, shown.message.text)
        return _show(request, shown)
    text = request.POST.get("text", "")
    refusal = attempt(
        lambda: review.edit(pk, request.user, request.POST.get("payload_hash", ""), text)
    )
    if refusal is None:
        return _answer(request, _card(request, pk))
    fresh = _card(request, pk, refusal)
    if fresh.can_edit:
        return _edit_form(request, fresh, text)
    return _answer(request, fresh)


@require_POST
@deciders_only
def length(request: DeskRequest, pk: int) -> HttpResponse:
    """What remains of the limit for the text being typed, and what is wrong with it."""
    draft = _card(request, pk).draft(request.POST.get("text", ""))
    return render(request, "desk/length.html", {"draft": draft})


@require_GET
@xframe_options_sameorigin
def mail(request: DeskRequest, pk: int) -> HttpResponse:
    """The HTML part of a mail, for a frame on the desk's own pages."""
    return as_mail(get_object_or_404(Post, pk=pk).message)


def as_mail(message: Message) -> HttpResponse:
    """*message* as its reader will see it, harmless wherever it is opened."""
    html = seen_in_browser(message)
    return HttpResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})


def seen_posts(request: DeskRequest) -> dict[int, str]:
    """What the form says was seen: the payload hash of each post by its number."""
    pairs = (value.partition(":") for value in request.POST.getlist("seen")[:MOST_AT_ONCE])
    return {int(pk): seen for pk, _, seen in pairs if pk.isdecimal() and len(pk) < 18 and seen}


def attempt(act: Callable[[], object]) -> Wording | None:
    """Why *act* was refused; None if it was done."""
    try:
        act()
    except ReviewRefused as refused:
        return refused.wording
    except UnknownChannel:
        return NO_PLUG_IN
    return None


def _card(request: DeskRequest, pk: int, refusal: Wording | None = None) -> Card:
    detailed = request.GET.get("detailed") == "yes"
    post = get_object_or_404(posts_with_history(), pk=pk)
    outlook = Outlook(request.user, [post])
    return Card(post, refusal, back(request), detailed=detailed, outlook=outlook)


def _act(request: DeskRequest, pk: int, act: Callable[[], object]) -> HttpResponse:
    get_object_or_404(Post, pk=pk)
    refusal = attempt(act)
    if refusal is not None:
        return _act_refused(request, pk, refusal)
    return _answer(request, _card(request, pk))


def _act_refused(request: DeskRequest, pk: int, refusal: Wording | None) -> HttpResponse:
    if newer := _in_its_place(pk):
        return _answer(request, _card(request, newer, CHANGED_MEANWHILE))
    return _answer(request, _card(request, pk, refusal))


def _in_its_place(pk: int) -> int | None:
    """The post that took the place of one whose entry changed while somebody looked at it."""
    old = Post.objects.get(pk=pk)
    if old.state != PostState.CANCELLED:
        return None
    newer = Post.objects.filter(
        entry=old.entry_id,
        destination=old.destination_id,
        action=old.action,
        revision__gt=old.revision,
    )
    return newer.filter(WAITING).order_by("-revision").values_list("pk", flat=True).first()


def _answer(request: DeskRequest, shown: Card) -> HttpResponse:
    """The card in its place; without JavaScript the page it stood on, with a line on top."""
    if from_htmx(request):
        status = REFUSED if shown.refusal else 200
        return render(request, "desk/acted.html", {"card": shown}, status=status)
    announce(request, shown)
    return redirect(f"{shown.back}#post-{shown.post.pk}")


def announce(request: DeskRequest, shown: Card) -> None:
    """Say on the next page what came of the act."""
    if shown.refusal:
        messages.error(request, f"{shown.post.destination}: {say(shown.refusal)}")
    else:
        messages.success(request, f"{shown.post.destination}: {shown.status}")


def _show(request: DeskRequest, shown: Card) -> HttpResponse:
    part = "desk/card.html" if from_htmx(request) else "desk/card_page.html"
    context = {"card": shown, "mailings": mailings.reports([shown.post]) if shown.detailed else {}}
    return render(request, part, context)


def _edit_form(request: DeskRequest, shown: Card, text: str) -> HttpResponse:
    swapped_in = from_htmx(request)
    part = "desk/card_edit.html" if swapped_in else "desk/card_page.html"
    context = {
        "card": shown,
        "text": text,
        "draft": shown.draft(text),
        "autofocus": not swapped_in,
    }
    return render(request, part, context, status=REFUSED if shown.refusal else 200)
