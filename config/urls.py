"""All addresses: the desk at the root, the push API, and the newsletter's public pages."""

from django.urls import include, path

from syndicator.entries.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("newsletter/", include("syndicator.newsletter.urls")),
    path("", include("syndicator.desk.urls")),
]
