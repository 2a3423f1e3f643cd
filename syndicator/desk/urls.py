"""The desk's addresses."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from syndicator.desk.views import (
    blogs,
    destinations,
    entries,
    health,
    log,
    people,
    posts,
    queue,
    session,
    subscribers,
)

app_name = "desk"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("queue/news/", queue.news, name="news"),
    path("posts/<int:pk>/", posts.card, name="post"),
    path("posts/<int:pk>/approve/", posts.approve, name="approve"),
    path("posts/<int:pk>/reject/", posts.reject, name="reject"),
    path("posts/<int:pk>/edit/", posts.edit, name="edit"),
    path("posts/<int:pk>/length/", posts.length, name="length"),
    path("posts/<int:pk>/retry/", posts.retry, name="retry"),
    path("posts/<int:pk>/dismiss/", posts.dismiss, name="dismiss"),
    path("posts/<int:pk>/is-out/", posts.confirm_sent, name="confirm_sent"),
    path("posts/<int:pk>/is-not-out/", posts.confirm_absent, name="confirm_absent"),
    path("posts/<int:pk>/mail/", posts.mail, name="mail"),
    path("entries/<int:pk>/", entries.entry, name="entry"),
    path("entries/<int:pk>/approve/", entries.approve_all, name="approve_all"),
    path("log/", log.log, name="log"),
    path("destinations/", destinations.destinations, name="destinations"),
    path("destinations/connect/<str:channel>/", destinations.connect, name="connect"),
    path("destinations/<int:pk>/", destinations.edit, name="destination"),
    path("destinations/<int:pk>/resume/", destinations.resume, name="resume"),
    path("destinations/<int:pk>/pause/", destinations.pause, name="pause"),
    path("settings/", blogs.blogs, name="blogs"),
    path("settings/blogs/new/", blogs.new_blog, name="new_blog"),
    path("settings/blogs/<int:pk>/", blogs.blog, name="blog"),
    path("settings/blogs/<int:pk>/routes/", blogs.routes, name="routes"),
    path("settings/blogs/<int:pk>/sources/", blogs.new_source, name="new_source"),
    path("settings/blogs/<int:pk>/subscribers/", subscribers.subscribers, name="subscribers"),
    path("settings/blogs/<int:pk>/subscribers/add/", subscribers.add, name="add_subscriber"),
    path("settings/blogs/<int:pk>/subscribers/paste/", subscribers.paste, name="add_subscribers"),
    path("settings/subscriptions/<int:pk>/remove/", subscribers.remove, name="remove_subscriber"),
    path("settings/sources/<int:pk>/token/", blogs.new_token, name="new_token"),
    path("settings/people/", people.people, name="people"),
    path("settings/people/new/", people.new_person, name="new_person"),
    path("settings/people/<int:pk>/", people.person, name="person"),
    path("settings/people/<int:pk>/password/", people.password, name="password"),
    path("log-in/", session.LoginView.as_view(), name="login"),
    path("log-out/", LogoutView.as_view(), name="logout"),
    path("language/", session.set_language, name="set_language"),
    path("health/", health.health, name="health"),
]
