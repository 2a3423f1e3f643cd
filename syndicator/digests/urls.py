from django.urls import path

from syndicator.digests import pages

app_name = "digests"

urlpatterns = [
    path("<slug:slug>/", pages.archive, name="archive"),
    path("<slug:slug>/<str:public_id>/", pages.page, name="page"),
    path("<slug:slug>/<str:public_id>/pictures/<slug:shown>", pages.picture, name="picture"),
]
