"""All addresses: the desk at the root, the push API, metrics, the newsletter's pages, share pages
and feeds."""

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, include, path

from syndicator.entries.api import api
from syndicator.metrics.page import metrics
from syndicator.signed_push.api import router

api.add_router("push", router)
_api_patterns, _api_app, _api_namespace = api.urls
for _pattern in _api_patterns:
    if isinstance(_pattern, URLPattern):
        # A source's token or signature lets it in, not a person's session.
        login_not_required(_pattern.callback)

urlpatterns = [
    path("api/v1/", (_api_patterns, _api_app, _api_namespace)),
    path("newsletter/", include("syndicator.newsletter.urls")),
    path("newsletter/", include("syndicator.signup.urls")),
    path("returns/", include("syndicator.returns.urls")),
    path("websub/", include("syndicator.following.urls")),
    path("digests/", include("syndicator.digests.urls")),
    path("metrics/", metrics),
    path("", include("syndicator.published.urls")),
    path("", include("syndicator.desk.urls")),
]
