from django.urls import path

from syndicator.signup import pages

app_name = "signup"

urlpatterns = [
    path("subscribe/<slug:slug>/", pages.subscribe, name="subscribe"),
    path("subscribe/<slug:slug>/frame/", pages.frame, name="frame"),
    path("subscribe/<slug:slug>/asked/", pages.asked, name="asked"),
    path("subscribe/<slug:slug>/frame/asked/", pages.asked_in_frame, name="asked_in_frame"),
    path("confirm/<str:token>/", pages.confirm, name="confirm"),
    path("preferences/", pages.lost_link, name="lost_link"),
    path("preferences/asked/", pages.lost_link_asked, name="lost_link_asked"),
    path("preferences/<str:token>/", pages.preferences, name="preferences"),
    path("own-data/<str:token>/", pages.own_data, name="own_data"),
    path("own-data/<str:token>/file/", pages.own_data_file, name="own_data_file"),
    path("own-data/<str:token>/delete/", pages.erase, name="erase"),
]
