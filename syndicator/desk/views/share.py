"""What the world can read of a live blog: share pages, share bars and feeds."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.share_forms import SharePagesForm
from syndicator.entries.models import LiveBlog
from syndicator.published.feed import feed_address
from syndicator.share.models import SharePages

FEEDS = {
    "Atom": "atom_feed",
    "JSON Feed": "json_feed",
    "schema.org": "live_blog_document",
}


@require_http_methods(["GET", "POST"])
@admins_only
def share(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    # Where all is switched off, a browser sends next to nothing.
    posted = request.POST if request.method == "POST" else None
    saved = SharePages.objects.filter(blog=blog).first()
    form = SharePagesForm(posted, instance=saved or SharePages(blog=blog))
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, "changed", form.instance):
            form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": blog})
        return redirect("desk:share", blog.pk)
    feeds = {name: feed_address(blog, view) for name, view in FEEDS.items()}
    linking = blog.routes.filter(share_page=True).select_related("destination")
    context = {
        "blog": blog,
        "form": form,
        "feeds": feeds if saved and saved.feeds_on else {},
        "is_on": bool(saved and saved.is_on),
        "linking": linking.order_by("destination__name"),
    }
    return render(request, "desk/share.html", context)
