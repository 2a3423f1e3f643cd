from django.urls import path

from syndicator.published import feeds, pages

app_name = "published"

urlpatterns = [
    path("e/<str:key>/", pages.share_page, name="share_page"),
    path("e/<str:key>/bar/", pages.share_bar, name="share_bar"),
    path("e/<str:key>/picture/<str:digest>/", pages.share_picture, name="share_picture"),
    path("feeds/<slug:slug>/atom.xml", feeds.atom_feed, name="atom_feed"),
    path("feeds/<slug:slug>/feed.json", feeds.json_feed_view, name="json_feed"),
    path("feeds/<slug:slug>/live-blog.jsonld", feeds.live_blog_document, name="live_blog_document"),
]
