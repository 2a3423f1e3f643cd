"""A new source, or a new live blog, from an address that somebody pastes."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import BlogForm
from syndicator.desk.source_forms import NewFollowingForm, PasteForm
from syndicator.desk.source_previews import previews
from syndicator.desk.sources import reader_name, reader_reason
from syndicator.entries.models import LiveBlog, Source
from syndicator.following import switching
from syndicator.following.detecting import Candidate, Detection, detect, warnings
from syndicator.following.follow import context_for
from syndicator.following.models import Following
from syndicator.outbound.fetch import FetchRefused
from syndicator.sources.base import ReadingContext


@require_http_methods(["GET", "POST"])
@admins_only
def follow_source(request: DeskRequest, pk: int) -> HttpResponse:
    """GET: where to paste. POST: what stands there, and what its entries would become."""
    blog = get_object_or_404(LiveBlog, pk=pk)
    if request.method != "POST":
        return _paste(request, blog, PasteForm(initial={"url": request.GET.get("url", "")}))
    paste = PasteForm(request.POST)
    return _found(request, blog, paste, None)


@require_POST
@admins_only
def begin_following(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    with transaction.atomic():
        # Of two who follow the same address at the same moment one has to see the other.
        LiveBlog.objects.select_for_update(no_key=True).get(pk=pk)
        form = NewFollowingForm(request.POST, blog=blog)
        following = _begin(request, blog, form) if form.is_valid() else None
    if following is None:
        return _found(request, blog, PasteForm({"url": request.POST.get("typed", "")}), form)
    messages.success(request, _("%(name)s is followed.") % {"name": following.source.name})
    return redirect("desk:source", following.pk)


@require_POST
@admins_only
def new_blog_from_page(request: DeskRequest) -> HttpResponse:
    """The form of a new live blog, with what its page says about it."""
    paste = PasteForm(request.POST)
    if paste.is_valid():
        typed = paste.cleaned_data["url"]
        try:
            detection = detect(typed, ReadingContext())
        except FetchRefused as refused:
            paste.add_error("url", refused.reason.said(_))
        else:
            form = BlogForm(initial=_said_of_blog(detection))
            context = {"form": form, "paste_form": None, "follow": detection.url}
            return render(request, "desk/blog_new.html", context)
    empty = {"form": BlogForm(), "paste_form": paste, "follow": ""}
    return render(request, "desk/blog_new.html", empty)


def paste_address(blog: LiveBlog, url: str) -> str:
    """The page to follow what stands at *url*."""
    return f"{reverse('desk:follow_source', args=[blog.pk])}?{urlencode({'url': url})}"


def _begin(request: DeskRequest, blog: LiveBlog, form: NewFollowingForm) -> Following:
    said = form.cleaned_data
    following = switching.begin(blog, said["name"], said["url"], said["reader"])
    paces = {name: said[name] for name in ("shortest", "longest", "silence_minutes")}
    for name, value in paces.items():
        setattr(following, name, value)
    following.save(update_fields=list(paces))
    audit.record(
        request, "created", following, after={"url": following.url, "reader": following.reader}
    )
    return following


def _paste(request: DeskRequest, blog: LiveBlog, form: PasteForm) -> HttpResponse:
    return render(request, "desk/source_paste.html", {"blog": blog, "form": form})


def _found(
    request: DeskRequest, blog: LiveBlog, paste: PasteForm, form: NewFollowingForm | None
) -> HttpResponse:
    """What stands at the pasted address; *form* is one that was refused."""
    if not paste.is_valid():
        return _paste(request, blog, paste)
    typed = paste.cleaned_data["url"]
    context = context_for(blog)
    try:
        detection = detect(typed, context)
    except FetchRefused as refused:
        paste.add_error("url", refused.reason.said(_))
        return _paste(request, blog, paste)
    asked = (
        request.POST.get("chosen", ""),
        f"{form['reader'].value()} {form['url'].value()}" if form else "",
    )
    chosen = next(
        (one for one in detection.candidates if f"{one.reader} {one.url}" in asked),
        detection.candidates[0],
    )
    if form is None:
        form = NewFollowingForm(blog=blog, initial=_said_of_source(blog, chosen, typed))
    now = database_now()
    shown = {
        "blog": blog,
        "paste_form": paste,
        "detection": detection,
        "chosen": chosen,
        "warnings": warnings(chosen, context, now),
        "previews": previews(blog, chosen.document, now),
        "form": form,
        "typed": typed,
        "reader_name": reader_name,
        "reader_reason": reader_reason,
    }
    return render(request, "desk/source_found.html", shown)


def _said_of_source(blog: LiveBlog, chosen: Candidate, typed: str) -> dict[str, object]:
    host = (urlsplit(chosen.url).hostname or "").removeprefix("www.")
    taken = set(Source.objects.filter(blog=blog).values_list("name", flat=True))
    names = (host[:80], f"{host[:60]} {chosen.reader}", *(f"{host[:70]} {n}" for n in range(2, 99)))
    return {
        "name": next(name for name in names if name not in taken),
        "url": chosen.url,
        "reader": chosen.reader,
        "typed": typed,
        "shortest": max(15, min(3600, int(chosen.delay.total_seconds()))),
        "longest": max(300, min(3600, int(chosen.delay.total_seconds()))),
    }


def _said_of_blog(detection: Detection) -> dict[str, str]:
    document = detection.candidates[0].document
    said = {
        "title": document.title[:300],
        "slug": slugify(document.title)[:80].strip("-"),
        "canonical_url": document.canonical_url or detection.url,
        "language": document.language,
    }
    return {name: value for name, value in said.items() if value}
